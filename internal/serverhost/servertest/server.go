package servertest

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"voc/internal/serverhost"
)

// timeout bounds each wait for a server. It is for busy machines: on an idle one every wait ends
// within two seconds.
const timeout = time.Minute

// Environment returns the environment of a program: its own folder for temporary files, a free
// port, and more. A program in process also needs a store ([Base.Variables]): the default lies in
// the working directory, which is the package's folder.
func Environment(t testing.TB, more ...string) []string {
	return append([]string{"TMPDIR=" + t.TempDir(), "ADDR=127.0.0.1:0"}, more...)
}

// Run runs a command in this process until it ends. A command that serves does not end.
func Run(t testing.TB, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := serverhost.Program{Args: args, Environ: environ, Stdout: &out, Stderr: &errs}
	code = p.Run(t.Context())
	return code, out.String(), errs.String()
}

// Server is a server or an emulator that a test has started.
type Server struct {
	t         testing.TB
	output    *output
	done      chan struct{} // closed when it has ended
	code      int           // valid then
	pid       int           // of a binary
	terminate func() error
	kill      func()
}

// Start starts a command in this process. It ends with the test.
func Start(t testing.TB, environ []string, args ...string) *Server {
	t.Helper()
	return StartProgram(t, serverhost.Program{Args: args, Environ: environ})
}

// StartProgram starts p in this process and collects its output. It ends with the test.
func StartProgram(t testing.TB, p serverhost.Program) *Server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{t: t, output: &output{}, done: make(chan struct{}), kill: cancel}
	s.terminate = func() error { cancel(); return nil }
	p.Stdout, p.Stderr = s.output, s.output
	go func() {
		defer close(s.done)
		s.code = p.Run(ctx)
	}()
	s.endWithTest(p.Args)
	return s
}

// Exec starts a binary in a directory. It ends with the test.
func Exec(t testing.TB, binary, dir string, environ []string, args ...string) *Server {
	t.Helper()
	cmd := exec.Command(binary, args...)
	s := &Server{t: t, output: &output{}, done: make(chan struct{})}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, environ, s.output, s.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.pid = cmd.Process.Pid
	s.kill = func() { _ = cmd.Process.Kill() } // it may already have ended
	s.terminate = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	go func() {
		defer close(s.done)
		_ = cmd.Wait() // the exit code says the same
		s.code = cmd.ProcessState.ExitCode()
	}()
	s.endWithTest(args)
	return s
}

func (s *Server) endWithTest(args []string) {
	s.t.Cleanup(func() {
		s.Kill()
		if s.t.Failed() {
			s.t.Logf("server %v printed:\n%s", args, s.output)
		}
	})
}

// Kill kills a process, as a power cut would, and waits until it has ended. A program in this
// process is stopped as by Terminate.
func (s *Server) Kill() {
	s.kill()
	<-s.done
}

// Terminate stops the server as SIGTERM does, and returns its exit code.
func (s *Server) Terminate() int {
	s.t.Helper()
	if err := s.terminate(); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.done:
	case <-time.After(timeout):
		s.t.Fatal("the server still runs after a request to stop")
	}
	return s.code
}

// PID returns the id of a binary's process; 0 for a program in this process.
func (s *Server) PID() int { return s.pid }

// Output returns what the server has printed so far.
func (s *Server) Output() string { return s.output.String() }

// URL waits until the server listens, and returns its URL.
func (s *Server) URL() string {
	s.t.Helper()
	return s.Printed(`voc listens on (\S+)`)
}

// Printed waits until the output matches pattern, and returns the last group of the match.
func (s *Server) Printed(pattern string) string {
	s.t.Helper()
	matcher := regexp.MustCompile(pattern)
	var found string
	s.Eventually("prints "+pattern, func() bool {
		match := matcher.FindStringSubmatch(s.output.String())
		if match != nil {
			found = match[len(match)-1]
		}
		return match != nil
	})
	return found
}

// Eventually polls until happened returns true. It fails the test if the server ends first.
func (s *Server) Eventually(what string, happened func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(timeout); !happened(); time.Sleep(10 * time.Millisecond) {
		select {
		case <-s.done:
			if happened() {
				return
			}
			s.t.Fatalf("the server ended with exit code %d before it %s", s.code, what)
		default:
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the server does not, within %s: %s", timeout, what)
		}
	}
}

// output collects a server's output, and may be read while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

var _ io.Writer = (*output)(nil)

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
