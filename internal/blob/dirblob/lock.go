package dirblob

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a taken lock is tried again. It is held for one flush of a folder, some milliseconds.
const lockPoll = time.Millisecond

// shareDrafts lets its caller have drafts, beside others, until release.
func (s *Store) shareDrafts(ctx context.Context) (release func(), err error) {
	return s.lock(ctx, draftsLock, (*flock.Flock).TryRLockContext)
}

// lockCommits lets its caller alone make objects appear and disappear, until release.
func (s *Store) lockCommits(ctx context.Context) (release func(), err error) {
	return s.lock(ctx, commitLock, (*flock.Flock).TryLockContext)
}

// lock opens the file anew each time: flock tells open files apart, not processes, so goroutines exclude each other too.
func (s *Store) lock(
	ctx context.Context, name string, try func(*flock.Flock, context.Context, time.Duration) (bool, error),
) (release func(), err error) {
	path := s.path(name)
	if err := s.makeFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock := flock.New(path, flock.SetPermissions(fileMode))
	if locked, err := try(lock, ctx, lockPoll); !locked {
		return nil, fmt.Errorf("lock %s against other writers: %w", path, err)
	}
	return func() { _ = lock.Unlock() }, nil
}

// sweep removes the drafts of dead writers. Live ones hold draftsLock, all together, so whoever gets it alone knows that
// every draft is a stray. When it cannot be had the strays wait for another Open: they cost space, nothing else.
func (s *Store) sweep() {
	alone := flock.New(s.path(draftsLock))
	if ok, err := alone.TryLock(); !ok || err != nil {
		return
	}
	defer func() { _ = alone.Unlock() }()
	strays, _ := os.ReadDir(s.path(draftsFolder))
	for _, stray := range strays {
		os.Remove(filepath.Join(s.path(draftsFolder), stray.Name()))
	}
}
