package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

const (
	workdirPrefix = "voc-work-"
	// workdirTries bounds the attempts to lock a new folder: another process that starts at
	// that moment may remove it as abandoned before it is locked.
	workdirTries = 5
)

// Workdir is a private folder for the files of this process, locked until Close or the end of
// the process.
//
// The lock is on the folder itself, because systemd-tmpfiles, which removes old files from /tmp,
// skips a folder that is locked (tmpfiles.d(5)): a snapshot may be served for weeks.
type Workdir struct {
	Path string // of the folder; must not be changed
	lock *flock.Flock
}

// locked keeps the lock of each open Workdir reachable. A caller may drop the Workdir while its
// files are in use; without this the garbage collector would close the lock's file, which
// releases the lock, and another process would remove the folder.
var locked sync.Map // *Workdir → struct{}

// NewWorkdir makes a folder in parent, or in os.TempDir() if parent is "". First it removes the
// folders of processes that ended without Close: the system has released their locks.
func NewWorkdir(parent string) (*Workdir, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	dirs, _ := filepath.Glob(filepath.Join(parent, workdirPrefix+"*")) // the pattern is well-formed
	for _, dir := range dirs {
		lock := flock.New(dir, flock.SetFlag(os.O_RDONLY))
		if free, err := lock.TryLock(); err == nil && free {
			_ = os.RemoveAll(dir) // fails if it is another user's
		}
		_ = lock.Close()
	}
	var err error
	for range workdirTries {
		var path string
		if path, err = os.MkdirTemp(parent, workdirPrefix); err != nil {
			return nil, fmt.Errorf("make a folder for temporary files (TMPDIR sets where): %w", err)
		}
		w := &Workdir{path, flock.New(path, flock.SetFlag(os.O_RDONLY))}
		if err = w.lock.Lock(); err == nil {
			_, err = os.Stat(path)
		}
		if err == nil {
			locked.Store(w, struct{}{})
			return w, nil
		}
		_ = w.lock.Close() // another process has removed the folder
	}
	return nil, fmt.Errorf("lock a folder for temporary files: %w", err)
}

// Close removes the folder with its files and releases the lock.
func (w *Workdir) Close() error {
	locked.Delete(w)
	return errors.Join(os.RemoveAll(w.Path), w.lock.Close())
}
