package dirblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"voc/internal/blob"
)

// Get implements blob.Store.
func (s *Store) Get(ctx context.Context, key string) (*blob.Object, error) {
	return s.GetIfChanged(ctx, key, "")
}

// GetIfChanged implements blob.Store.
func (s *Store) GetIfChanged(
	ctx context.Context, key string, since blob.Version,
) (*blob.Object, error) {
	object, err := s.open(ctx, key)
	if err == nil && object.Version == since {
		object.Body.Close()
		err = blob.ErrNotModified
	}
	if err != nil {
		return nil, s.wrap("get", key, err)
	}
	return object, nil
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := check(ctx, key); err != nil {
		return blob.Info{}, s.wrap("stat", key, err)
	}
	file, err := os.Stat(s.path(key))
	if err := missing(file, err); err != nil {
		return blob.Info{}, s.wrap("stat", key, err)
	}
	return infoOf(key, file), nil
}

// open takes the Info from the open file: the path may already lead to another file.
func (s *Store) open(ctx context.Context, key string) (*blob.Object, error) {
	if err := check(ctx, key); err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(key))
	if err != nil {
		return nil, missing(nil, err)
	}
	file, err := f.Stat()
	if err := missing(file, err); err != nil {
		f.Close()
		return nil, err
	}
	info := infoOf(key, file)
	return &blob.Object{Info: info, Body: blob.NewBody(ctx, f, info.Size)}, nil
}

// missing returns blob.ErrNotExist for a result of Stat or Open that is no object:
// nothing, a folder, or a file in place of one of the key's folders. It returns any other
// err as it is.
func missing(file fs.FileInfo, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return blob.ErrNotExist
	case file != nil && !file.Mode().IsRegular():
		return blob.ErrNotExist
	}
	return err
}

func infoOf(key string, file fs.FileInfo) blob.Info {
	modified, now := file.ModTime().UTC(), time.Now().UTC()
	if now.Before(modified) {
		now = modified
	}
	return blob.Info{
		Key: key, Version: versionOf(file), Size: file.Size(), LastModified: modified, Date: now,
	}
}

// versionOf returns the version of an object; the zero Version for no file.
func versionOf(file fs.FileInfo) blob.Version {
	if file == nil {
		return ""
	}
	return blob.Version(fmt.Sprintf("%d-%d", file.ModTime().UnixNano(), file.Size()))
}
