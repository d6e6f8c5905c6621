package main_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"voc/internal/buildtest"
	"voc/internal/serverhost/servertest"
)

// server is the built server. The tests here are about what only a process has: kills, signals,
// defaults. Those of internal/serverhost start the program in process.
var server = buildtest.Command{Package: "."}

func TestMain(m *testing.M) {
	defer server.Remove()
	m.Run()
}

// environment returns the environment of a process. Its store is in its working directory.
func environment(t *testing.T, variables ...string) []string {
	return servertest.Environment(t, variables...)
}

// run runs a command until it ends.
func run(t testing.TB, dir string, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.Command(server.Path(t), args...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &out, &errs
	_ = cmd.Run() // the exit code says the same
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// serve starts a server in a directory and returns its URL.
func serve(t *testing.T, dir string, env []string) (*servertest.Server, string) {
	t.Helper()
	p := servertest.Exec(t, server.Path(t), dir, env)
	return p, p.URL()
}

func TestServeSampleWithoutSettings(t *testing.T) {
	t.Parallel()
	p, url := serve(t, t.TempDir(), environment(t))
	for _, form := range []string{
		`URL +http://127\.0\.0\.1:\d+`, `base +app\w{14}`, `table +Lead Bugs`, `token +\S+`,
		`voc serves 580 records of table "Lead Bugs"`, `curl -s --compressed ` + url,
	} {
		p.Printed("(" + form + ")")
	}
	if n := len(servertest.List(t, url)); n != 580 {
		t.Errorf("%d records are served, want 580", n)
	}
	if code := p.Terminate(); code != 0 {
		t.Errorf("after SIGTERM the exit code is %d", code)
	}
}

// TestExitCodes: the process has the exit codes of Program.Run, which internal/serverhost tests.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for want, args := range map[int][]string{0: {"--help"}, 1: {"status"}, 2: {"sing"}} {
		env := environment(t, "AIRTABLE_BASE_ID=appABCDEFGHIJKLMN", "AIRTABLE_API_KEY=patX",
			"SNAPSHOT_STORE=file:///dev/null/store")
		if code, _, stderr := run(t, t.TempDir(), env, args...); code != want {
			t.Errorf("voc %s: exit code %d, want %d; %s", strings.Join(args, " "), code, want, stderr)
		}
	}
}
