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

// Command returns the function in a folder below functions/. It is built as for the template, but
// without the flags that would need the standard library compiled again.
func Command(folder string) *buildtest.Command {
	return &buildtest.Command{Package: folder, Tags: "lambda.norpc"}
}

// Function is a deployed function. It handles one event at a time.
type Function struct {
	t         testing.TB
	bootstrap string
	environ   []string
	api       *runtime
	output    string // path of the process's output

	invoking sync.Mutex // held while it handles an event
	cmd      *exec.Cmd
	exited   chan struct{}
	starts   int
}

// New returns the function of a bootstrap file. Its process starts with the first event, and has
// the environment environ, without the test's own.
func New(t testing.TB, bootstrap string, environ ...string) *Function {
	t.Helper()
	f := &Function{
		t: t, bootstrap: bootstrap, api: newRuntime(t), output: filepath.Join(t.TempDir(), "output"),
	}
	f.environ = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + f.api.address(), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1024",
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=key",
		"AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true", "TZ=:UTC",
		"TMPDIR=" + t.TempDir(),
	}, environ...)
	t.Cleanup(func() {
		f.Kill()
		if t.Failed() {
			t.Logf("the function printed:\n%s", f.Log())
		}
	})
	return f
}

// Invoke lets the function handle an event. It kills the process after timeout.
func (f *Function) Invoke(event []byte, timeout time.Duration) Result {
	f.t.Helper()
	f.invoking.Lock()
	defer f.invoking.Unlock()
	f.resume()
	done := f.api.offer(event, time.Now().Add(timeout))
	select {
	case result := <-done:
		f.suspend(result)
		return result
	case <-time.After(timeout):
		f.Kill()
		f.api.withdraw()
		return failed("Sandbox.Timedout",
			fmt.Sprintf("Task timed out after %.2f seconds", timeout.Seconds()))
	case <-f.exited:
		f.api.withdraw()
		return failed("Runtime.ExitError", "the process ended: "+f.cmd.ProcessState.String())
	}
}

// resume starts the process, or continues it.
func (f *Function) resume() {
	f.t.Helper()
	if f.running() {
		_ = f.cmd.Process.Signal(syscall.SIGCONT)
		return
	}
	f.api.reset()
	output, err := os.OpenFile(f.output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer output.Close() // the process has its own descriptor
	f.cmd = exec.Command(f.bootstrap)
	f.cmd.Env, f.cmd.Stdout, f.cmd.Stderr = f.environ, output, output
	if err := f.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.starts++
	cmd, exited := f.cmd, make(chan struct{})
	f.exited = exited
	go func() { _ = cmd.Wait(); close(exited) }()
}

// suspend stops the process once it polls for its next event, unless it has exited.
func (f *Function) suspend(result Result) {
	f.t.Helper()
	select {
	case <-f.api.waiting:
		_ = f.cmd.Process.Signal(syscall.SIGSTOP)
	case <-f.exited:
	case <-time.After(10 * time.Second):
		f.t.Errorf("after %s the function does not poll for another event", result.Payload)
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

// Kill kills the process, as a failure of its host would. The next event starts another
// one.
func (f *Function) Kill() {
	if f.cmd != nil {
		_ = f.cmd.Process.Kill() // it may already have exited
		<-f.exited
	}
}

// Starts returns how often a process was started.
func (f *Function) Starts() int { return f.starts }

// Resident returns the resident memory of the process in bytes (Linux).
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

// Log returns the output of the function. It goes to a file, which has it before the
// function responds; a pipe would have to be read first.
func (f *Function) Log() string {
	text, err := os.ReadFile(f.output)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f.t.Error(err)
	}
	return string(text)
}
