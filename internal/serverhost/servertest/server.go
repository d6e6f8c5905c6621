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

// patience is how long a test waits for what a server is about to do before it fails. It is for
// machines that are busy: on an idle one all of it happens within two seconds.
const patience = time.Minute

// Environment is what a program of the tests gets: its own folder for temporary files, a free
// port, and more. A program in process needs a store as well, of [Base.Variables]: the default
// lies in its working directory, which is the package's own folder.
func Environment(t testing.TB, more ...string) []string {
	return append([]string{"TMPDIR=" + t.TempDir(), "ADDR=127.0.0.1:0"}, more...)
}

// Run runs a command in this process to its end. No command that serves ends by itself.
func Run(t testing.TB, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := serverhost.Program{Args: args, Environ: environ, Stdout: &out, Stderr: &errs}
	code = p.Run(t.Context())
	return code, out.String(), errs.String()
}

// Server is a server, or an emulator, that a test has started.
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

// StartProgram starts p in this process, and collects what it prints. It ends with the test.
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
	s.kill = func() { _ = cmd.Process.Kill() } // it may have ended
	s.terminate = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	go func() {
		defer close(s.done)
		_ = cmd.Wait() // the exit code tells
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

// Kill ends a process as a power cut would, and waits until it is gone. A program of this process
// can only be asked to end.
func (s *Server) Kill() {
	s.kill()
	<-s.done
}

// Terminate asks the server to end, and returns its exit code.
func (s *Server) Terminate() int {
	s.t.Helper()
	if err := s.terminate(); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.done:
	case <-time.After(patience):
		s.t.Fatal("the server goes on after it was asked to end")
	}
	return s.code
}

// PID is the id of a binary's process; 0 for a program in this process.
func (s *Server) PID() int { return s.pid }

// URL waits until the server listens, and returns its URL.
func (s *Server) URL() string {
	s.t.Helper()
	return s.Printed(`voc listens on (\S+)`)
}

// Printed waits until the server has printed text that a pattern matches, and returns the last
// group of the match.
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

// Eventually waits until happened reports true; there is no other way than to look again. It
// fails the test if the server ends before that.
func (s *Server) Eventually(what string, happened func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !happened(); time.Sleep(10 * time.Millisecond) {
		select {
		case <-s.done:
			if happened() {
				return
			}
			s.t.Fatalf("the server ended with exit code %d before this: %s", s.code, what)
		default:
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("not in %s: %s", patience, what)
		}
	}
}

// output collects what a server prints, for reading while it runs.
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
