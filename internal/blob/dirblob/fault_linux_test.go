package dirblob_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"voc/internal/blob/dirblob"
)

// withoutOverride runs do without root's right to ignore file modes. The right belongs to
// a thread, which ends with its goroutine here. For other users nothing changes.
func withoutOverride(t *testing.T, do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		self := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var rights [2]unix.CapUserData
		if err := unix.Capget(&self, &rights[0]); err != nil {
			t.Error(err)
		}
		rights[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
		if err := unix.Capset(&self, &rights[0]); err != nil {
			t.Error(err)
		}
		do()
	}()
	<-done
}

func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, open(t, dir), "folder/object", "x")
	chmod(t, 0o555, dir, filepath.Join(dir, "folder"),
		filepath.Join(dir, ".store"), filepath.Join(dir, ".store", "drafts"))
	for _, file := range []string{"folder/object", ".store/commit.lock", ".store/drafts.lock"} {
		if err := os.Chmod(filepath.Join(dir, file), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	withoutOverride(t, func() {
		store, err := dirblob.Open(dir)
		if err != nil {
			t.Error(err)
			return
		}
		info, err := store.Stat(t.Context(), "folder/object")
		if err != nil {
			t.Error(err)
		}
		_, err = store.PutNew(t.Context(), "new", strings.NewReader("x"))
		const advice = "give the user that runs voc read and write access"
		actionable(t, err, dir, advice)
		_, err = store.Replace(t.Context(), "folder/object", []byte("y"), info.Version)
		actionable(t, err, dir, advice)
		actionable(t, store.Delete(t.Context(), "folder/object"), dir, advice)
	})
}

func TestOpenUnreadableDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	chmod(t, 0, dir)
	withoutOverride(t, func() {
		for _, path := range []string{dir, filepath.Join(dir, "below")} {
			_, err := dirblob.Open(path)
			actionable(t, err, dir, "give the user that runs voc read and write access")
		}
	})
}

// chmod sets the mode of folders, and restores it after the test so that they can be
// removed.
func chmod(t *testing.T, mode os.FileMode, folders ...string) {
	t.Helper()
	for _, folder := range folders {
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(folder, 0o700) })
	}
}
