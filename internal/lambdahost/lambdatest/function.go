package lambdatest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"voc/internal/buildtest"
)

// Command is the function in a folder below functions/, built as the template does but for the flags that would have all of Go compiled again.
func Command(folder string) *buildtest.Command {
	return &buildtest.Command{Package: folder, Tags: "lambda.norpc"}
}

// Function is a function that waits for events. One event is under way at a time.
type Function struct {
	t         testing.TB
	bootstrap string
	environ   []string
	api       *runtime
	printed   string // path of what it prints

	invoking sync.Mutex
	cmd      *exec.Cmd
	exited   chan struct{}
	starts   int
}

// New makes a function of a bootstrap file; its process starts with the first event. It has nothing of this process's environment but what is given.
func New(t testing.TB, bootstrap string, environ ...string) *Function {
	t.Helper()
	f := &Function{t: t, bootstrap: bootstrap, api: newRuntime(t), printed: filepath.Join(t.TempDir(), "printed")}
	f.environ = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + f.api.address(), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1024", "AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true", "TZ=:UTC", "TMPDIR=" + t.TempDir(),
	}, environ...)
	t.Cleanup(func() {
		f.Kill()
		if t.Failed() {
			t.Logf("the function printed:\n%s", f.Log())
		}
	})
	return f
}

// Result is how an event ended.
type Result struct {
	Payload []byte // what the function answered
	Error   *Error // what went wrong, as Lambda would tell it; nil if nothing
}

// Error is a failed event.
type Error struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

// Invoke has the function handle an event, for so long at most.
func (f *Function) Invoke(event []byte, timeout time.Duration) Result {
	f.t.Helper()
	f.invoking.Lock()
	defer f.invoking.Unlock()
	f.wake()
	asked := f.api.give(event, time.Now().Add(timeout))
	select {
	case result := <-asked:
		f.rest(result)
		return result
	case <-time.After(timeout):
		f.end()
		return failed("Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", timeout.Seconds()))
	case <-f.exited:
		f.api.withdraw()
		return failed("Runtime.ExitError", "the process ended: "+f.cmd.ProcessState.String())
	}
}

func failed(kind, message string) Result { return Result{Error: &Error{kind, message}} }

// wake starts the process, or lets it go on.
func (f *Function) wake() {
	f.t.Helper()
	if f.running() {
		_ = f.cmd.Process.Signal(syscall.SIGCONT)
		return
	}
	f.api.drop()
	printed, err := os.OpenFile(f.printed, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer printed.Close() // the process has its own
	f.cmd = exec.Command(f.bootstrap)
	f.cmd.Env, f.cmd.Stdout, f.cmd.Stderr = f.environ, printed, printed
	if err := f.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.starts++
	cmd, exited := f.cmd, make(chan struct{})
	f.exited = exited
	go func() { _ = cmd.Wait(); close(exited) }()
}

// rest stops the process once it has asked for its next event, or has ended.
func (f *Function) rest(result Result) {
	f.t.Helper()
	select {
	case <-f.api.waiting:
		_ = f.cmd.Process.Signal(syscall.SIGSTOP)
	case <-f.exited:
	case <-time.After(10 * time.Second):
		f.t.Errorf("after %s the function asks for no other event", result.Payload)
	}
}

func (f *Function) running() bool {
	if f.cmd == nil {
		return false
	}
	select {
	case <-f.exited:
		return false
	default:
		return true
	}
}

// Kill ends the process as a fault of its host would, in the middle of whatever it does. The next event starts another one.
func (f *Function) Kill() {
	if f.cmd != nil {
		_ = f.cmd.Process.Kill() // it may have ended
		<-f.exited
	}
}

// end kills the process and forgets its event.
func (f *Function) end() {
	f.Kill()
	f.api.withdraw()
}

// Starts is how often a process was started.
func (f *Function) Starts() int { return f.starts }

// Resident is how many bytes of memory the process holds now (Linux).
func (f *Function) Resident() int64 {
	f.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", f.cmd.Process.Pid))
	var size, resident int64
	if err == nil {
		_, err = fmt.Fscan(bytes.NewReader(text), &size, &resident)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}

// Log is all that the function has printed. It goes into a file, where it is before the function answers: a pipe would still have to be read.
func (f *Function) Log() string {
	text, err := os.ReadFile(f.printed)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f.t.Error(err)
	}
	return string(text)
}
