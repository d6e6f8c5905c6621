package main_test

import (
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"voc/internal/config"
	"voc/internal/serverhost/servertest"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// commands returns the lines of the README's shell blocks.
func commands(t *testing.T) (lines []string) {
	t.Helper()
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(readme(t),
		-1) {
		lines = append(lines, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	return lines
}

// TestReadmeVariables: the table is the output of `voc help environment --markdown`.
func TestReadmeVariables(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	if err := config.WriteMarkdown(&table); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(readme(t), "\n"+table.String()) {
		t.Errorf("the README's table of variables should be\n%s", table.String())
	}
}

func TestReadmeCurlCommands(t *testing.T) {
	t.Parallel()
	p, url := serve(t, t.TempDir(), environment(t, "ADMIN_TOKENS=try"))
	p.Printed(`(voc serves)`)
	ran := 0
	for _, line := range commands(t) {
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		ran++
		line = strings.ReplaceAll(line, "http://localhost:8080", url)
		out, err := exec.CommandContext(t.Context(), "sh", "-c",
			strings.Replace(line, "curl ", "curl --fail ", 1)).CombinedOutput()
		if err != nil || len(out) == 0 || strings.TrimSpace(string(out)) == "[]" {
			t.Errorf("%s: %v %s", line, err, out)
		}
	}
	if ran < 4 {
		t.Errorf("only %d curl commands were found in the README", ran)
	}
}

// TestReadmeAnswers runs the commands of "Use it" over the sample of `make run`, and compares the
// output.
func TestReadmeAnswers(t *testing.T) {
	t.Parallel()
	p, url := serve(t, t.TempDir(), environment(t))
	p.Printed(`(voc serves)`)
	question := regexp.MustCompile("(?s)```sh\n(curl [^\n]*)\n```\n\n```[a-z]*\n(.*?)\n```")
	questions := question.FindAllStringSubmatch(readme(t), -1)
	for _, q := range questions {
		command := strings.ReplaceAll(q[1], "http://localhost:8080", url)
		out, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output()
		if got := strings.TrimSpace(strings.ReplaceAll(string(out), "\r", "")); err != nil ||
			got != q[2] {
			t.Errorf("%s: %v\n%s\nthe README has\n%s", q[1], err, got, q[2])
		}
	}
	if len(questions) < 5 {
		t.Errorf("the README has %d commands with their output", len(questions))
	}
}

func TestReadmeServerCommands(t *testing.T) {
	t.Parallel()
	airtable, dir := servertest.NewBase(t, nil), t.TempDir()
	env := environment(t, airtable.Variables()...)
	ran := 0
	pattern := regexp.MustCompile("`?bin/voc ([a-z ]+)")
	for _, command := range pattern.FindAllStringSubmatch(readme(t), -1) {
		args := strings.Fields(command[1])
		if args[0] == "emulator" {
			continue // TestEmulatorAlone
		}
		ran++
		airtable.Call(http.MethodPost, "", `{"fields":{"Notes":"something to publish"}}`)
		if code, _, stderr := run(t, dir, env, args...); code != 0 {
			t.Errorf("voc %v: exit code %d %s", args, code, stderr)
		}
	}
	if ran < 4 {
		t.Errorf("only %d commands of the server were found in the README", ran)
	}
}

func TestReadmeMakeTargets(t *testing.T) {
	t.Parallel()
	target := regexp.MustCompile("(?m)(?:^|`|try )make ([a-z]+)$")
	for _, command := range target.FindAllStringSubmatch(readme(t), -1) {
		out, err := exec.CommandContext(t.Context(), "make", "-n", "-C", "../..",
			command[1]).CombinedOutput()
		if err != nil {
			t.Errorf("make %s: %v %s", command[1], err, out)
		}
	}
}
