package blobtest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"voc/internal/blob"
)

// Memory is a blob.Store in memory, for tests.
type Memory struct {
	clock func() time.Time

	mu      sync.Mutex
	objects map[string]entry
}

// entry is a stored object. Its content is replaced, never changed: open bodies share it.
type entry struct {
	blob.Info
	content []byte
}

var _ blob.Store = (*Memory)(nil)

// NewMemory returns an empty store. Date and LastModified are read from the clock, in
// whole seconds; nil for time.Now, which in a synctest bubble is the bubble's clock.
func NewMemory(clock func() time.Time) *Memory {
	if clock == nil {
		clock = time.Now
	}
	return &Memory{clock: clock, objects: map[string]entry{}}
}

// Get implements blob.Store.
func (m *Memory) Get(ctx context.Context, key string) (*blob.Object, error) {
	return m.GetIfChanged(ctx, key, "")
}

// GetIfChanged implements blob.Store.
func (m *Memory) GetIfChanged(
	ctx context.Context, key string, since blob.Version,
) (*blob.Object, error) {
	object, err := m.find(ctx, key)
	if err == nil && object.Version == since {
		err = blob.ErrNotModified
	}
	if err != nil {
		return nil, wrap("get", key, err)
	}
	body := io.NopCloser(bytes.NewReader(object.content))
	return &blob.Object{Info: object.Info, Body: blob.NewBody(ctx, body, object.Size)}, nil
}

// Stat implements blob.Store.
func (m *Memory) Stat(ctx context.Context, key string) (blob.Info, error) {
	object, err := m.find(ctx, key)
	return object.Info, wrap("stat", key, err)
}

// PutNew implements blob.Store, but holds the whole body in memory.
func (m *Memory) PutNew(
	ctx context.Context, key string, body io.ReadSeeker,
) (blob.Info, error) {
	content, err := readAll(ctx, body)
	if err != nil {
		return blob.Info{}, wrap("put", key, err)
	}
	info, err := m.swap(ctx, key, content, "")
	if errors.Is(err, blob.ErrChanged) {
		err = blob.ErrExist
	}
	return info, wrap("put", key, err)
}

// Replace implements blob.Store.
func (m *Memory) Replace(
	ctx context.Context, key string, body []byte, current blob.Version,
) (blob.Info, error) {
	info, err := m.swap(ctx, key, bytes.Clone(body), current)
	return info, wrap("replace", key, err)
}

// List implements blob.Store. It lists the objects of one moment.
func (m *Memory) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		infos, err := m.filter(ctx, prefix)
		for _, info := range infos {
			if err = ctx.Err(); err != nil {
				break
			}
			if !yield(info, nil) {
				return
			}
		}
		if err != nil {
			yield(blob.Info{}, wrap("list", prefix, err))
		}
	}
}

// Delete implements blob.Store.
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := check(ctx, key); err != nil {
		return wrap("delete", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
	return nil
}

// String implements blob.Store.
func (m *Memory) String() string { return "memory:" }

func (m *Memory) find(ctx context.Context, key string) (entry, error) {
	if err := check(ctx, key); err != nil {
		return entry{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	object, ok := m.objects[key]
	if !ok {
		return entry{}, blob.ErrNotExist
	}
	object.Date = m.now()
	return object, nil
}

func (m *Memory) filter(ctx context.Context, prefix string) ([]blob.Info, error) {
	if err := cmp.Or(ctx.Err(), blob.CheckPrefix(prefix)); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var infos []blob.Info
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		info := m.objects[key].Info
		info.Date = m.now()
		if strings.HasPrefix(key, prefix) {
			infos = append(infos, info)
		}
	}
	return infos, nil
}

// swap replaces the object by content if its version is current. A missing object has the
// zero Version, as does a key that is not in the map.
func (m *Memory) swap(
	ctx context.Context, key string, content []byte, current blob.Version,
) (blob.Info, error) {
	if err := check(ctx, key); err != nil {
		return blob.Info{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects[key].Version != current {
		return blob.Info{}, blob.ErrChanged
	}
	now := m.now()
	info := blob.Info{
		Key: key, Version: versionOf(content), Size: int64(len(content)), LastModified: now,
	}
	m.objects[key] = entry{info, content}
	info.LastModified, info.Date = time.Time{}, now
	return info, nil
}

func (m *Memory) now() time.Time { return m.clock().UTC().Truncate(time.Second) }

// versionOf returns a version that looks like S3's ETag, with quotes, and like it depends
// on the content alone.
func versionOf(content []byte) blob.Version {
	return blob.Version(fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(content))[:32]))
}

func check(ctx context.Context, key string) error {
	return cmp.Or(ctx.Err(), blob.CheckKey(key))
}

func readAll(ctx context.Context, body io.ReadSeeker) ([]byte, error) {
	size, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(blob.NewBody(ctx, io.NopCloser(body), size))
}

func wrap(verb, key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s in memory: %w", verb, key, err)
}
