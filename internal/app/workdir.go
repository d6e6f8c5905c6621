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
	// workdirTries bounds the tries to lock a new folder: another process that starts just
	// then takes it for an abandoned one as long as it has no lock.
	workdirTries = 5
)

// Workdir is a private folder for the files of this process, locked until Close or the end of
// the process.
//
// The lock is on the folder itself, since systemd-tmpfiles, which clears old files out of /tmp,
// passes over a folder that is locked (tmpfiles.d(5)): a snapshot may be served for weeks.
type Workdir struct {
	path string
	lock *flock.Flock
}

// locked keeps the lock of each open Workdir reachable. A caller may drop the Workdir while its
// files are in use; without this the garbage collector would close the lock's file, which
// releases the lock, and another process would remove the folder.
var locked sync.Map // *Workdir → struct{}

// NewWorkdir makes a folder in parent, or in os.TempDir() if parent is "". First it removes the
// folders of processes that died without doing so: the system releases their locks, whatever
// they die of.
func NewWorkdir(parent string) (*Workdir, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	removeAbandoned(parent)
	var err error
	for range workdirTries {
		var path string
		if path, err = os.MkdirTemp(parent, workdirPrefix); err != nil {
			return nil, fmt.Errorf("make a folder for temporary files (TMPDIR says where): %w", err)
		}
		w := &Workdir{path, lockOf(path)}
		if err = w.lock.Lock(); err == nil {
			_, err = os.Stat(path)
		}
		if err == nil {
			locked.Store(w, struct{}{})
			return w, nil
		}
		_ = w.lock.Close() // the folder is gone
	}
	return nil, fmt.Errorf("lock a folder for temporary files: %w", err)
}

// Path is where the folder is.
func (w *Workdir) Path() string { return w.path }

// Close removes the folder with all that is in it, and releases the lock.
func (w *Workdir) Close() error {
	locked.Delete(w)
	return errors.Join(os.RemoveAll(w.path), w.lock.Close())
}

func lockOf(dir string) *flock.Flock { return flock.New(dir, flock.SetFlag(os.O_RDONLY)) }

// removeAbandoned removes the folders in parent that no process has locked.
func removeAbandoned(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, workdirPrefix+"*")) // the pattern is well-formed
	for _, dir := range dirs {
		lock := lockOf(dir)
		if free, err := lock.TryLock(); err == nil && free {
			_ = os.RemoveAll(dir) // what cannot be removed is another user's
		}
		_ = lock.Close()
	}
}
