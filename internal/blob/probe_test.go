package blob_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/blob/dirblob"
)

// checkProbe probes a store, counts the operations, and checks that nothing is left.
func checkProbe(t *testing.T, store blob.Store, inspected blob.Store) error {
	t.Helper()
	counted := blobtest.NewFaulty(store)
	err := blob.Probe(t.Context(), counted)
	if n := len(counted.Log()); n > 6 {
		t.Errorf("%d operations: %v", n, counted.Log())
	}
	for info, err := range inspected.List(t.Context(), "") {
		if err != nil || info.Key != "manifest.json" {
			t.Errorf("left behind: %v, %v", info.Key, err)
		}
	}
	return err
}

func TestProbe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inDir, err := dirblob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]blob.Store{
		"memory": blobtest.NewMemory(nil), "directory": inDir,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.PutNew(t.Context(), "manifest.json", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := checkProbe(t, store, store); err != nil {
					t.Error(err)
				}
			}
		})
	}
	entries, err := os.ReadDir(dir)
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if !slices.Equal(names, []string{".store", "manifest.json"}) || err != nil {
		t.Errorf("the directory holds %q, %v", names, err)
	}
}

// careless is a store that breaks one promise.
type careless struct {
	*blobtest.Memory
	ignoresNew, ignoresVersion, listsNothing, rejectsAll, listsOld bool

	first blob.Version
}

func (c *careless) PutNew(
	ctx context.Context, key string, body io.ReadSeeker,
) (blob.Info, error) {
	if c.ignoresNew {
		if err := c.Memory.Delete(ctx, key); err != nil {
			return blob.Info{}, err
		}
	}
	info, err := c.Memory.PutNew(ctx, key, body)
	c.first = info.Version
	return info, err
}

func (c *careless) Replace(
	ctx context.Context, key string, body []byte, current blob.Version,
) (blob.Info, error) {
	if c.rejectsAll {
		return blob.Info{}, blob.ErrChanged
	}
	if info, err := c.Stat(ctx, key); c.ignoresVersion && err == nil {
		current = info.Version
	}
	return c.Memory.Replace(ctx, key, body, current)
}

func (c *careless) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for info, err := range c.Memory.List(ctx, prefix) {
			if c.listsOld {
				info.Version = c.first
			}
			if !c.listsNothing && !yield(info, err) {
				return
			}
		}
	}
}

func TestProbeFindsBrokenPromise(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		store careless
		words string
	}{
		"ignores If-None-Match": {careless{ignoresNew: true},
			"accepts conditional writes and ignores them: it overwrote an object"},
		"ignores If-Match": {careless{ignoresVersion: true},
			"accepts conditional writes and ignores them: it replaced a version"},
		"rejects current versions": {careless{rejectsAll: true}, "rejected the version that it returned"},
		"lists late":               {careless{listsNothing: true}, "does not list an object"},
		"lists old versions":       {careless{listsOld: true}, "does not list an object"},
	} {
		t.Run(name, func(t *testing.T) {
			c.store.Memory = blobtest.NewMemory(nil)
			err := checkProbe(t, &c.store, c.store.Memory)
			if !errors.Is(err, blob.ErrPromise) || !strings.Contains(err.Error(), c.words) ||
				!strings.Contains(err.Error(), "memory:") {
				t.Errorf("%v does not name the store and %q", err, c.words)
			}
		})
	}
}

// A store that cannot be used now has broken no promise.
func TestProbeOfUnavailableStore(t *testing.T) {
	t.Parallel()
	for n, kind := range []blobtest.Kind{blobtest.PutNew, blobtest.PutNew, blobtest.Replace,
		blobtest.Replace, blobtest.List, blobtest.Delete} {
		memory := blobtest.NewMemory(nil)
		store := blobtest.NewFaulty(memory)
		nth := 1
		if n == 1 || n == 3 {
			nth = 2
		}
		store.Inject(blobtest.Fault{Kind: kind, N: nth, Effect: blobtest.Refused})
		err := blob.Probe(t.Context(), store)
		if !errors.Is(err, blobtest.ErrInjected) || errors.Is(err, blob.ErrPromise) {
			t.Errorf("%v number %d: error %v", kind, nth, err)
		}
		for info := range memory.List(t.Context(), "") {
			if kind != blobtest.Delete {
				t.Errorf("%v number %d leaves %s", kind, nth, info.Key)
			}
		}
	}
}

// A client that has left leaves nothing either.
func TestCanceledProbeLeavesNothing(t *testing.T) {
	t.Parallel()
	memory := blobtest.NewMemory(nil)
	store := blobtest.NewFaulty(memory)
	ctx, cancel := context.WithCancel(t.Context())
	store.Inject(blobtest.Fault{Kind: blobtest.Replace, N: 1, Effect: blobtest.Before(cancel)})
	if err := blob.Probe(ctx, store); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for info := range memory.List(t.Context(), "") {
		t.Errorf("left behind: %s", info.Key)
	}
}
