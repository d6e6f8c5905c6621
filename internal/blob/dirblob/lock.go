package dirblob

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is the interval between tries for a held lock. A lock is held for one flush of
// a folder, some milliseconds.
const lockPoll = time.Millisecond

// lock acquires, until release, the shared right to have drafts (draftsLock) or the
// exclusive right to create, replace and delete objects (commitLock). It opens the file
// anew each time: flock distinguishes open files, not processes, so goroutines exclude each
// other too.
func (s *Store) lock(ctx context.Context, name string) (release func(), err error) {
	path := s.path(name)
	if err := s.makeFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock := flock.New(path, flock.SetPermissions(fileMode))
	try := lock.TryLockContext
	if name == draftsLock {
		try = lock.TryRLockContext
	}
	if locked, err := try(ctx, lockPoll); !locked {
		return nil, fmt.Errorf("lock %s against other writers: %w", path, err)
	}
	if err := s.handOverPath(path); err != nil {
		_ = lock.Unlock()
		return nil, err
	}
	return func() { _ = lock.Unlock() }, nil
}

// removeDrafts removes the drafts of dead writers. All live writers share draftsLock, so
// while it is held exclusively no draft has a live writer. If the lock is not available
// the drafts stay until another Open: they cost space, nothing else.
func (s *Store) removeDrafts() {
	if _, err := os.Stat(s.path(draftsLock)); err != nil {
		return // no writer has been here
	}
	exclusive := flock.New(s.path(draftsLock))
	if ok, err := exclusive.TryLock(); !ok || err != nil {
		return
	}
	defer func() { _ = exclusive.Unlock() }()
	drafts, _ := os.ReadDir(s.path(draftsFolder))
	for _, draft := range drafts {
		os.Remove(filepath.Join(s.path(draftsFolder), draft.Name()))
	}
}
