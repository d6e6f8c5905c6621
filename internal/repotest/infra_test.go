package repotest_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestLocalRunsSetDeclaredVariables holds that the template declares all variables of
// infra/env.json, since `sam local` silently drops others.
func TestLocalRunsSetDeclaredVariables(t *testing.T) {
	var local struct{ Parameters map[string]string }
	if err := json.Unmarshal(read(t, "infra/env.json"), &local); err != nil ||
		len(local.Parameters) == 0 {
		t.Fatalf("infra/env.json: %v", err)
	}
	of := readTemplate(t)
	declared := maps.Clone(of.Globals.Function.Environment.Variables)
	for _, f := range functions(t, of) {
		maps.Copy(declared, f.Environment.Variables)
	}
	for name := range local.Parameters {
		if _, ok := declared[name]; !ok {
			t.Errorf("infra/env.json sets %s, which no function declares", name)
		}
	}
}

func TestDeployPageNamesExist(t *testing.T) {
	page := read(t, "infra/DEPLOY.md")
	of := readTemplate(t)
	known := slices.Collect(maps.Keys(of.Parameters))
	known = slices.AppendSeq(known, maps.Keys(of.Resources))
	known = slices.AppendSeq(known, maps.Keys(of.Outputs))
	names := regexp.MustCompile("[`' ]([A-Z][a-z]+[A-Z][A-Za-z]+)(?:=|`)")
	for _, word := range names.FindAllSubmatch(page, -1) {
		if name := string(word[1]); !slices.Contains(known, name) && name != "InvocationType" {
			t.Errorf("%s is neither a parameter nor a resource nor an output of the template", name)
		}
	}
	targets := map[string]bool{}
	for _, command := range regexp.MustCompile("(?m)(?:^|`)make ([a-z-]+)").FindAllSubmatch(page, -1) {
		targets[string(command[1])] = true
	}
	if len(targets) < 6 {
		t.Errorf("only %v were found on the page", targets)
	}
	for target := range targets {
		dryRun := exec.CommandContext(t.Context(), "make", "-n", "-C", root, target)
		if out, err := dryRun.CombinedOutput(); err != nil {
			t.Errorf("make %s: %v %s", target, err, out)
		}
	}
	events, err := filepath.Glob(filepath.Join(root, "infra/events/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range events {
		command := "EVENT=" + strings.TrimSuffix(filepath.Base(event), ".json")
		if !regexp.MustCompile(regexp.QuoteMeta(command) + `(?m:\s|$)`).Match(page) {
			t.Errorf("the page has no command for %s", event)
		}
	}
	for _, file := range regexp.MustCompile(`infra/[a-zA-Z.]+[a-zA-Z]`).FindAll(page, -1) {
		if _, err := os.Stat(filepath.Join(root, string(file))); err != nil {
			t.Error(err)
		}
	}
}

// TestServiceShowsBoot: the unit lets a refresh read the id of the boot, without which it cannot
// tell at once that the process of the previous one has ended.
func TestServiceShowsBoot(t *testing.T) {
	if regexp.MustCompile(`(?m)^ProcSubset=pid`).Match(read(t, "infra/voc.service")) {
		t.Error("ProcSubset=pid hides /proc/sys/kernel/random/boot_id")
	}
}
