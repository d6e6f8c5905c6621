package app_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"voc/internal/app"
)

func newWorkdir(t *testing.T, parent string) *app.Workdir {
	t.Helper()
	w, err := app.NewWorkdir(parent)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWorkdirSurvivesAnotherStart(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	first, second := newWorkdir(t, parent), newWorkdir(t, parent)
	if second.Path == first.Path {
		t.Fatalf("both are %q", first.Path)
	}
	if _, err := os.Stat(first.Path); err != nil {
		t.Errorf("a live process lost its folder: %v", err)
	}
	for _, w := range []*app.Workdir{first, second} {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestWorkdirLockSurvivesGarbageCollection: a Lambda function never closes its Workdir, and may
// retain nothing but its path.
func TestWorkdirLockSurvivesGarbageCollection(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	path := newWorkdir(t, parent).Path
	for range 5 { // a finalizer runs after one collection; the next frees the object
		runtime.GC()
	}
	if err := newWorkdir(t, parent).Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("another start removed the folder of a live process: %v", err)
	}
}

func TestNewWorkdirRemovesAbandoned(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	stray := filepath.Join(parent, "voc-work-1")
	if err := os.Mkdir(stray, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := newWorkdir(t, parent).Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(stray); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of a dead process was not removed: %v", err)
	}
}
