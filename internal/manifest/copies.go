package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"voc/internal/blob"
)

const copiesPrefix = "manifests/"

// NewestCopy returns the newest valid copy of a manifest and its key, for readers that
// cannot use the manifest itself. Error: ErrNoSnapshot if there is none.
func (s *Store) NewestCopy(ctx context.Context) (m Manifest, key string, err error) {
	keys, err := s.keys(ctx, copiesPrefix)
	if err != nil {
		return m, "", err
	}
	for _, key := range slices.Backward(keys) {
		object, err := s.blobs.Get(ctx, key)
		if err == nil {
			m, err = readManifest(object)
		}
		if err == nil {
			return m, key, nil
		}
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
			return m, "", fmt.Errorf("read %s: %w", key, err)
		}
	}
	return m, "", ErrNoSnapshot
}

// putCopy stores a copy of a manifest as it was written, and deletes the oldest copies.
func (s *Store) putCopy(ctx context.Context, m Manifest) error {
	body, err := m.encode()
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%s%012d.json", copiesPrefix, m.Generation)
	_, err = s.blobs.PutNew(ctx, key, bytes.NewReader(body))
	if err != nil && !errors.Is(err, blob.ErrExist) {
		return fmt.Errorf("store a copy of the manifest: %w", err)
	}
	keys, err := s.keys(ctx, copiesPrefix)
	if err != nil {
		return err
	}
	return s.deleteAll(ctx, keys[:max(0, len(keys)-s.keep)])
}

func (s *Store) keys(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	for info, err := range s.blobs.List(ctx, prefix) {
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", prefix, err)
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}

// deleteAll tries to delete each of the keys.
func (s *Store) deleteAll(ctx context.Context, keys []string) error {
	var errs []error
	for _, key := range keys {
		if err := s.blobs.Delete(ctx, key); err != nil {
			errs = append(errs, fmt.Errorf("delete %s: %w", key, err))
		}
	}
	return errors.Join(errs...)
}
