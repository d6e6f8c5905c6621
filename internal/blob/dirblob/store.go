package dirblob

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"voc/internal/blob"
)

// Names of the store's own files. No key begins with a dot.
const (
	ownFolder    = ".store"
	draftsFolder = ".store/drafts"
	draftsLock   = ".store/drafts.lock"
	commitLock   = ".store/commit.lock"
)

// Only the owner may read the objects: they hold customers' words.
const (
	folderMode = 0o700
	fileMode   = 0o600
)

// Store is a blob.Store in a directory. It holds no resources between calls and needs no
// closing.
type Store struct {
	dir        string // absolute
	privileged bool   // this process is root

	// Fields, so that tests can make them fail.
	fsync func(*os.File) error
	chown func(f *os.File, uid, gid int) error
}

var _ blob.Store = (*Store)(nil)

// Open creates the directory if it is missing, and removes the drafts of dead writers. It
// also opens a directory that it can only read: reads work, and writes return an error.
// Any number of processes may open the same directory any number of times.
func Open(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s := &Store{
		dir: abs, privileged: os.Geteuid() == 0,
		fsync: (*os.File).Sync, chown: (*os.File).Chown,
	}
	if err := s.makeFolder(abs); err != nil {
		return nil, fmt.Errorf("open store: %w", advise(err))
	}
	if _, err := os.ReadDir(abs); err != nil {
		return nil, fmt.Errorf("open store: %w", advise(err))
	}
	s.removeDrafts()
	return s, nil
}

// String returns the directory as a file URL.
func (s *Store) String() string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(s.dir)}).String()
}
