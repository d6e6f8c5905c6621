package dirblob

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"

	"voc/internal/blob"
)

// PutNew implements blob.Store. It costs two flushes to the disk.
func (s *Store) PutNew(
	ctx context.Context, key string, body io.ReadSeeker,
) (blob.Info, error) {
	info, err := s.write(ctx, key, body, "")
	if errors.Is(err, blob.ErrChanged) {
		err = blob.ErrExist
	}
	return info, s.wrap("put", key, err)
}

// Replace implements blob.Store. It costs two flushes to the disk.
func (s *Store) Replace(
	ctx context.Context, key string, body []byte, current blob.Version,
) (blob.Info, error) {
	info, err := s.write(ctx, key, bytes.NewReader(body), current)
	return info, s.wrap("replace", key, err)
}

// Delete implements blob.Store. It costs one flush.
func (s *Store) Delete(ctx context.Context, key string) error {
	return s.wrap("delete", key, s.remove(ctx, key))
}

// write replaces the object by body if its version is current, in the order of the crash
// story in the package comment.
func (s *Store) write(
	ctx context.Context, key string, body io.ReadSeeker, current blob.Version,
) (blob.Info, error) {
	if err := check(ctx, key); err != nil {
		return blob.Info{}, err
	}
	release, err := s.lock(ctx, draftsLock)
	if err != nil {
		return blob.Info{}, err
	}
	defer release()
	draft, err := s.draft(ctx, body)
	if err != nil {
		return blob.Info{}, err
	}
	defer os.Remove(draft)
	return s.commit(ctx, key, draft, current)
}

// draft writes and flushes the body to a file that no reader sees, and returns its path.
// On error there is no file.
func (s *Store) draft(ctx context.Context, body io.ReadSeeker) (path string, err error) {
	size, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if err := s.makeFolder(s.path(draftsFolder)); err != nil {
		return "", err
	}
	path = filepath.Join(s.path(draftsFolder), rand.Text())
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", err
	}
	if err = s.handOver(f); err == nil {
		_, err = io.Copy(f, blob.NewBody(ctx, io.NopCloser(body), size))
	}
	if err == nil {
		err = s.fsync(f)
	}
	if err = cmp.Or(err, f.Close()); err != nil {
		os.Remove(path)
	}
	return path, err
}
