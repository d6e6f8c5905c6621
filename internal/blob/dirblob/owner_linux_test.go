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

// asService runs do as the user that owns the store, as far as files are concerned. The
// user belongs to a thread, which ends with its goroutine here. Without root, do runs as
// the user of this process, which owns the store then.
func asService(t *testing.T, do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			if err := unix.Setfsgid(service.GID); err != nil {
				t.Error(err)
			}
			if err := unix.Setfsuid(service.UID); err != nil {
				t.Error(err)
			}
		}
		do()
	}()
	<-done
}

// TestServiceGoesOnAfterRoot writes as root between two writes of the user that owns the
// store.
func TestServiceGoesOnAfterRoot(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	chmod(t, 0o755, filepath.Dir(parent))
	dir := filepath.Join(parent, "store")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	giveTo(t, dir, service)
	writeAll(t, dir) // as root
	asService(t, func() {
		store, err := dirblob.Open(dir)
		if err != nil {
			t.Error(err)
			return
		}
		info, err := store.Stat(t.Context(), "manifest.json")
		if err != nil {
			t.Error(err)
		}
		_, err = store.Replace(t.Context(), "manifest.json", []byte("3"), info.Version)
		if err != nil {
			t.Error(err)
		}
		if _, err := store.GetIfChanged(t.Context(), "manifest.json", "0-0"); err != nil {
			t.Error(err)
		}
		_, err = store.PutNew(t.Context(), "snapshots/2026-11/c.db", strings.NewReader("x"))
		if err != nil {
			t.Error(err)
		}
		if err := store.Delete(t.Context(), "snapshots/2026-11/b.db"); err != nil {
			t.Error(err)
		}
	})
}
