package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Workdir makes a private folder for the files of this process, which close removes. Folders of processes that died without removing theirs go first: each
// process holds a lock on its folder, and the system lets go of it whatever the process dies of. The lock is on the folder itself, since systemd-tmpfiles,
// which clears old files out of /tmp, passes over a folder that is locked (tmpfiles.d(5)): a snapshot may be served for weeks.
func Workdir() (dir string, close func() error, err error) {
	const pattern = "voc-work-"
	strays, _ := filepath.Glob(filepath.Join(os.TempDir(), pattern+"*")) // the pattern is well-formed
	for _, stray := range strays {
		removeStray(stray)
	}
	for range attempts {
		if dir, err = os.MkdirTemp("", pattern); err != nil {
			return "", nil, fmt.Errorf("make a folder for temporary files (TMPDIR says where): %w", err)
		}
		lock := lockOf(dir)
		if err = lock.Lock(); err == nil {
			_, err = os.Stat(dir)
		}
		if err == nil {
			return dir, func() error { return errors.Join(os.RemoveAll(dir), lock.Close()) }, nil
		}
	}
	return "", nil, fmt.Errorf("lock a folder for temporary files: %w", err)
}

// attempts bounds the tries at a folder: another process that starts just then takes it for a stray as long as it has no lock.
const attempts = 5

func lockOf(dir string) *flock.Flock { return flock.New(dir, flock.SetFlag(os.O_RDONLY)) }

// removeStray removes a folder whose process is gone.
func removeStray(dir string) {
	lock := lockOf(dir)
	if free, err := lock.TryLock(); err != nil || !free {
		return
	}
	_ = os.RemoveAll(dir) // what can not be removed is another user's
	_ = lock.Close()
}
