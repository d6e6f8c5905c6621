package dirblob

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"voc/internal/blob"
)

// What is in the directory beside objects. No key begins with a dot.
const (
	draftsFolder = ".store/drafts"
	draftsLock   = ".store/drafts.lock"
	commitLock   = ".store/commit.lock"
)

// They hold customers' words: nobody but the owner reads them.
const (
	folderMode = 0o700
	fileMode   = 0o600
)

// Store is a blob.Store in a directory. It holds no resources between calls and needs no closing.
type Store struct {
	dir   string               // absolute
	fsync func(*os.File) error // a field so that a test can let it fail
}

var _ blob.Store = (*Store)(nil)

// Open makes the directory if it is absent, and clears away what writers that died have left there. A directory that can
// only be read is opened too: reads work, and writes say what is wrong. The same directory may be opened any
// number of times, by any number of processes.
func Open(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s := &Store{dir: abs, fsync: (*os.File).Sync}
	if err := s.makeFolder(abs); err != nil {
		return nil, fmt.Errorf("open store: %w", advise(err))
	}
	if _, err := os.ReadDir(abs); err != nil {
		return nil, fmt.Errorf("open store: %w", advise(err))
	}
	s.sweep()
	return s, nil
}

// String is the directory as a file URL.
func (s *Store) String() string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(s.dir)}).String()
}

// path is where the object, or the store's own file, of this name is.
func (s *Store) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func check(ctx context.Context, key string) error {
	return cmp.Or(ctx.Err(), blob.CheckKey(key))
}

// wrap names verb, key and directory, once for every method.
func (s *Store) wrap(verb, key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s in %s: %w", verb, key, s, advise(err))
}
