package app_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"voc/internal/app"
)

func TestAWorkingFolderOutlivesTheStartOfAnotherProcess(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	first, closeFirst, err := app.Workdir()
	if err != nil {
		t.Fatal(err)
	}
	second, closeSecond, err := app.Workdir()
	if err != nil || second == first {
		t.Fatalf("%q after %q, %v", second, first, err)
	}
	if _, err := os.Stat(first); err != nil {
		t.Errorf("a live process lost its folder: %v", err)
	}
	for _, closing := range []func() error{closeFirst, closeSecond} {
		if err := closing(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAFolderThatNobodyHoldsIsClearedAway(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	stray, err := os.MkdirTemp("", "voc-work-")
	if err != nil {
		t.Fatal(err)
	}
	_, closing, err := app.Workdir()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closing() }()
	if _, err := os.Stat(stray); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of a process that is gone stays: %v", err)
	}
}
