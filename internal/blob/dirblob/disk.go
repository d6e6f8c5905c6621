package dirblob

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// makeFolder makes a folder and its parents where they are absent, each flushed into its own parent: an object is only
// as durable as the folders above it.
func (s *Store) makeFolder(path string) error {
	err := os.Mkdir(path, folderMode)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.makeFolder(filepath.Dir(path)); err != nil {
			return err
		}
		err = os.Mkdir(path, folderMode)
	}
	if errors.Is(err, fs.ErrExist) {
		return mustBeFolder(path)
	}
	if err != nil {
		return err
	}
	return s.flush(filepath.Dir(path))
}

func mustBeFolder(path string) error {
	file, err := os.Stat(path)
	if err == nil && !file.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: syscall.ENOTDIR}
	}
	return err
}

// flush makes what was created in, moved into or removed from a folder outlast a power cut.
func (s *Store) flush(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.fsync(f)
}
