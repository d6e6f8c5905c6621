package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Workdir makes a private folder for the files of this process, which close removes. Folders of processes that died without removing theirs go first: each process
// holds a lock in its folder, and the system lets go of it whatever the process dies of.
func Workdir() (dir string, close func() error, err error) {
	const pattern = "voc-work-"
	strays, _ := filepath.Glob(filepath.Join(os.TempDir(), pattern+"*")) // the pattern is well-formed
	for _, stray := range strays {
		removeStray(stray)
	}
	if dir, err = os.MkdirTemp("", pattern); err != nil {
		return "", nil, fmt.Errorf("make a folder for temporary files (TMPDIR says where): %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		return "", nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if _, err := os.Stat(lock.Path()); err != nil {
		return "", nil, fmt.Errorf("another process that starts just now took %s for a stray: start again: %w", dir, err)
	}
	return dir, func() error { return errors.Join(lock.Close(), os.RemoveAll(dir)) }, nil
}

// removeStray removes a folder whose process is gone. One without a lock may be just being made, and stays.
func removeStray(dir string) {
	path := filepath.Join(dir, "lock")
	if _, err := os.Stat(path); err != nil {
		return
	}
	lock := flock.New(path)
	if free, err := lock.TryLock(); err != nil || !free {
		return
	}
	_ = os.RemoveAll(dir) // another one's, or not: then it stays
	_ = lock.Close()
}
