package buildtest_test

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"voc/internal/buildtest"
)

// recorder is a test that records how it failed.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = strings.TrimSpace(format)
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			r.failure += " " + err.Error()
		}
	}
	runtime.Goexit()
}

func TestFailedBuildFailsTest(t *testing.T) {
	t.Parallel()
	broken := buildtest.Command{Package: "./testdata/broken"}
	defer broken.Remove()
	for range 2 { // both tests fail
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() { defer close(done); broken.Path(r) }()
		<-done
		if !strings.Contains(r.failure, "undefined: missing") {
			t.Errorf("the test fails with %q", r.failure)
		}
	}
}

func TestCommandBuildsOnce(t *testing.T) {
	t.Parallel()
	c := buildtest.Command{Package: "./testdata/hello"}
	path := c.Path(t)
	built, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := os.Stat(c.Path(t))
	if err != nil || !os.SameFile(built, again) {
		t.Errorf("the command was rebuilt: %v", err)
	}
	if out, err := exec.Command(path).Output(); err != nil || string(out) != "hello" {
		t.Errorf("output %q, %v", out, err)
	}
	c.Remove()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("not removed: %v", err)
	}
}
