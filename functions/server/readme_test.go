package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"voc/internal/serverhost/servertest"
)

const top = "../.."

// page returns the text of a page, by its path from the top level.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages returns the text of the README and of every page under infra.
func pages(t *testing.T) string {
	t.Helper()
	all := page(t, "README.md")
	names, err := filepath.Glob(filepath.Join(top, "infra", "*.md"))
	if err != nil || len(names) < 6 {
		t.Fatalf("%d pages under infra: %v", len(names), err)
	}
	for _, name := range names {
		all += page(t, "infra/"+filepath.Base(name))
	}
	return all
}

// block is a fenced block of a page.
type block struct{ language, text string }

func blocks(page string) (all []block) {
	fence := regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)\n?^```$")
	for _, b := range fence.FindAllStringSubmatch(page, -1) {
		all = append(all, block{b[1], b[2]})
	}
	return all
}

// shell runs a command line of a page against a server, whose emulator is at sim if the line needs
// one.
func shell(t *testing.T, line, url, sim string) (string, error) {
	t.Helper()
	line = strings.ReplaceAll(line, "http://localhost:8080", url)
	line = "url=" + url + "/api token=try sim=" + sim + "; " + line // what the pages set
	out, err := exec.CommandContext(t.Context(), "sh", "-c", line).Output()
	return strings.TrimSpace(strings.ReplaceAll(string(out), "\r", "")), err
}

// TestREADMERun compares what make run prints with the README, where … stands for any text of a
// line, or alone for any lines. Of the log it needs no particular line.
func TestREADMERun(t *testing.T) {
	t.Parallel()
	p, url := serve(t, t.TempDir(), environment(t, "ADMIN_TOKENS=try"))
	all := blocks(page(t, "README.md"))
	i := slices.IndexFunc(all, func(b block) bool { return strings.HasPrefix(b.text, "Compiling") })
	if i < 0 {
		t.Fatal("the README does not show what make run prints")
	}
	first, rest, _ := strings.Cut(all[i].text, "\n")
	if !strings.Contains(page(t, "Makefile"), "@echo '"+first+"'\n") {
		t.Errorf("make run does not print %q", first)
	}
	want := regexp.QuoteMeta(strings.ReplaceAll(rest, "http://127.0.0.1:8080", url))
	want = regexp.MustCompile(`(?m)^…\n`).ReplaceAllLiteralString(want+"\n", `(?:[^\n]*\n)*?`)
	want = strings.ReplaceAll(want, "…", `[^\n]*?`)
	const logLines = `(?:(?:time=|\{"time)[^\n]*\n)*`
	want = strings.ReplaceAll(want, "\n", `\n`+logLines)
	p.Printed(`(voc serves)`)
	p.Printed(`(?s)^` + logLines + `(` + want + `)`)
}

func TestPagesCurlCommands(t *testing.T) {
	t.Parallel()
	p, url := serve(t, t.TempDir(), environment(t, "ADMIN_TOKENS=try"))
	p.Printed(`(voc serves)`)
	sim := p.Printed(`URL +(\S+)`)
	ran := 0
	for _, b := range blocks(pages(t)) {
		for line := range strings.Lines(b.text) {
			line = strings.TrimSpace(line)
			if b.language != "sh" || !strings.HasPrefix(line, "curl ") {
				continue
			}
			ran++
			if strings.Contains(line, "$sim/control/") { // a state begins when the last one is over
				servertest.Send(t, servertest.Request{Method: "POST", URL: sim + "/control/undo"})
			}
			out, err := shell(t, strings.Replace(line, "curl ", "curl --fail ", 1), url, sim)
			if err != nil || out == "" || out == "[]" {
				t.Errorf("%s: %v %s", line, err, out)
			}
		}
	}
	if ran < 8 {
		t.Errorf("only %d curl commands were found in the pages", ran)
	}
}

// TestREADMEAnswers runs the questions of the README over the sample of make run.
func TestREADMEAnswers(t *testing.T) {
	t.Parallel()
	p, url := serve(t, t.TempDir(), environment(t))
	p.Printed(`(voc serves)`)
	questions := 0
	_, text, _ := strings.Cut(page(t, "README.md"), "## Ask it")
	all := blocks(text)
	for i, b := range all[:len(all)-1] {
		if !strings.HasPrefix(b.text, "curl ") {
			continue
		}
		questions++
		if got, err := shell(t, b.text, url, ""); err != nil || got != all[i+1].text {
			t.Errorf("%s: %v\n%s\nthe README has\n%s", b.text, err, got, all[i+1].text)
		}
	}
	if questions < 5 {
		t.Errorf("the README has %d questions with their answers", questions)
	}
}

// TestPagesCommands runs each command of the server that a page names.
func TestPagesCommands(t *testing.T) {
	t.Parallel()
	airtable, dir := servertest.NewBase(t, nil), t.TempDir()
	env := environment(t, airtable.Variables()...)
	if code, _, stderr := run(t, dir, env, "refresh", "full"); code != 0 { // there is data to ask for
		t.Fatal(stderr)
	}
	ran := map[string]bool{}
	named := regexp.MustCompile("`?bin/voc ([a-z ]*[a-z])(?:`|\n)")
	for _, command := range named.FindAllStringSubmatch(pages(t), -1) {
		args := strings.Fields(command[1])
		if ran[command[1]] || args[0] == "emulator" || args[0] == "health" {
			continue // TestEmulatorAlone, TestHealth
		}
		ran[command[1]] = true
		// Another record gives a refresh something to publish, and a rollback something to undo.
		airtable.Create(`{"Notes":"one more record"}`)
		if code, _, stderr := run(t, dir, env, args...); code != 0 {
			t.Errorf("voc %v: exit code %d %s", args, code, stderr)
		}
	}
	if len(ran) < 6 {
		t.Errorf("only %d commands of the server were found in the pages", len(ran))
	}
}
