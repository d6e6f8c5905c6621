package dirblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"voc/internal/blob"
)

// commit turns the draft into the object if the object's version is current.
func (s *Store) commit(
	ctx context.Context, key, draft string, current blob.Version,
) (blob.Info, error) {
	release, err := s.lock(ctx, commitLock)
	if err != nil {
		return blob.Info{}, err
	}
	defer release()
	old, err := s.find(key)
	if err != nil {
		return blob.Info{}, err
	}
	if versionOf(old) != current {
		return blob.Info{}, blob.ErrChanged
	}
	file, err := s.stamp(draft, old)
	if err != nil {
		return blob.Info{}, err
	}
	if err := s.place(draft, s.path(key), old == nil); err != nil {
		return blob.Info{}, err
	}
	info := infoOf(key, file)
	info.LastModified = time.Time{}
	return info, nil
}

// find returns the file of the object; nil if there is none.
func (s *Store) find(key string) (fs.FileInfo, error) {
	file, err := os.Stat(s.path(key))
	if err := missing(file, err); errors.Is(err, blob.ErrNotExist) {
		return nil, nil
	}
	return file, err
}

// place makes the draft visible. The link or rename is the moment at which the write
// happens.
func (s *Store) place(draft, target string, isNew bool) error {
	folder := filepath.Dir(target)
	if err := s.makeFolder(folder); err != nil {
		return err
	}
	move := os.Rename
	if isNew {
		move = os.Link
	}
	if err := move(draft, target); errors.Is(err, fs.ErrExist) {
		if file, err := os.Stat(target); err == nil && file.IsDir() {
			return &fs.PathError{Op: "create", Path: target, Err: syscall.EISDIR}
		}
		return blob.ErrChanged // a file of a program that does not use the lock
	} else if err != nil {
		return err
	}
	if err := s.flush(folder); err != nil {
		return fmt.Errorf("%w: %w", blob.ErrUncertain, err)
	}
	return nil
}

// stamp sets a modification time on the draft that is later than those of the file it
// replaces and of every deleted file. The steps grow until the file system does not round
// them away.
func (s *Store) stamp(draft string, old fs.FileInfo) (fs.FileInfo, error) {
	mark, err := os.Stat(s.path(commitLock))
	if err != nil {
		return nil, err
	}
	last := mark.ModTime()
	if old != nil && old.ModTime().After(last) {
		last = old.ModTime()
	}
	at := time.Now()
	for step := time.Microsecond; step < time.Minute; step *= 10 {
		if !at.After(last) {
			at = last.Add(step)
		}
		if err := os.Chtimes(draft, at, at); err != nil {
			return nil, err
		}
		if file, err := os.Stat(draft); err != nil || file.ModTime().After(last) {
			return file, err
		}
		at = last
	}
	return nil, fmt.Errorf("%s: the file system does not store modification times: %s",
		draft, localDisk)
}

// remove deletes the object, if there is one.
func (s *Store) remove(ctx context.Context, key string) error {
	if err := check(ctx, key); err != nil {
		return err
	}
	release, err := s.lock(ctx, commitLock)
	if err != nil {
		return err
	}
	defer release()
	old, err := s.find(key)
	if old == nil || err != nil {
		return err
	}
	// The lock records its modification time, so that stamp never sets it on a later file.
	mark, err := os.Stat(s.path(commitLock))
	if err != nil {
		return err
	}
	if last := old.ModTime(); !mark.ModTime().After(last) {
		if err := os.Chtimes(s.path(commitLock), last, last); err != nil {
			return err
		}
	}
	if err := os.Remove(s.path(key)); err != nil {
		return err
	}
	return s.flush(filepath.Dir(s.path(key)))
}
