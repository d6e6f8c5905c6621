package manifest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"voc/internal/blob/dirblob"
	"voc/internal/job"
	"voc/internal/manifest"
)

// childVariable names the directory of a store. A test binary that has it acquires the
// lease of the store, prints so, and holds the lease until it is killed.
const childVariable = "MANIFEST_CHILD"

func TestMain(m *testing.M) {
	if run, isChild := os.LookupEnv(childVariable); isChild {
		if err := childLives(run); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func childLives(run string) error {
	store, err := dirblob.Open(".")
	if err != nil {
		return err
	}
	if _, err := begin(context.Background(), open(store), begun(run)); err != nil {
		return err
	}
	fmt.Println("leased")
	_, err = io.Copy(io.Discard, os.Stdin) // until its end, or its parent's
	return err
}

// startHolder starts another process, and returns when that has the lease of the store in
// dir.
func startHolder(t *testing.T, dir, run string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Dir, child.Stderr = dir, os.Stderr
	child.Env = append(os.Environ(), childVariable+"="+run)
	stdin, inErr := child.StdinPipe()
	stdout, outErr := child.StdoutPipe()
	if err := errors.Join(inErr, outErr, child.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); _ = child.Process.Kill(); _ = child.Wait() })
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "leased\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return child
}

func TestKilledHoldersLeaseExpiresAtOnce(t *testing.T) {
	t.Parallel()
	for name, bury := range map[string]func(t *testing.T, child *exec.Cmd){
		"its parent has asked how it ended":     func(_ *testing.T, child *exec.Cmd) { _ = child.Wait() },
		"its parent has not asked yet (zombie)": awaitZombie,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			store, err := dirblob.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			c := open(store)
			child := startHolder(t, dir, "full-1")
			if _, err := begin(t.Context(), c, begun("full-2")); !isBusy(err) {
				t.Fatalf("it lives, and its lease is taken: %v", err)
			}
			if err := c.Reap(t.Context(), base); err != nil {
				t.Fatal(err)
			}
			if lease, running, err := c.Running(t.Context()); err != nil || !running ||
				lease.Holder.PID != child.Process.Pid {
				t.Fatalf("it lives, and is %+v, running %v, %v", lease.Holder, running, err)
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			bury(t, child)
			if lease, running, err := c.Running(t.Context()); err != nil || running {
				t.Errorf("it is dead, and %+v is running, %v", lease.Holder, err)
			}
			leased(t, c, begun("full-2"))
			m := load(t, c)
			got, _ := m.Receipt("full-1")
			if got.Outcome != "failed" || m.Lease.Holder.PID != os.Getpid() {
				t.Errorf("%+v; the lease is that of %v", got, m.Lease.Holder)
			}
			says(t, string(got.Error), fmt.Sprintf("process %d of host ", child.Process.Pid),
				"stopped renewing", "run full-2 has taken over")
		})
	}
}

// awaitZombie waits until the process has ended; its output is closed before that.
func awaitZombie(t *testing.T, child *exec.Cmd) {
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stat), ") Z ") {
			return
		}
		runtime.Gosched()
	}
}

// Await returns at once when the process of the run dies.
func TestAwaitKilledHolderReturnsAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, err := dirblob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	child := startHolder(t, dir, "full-1")
	run := load(t, open(store)).Lease.Run
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if _, ended, err := open(store).Await(t.Context(), run); ended || err != nil {
		t.Errorf("ended %v, error %v", ended, err)
	}
	if err := open(store).Reap(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	if got, ended, err := open(store).Await(t.Context(), run); !ended || err != nil ||
		got.Outcome != "failed" {
		t.Errorf("once it is buried: %+v, ended %v, error %v", got, ended, err)
	}
}

// Process ids are reused, and each machine and container has its own. For a process that
// it cannot see, a run waits for the term of the lease.
func TestHolderGone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		alter func(h *job.Holder)
		gone  bool
	}{
		{"this process", func(*job.Holder) {}, false},
		{"another process that has its id now", func(h *job.Holder) { h.Started += "0" }, true},
		{"a process that is not there", func(h *job.Holder) { h.PID = 1 << 30 }, true},
		{"the same on a machine that was started again, or on another one",
			func(h *job.Holder) { h.PID, h.Space = 1<<30, "another "+h.Space }, false},
		{"the same in another container", func(h *job.Holder) { h.PID, h.Space = 1<<30, h.Space+"0" },
			false},
		{"the same on a system that this program does not know",
			func(h *job.Holder) { h.PID, h.Space, h.Started = 1<<30, "", "" }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			store, clock := newStore()
			leased(t, open(store), begun("full-1"))
			m := load(t, open(store))
			row.alter(&m.Lease.Holder)
			altered, err := manifest.Encode(m)
			if err != nil {
				t.Fatal(err)
			}
			overwrite(t, store, manifestKey, altered)
			clock.Advance(29 * time.Second)
			if _, err := begin(t.Context(), open(store), begun("full-2")); row.gone && err != nil ||
				!row.gone && !isBusy(err) {
				t.Errorf("gone: %v; error %v", row.gone, err)
			}
			clock.Advance(time.Second)
			if _, err := begin(t.Context(), open(store), begun("full-3")); !row.gone && err != nil {
				t.Error(err)
			}
		})
	}
}
