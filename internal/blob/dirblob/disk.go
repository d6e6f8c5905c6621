package dirblob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"voc/internal/blob"
)

// makeFolder creates a folder and its missing parents and flushes each into its own
// parent: an object is only as durable as the folders above it.
func (s *Store) makeFolder(path string) error {
	err := os.Mkdir(path, folderMode)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.makeFolder(filepath.Dir(path)); err != nil {
			return err
		}
		err = os.Mkdir(path, folderMode)
	}
	if errors.Is(err, fs.ErrExist) {
		file, err := os.Stat(path)
		if err == nil && !file.IsDir() {
			err = &fs.PathError{Op: "open", Path: path, Err: syscall.ENOTDIR}
		}
		return cmp.Or(err, s.handOverPath(path))
	}
	if err != nil {
		return err
	}
	if err := s.handOverPath(path); err != nil {
		return err
	}
	return s.flush(filepath.Dir(path))
}

// flush makes creations, renames and removals in a folder durable.
func (s *Store) flush(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.fsync(f)
}

// path returns the path of an object or of one of the store's own files.
func (s *Store) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func check(ctx context.Context, key string) error {
	return cmp.Or(ctx.Err(), blob.CheckKey(key))
}

// wrap adds verb, key, directory and advice to an error, in the same form for every
// method.
func (s *Store) wrap(verb, key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s in %s: %w", verb, key, s, advise(err))
}
