package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"voc/internal/airtable/airtablesim"
)

// binary is the built server, which all tests here run as a person would.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "voc-server-test-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "server")
	build := exec.Command("go", "build", "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v: %s", err, out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// process is a running server or emulator.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	output *output
	done   chan struct{}
}

// output collects what a process prints, for reading while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// environment is what a process of the tests gets: nothing of this one's but where temporary files go.
func environment(t *testing.T, variables ...string) []string {
	return append([]string{"TMPDIR=" + t.TempDir(), "ADDR=127.0.0.1:0"}, variables...)
}

func launch(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary, args...), output: &output{}, done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, env, p.output, p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %v printed:\n%s", filepath.Base(binary), args, p.output)
		}
	})
	return p
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// terminate asks the process to end, and gives its exit code.
func (p *process) terminate() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.t.Fatal("the process goes on after SIGTERM")
	}
	return p.cmd.ProcessState.ExitCode()
}

// printed waits until the process has printed something of a form, and gives its first group.
func (p *process) printed(form string) string {
	p.t.Helper()
	pattern := regexp.MustCompile(form)
	var found string
	p.eventually("prints "+form, func() bool {
		if match := pattern.FindStringSubmatch(p.output.String()); match != nil {
			found = match[len(match)-1]
			return true
		}
		return false
	})
	return found
}

// eventually waits for what another process is about to do; there is no other way than to look again.
func (p *process) eventually(what string, happened func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("not in 30 s: %s", what)
		}
	}
}

// run runs a command to its end.
func run(t *testing.T, dir string, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &out, &errs
	_ = cmd.Run() // the exit code tells
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// base is an emulator that outlives the servers which read it. It allows more calls than Airtable, since one process after another asks it.
type base struct {
	t      *testing.T
	server *httptest.Server
	id     string
}

func emulate(t *testing.T) base {
	t.Helper()
	data := airtablesim.Sample(time.Now())
	server := httptest.NewServer(airtablesim.New(data, airtablesim.Config{Rate: -1}))
	t.Cleanup(server.Close)
	return base{t, server, data.ID()}
}

// variables point a server to the base.
func (b base) variables() []string {
	return []string{"AIRTABLE_API_URL=" + b.server.URL, "AIRTABLE_BASE_ID=" + b.id, "AIRTABLE_API_KEY=" + airtablesim.DemoToken, "ADMIN_TOKENS=try"}
}

// call is one of Airtable's own calls on the table's records.
func (b base) call(method, path, body string) string {
	b.t.Helper()
	return send(b.t, method, b.server.URL+"/v0/"+b.id+"/Lead%20Bugs"+path, airtablesim.DemoToken, body)
}

// serve starts a server over the base, and gives its URL.
func serve(t *testing.T, dir string, env []string) (*process, string) {
	t.Helper()
	p := launch(t, dir, env)
	return p, p.printed(`voc listens on (\S+)`)
}

func send(t *testing.T, method, url, token, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", method, url, answer.Status, text, err)
	}
	return string(text)
}

func get(t *testing.T, url string) string { t.Helper(); return send(t, http.MethodGet, url, "", "") }

func parse[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

type item struct{ ID, Description string }

// list gives the served feedback by id.
func list(t *testing.T, url string) map[string]item {
	t.Helper()
	all := map[string]item{}
	for _, one := range parse[[]item](t, get(t, url+"/api/feedback/")) {
		all[one.ID] = one
	}
	return all
}

type receipt struct {
	ID, Mode, Trigger, Outcome, Error string
	Added, Changed, Removed           int
}

// refresh has a server refresh, and gives the receipt once it is finished.
func refresh(p *process, url, mode string) receipt {
	p.t.Helper()
	promised := parse[map[string]any](p.t, send(p.t, http.MethodPost, url+"/api/cache/update-"+mode, "try", ""))
	var r receipt
	p.eventually("finishes the refresh", func() bool {
		r = parse[receipt](p.t, get(p.t, fmt.Sprint(url, "/api/cache/runs/", promised["run_id"])))
		return r.Outcome != "" && r.Outcome != "pending"
	})
	return r
}
