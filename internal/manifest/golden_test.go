package manifest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// goldenStore is a store in which the current snapshot is a delta. `.ci/format` runs the
// example of infra/FORMAT.md over it.
const goldenStore = "testdata/delta"

// Stores hold deltas like the golden one. A change of it must stay readable, or raise the
// format.
func TestDeltaGolden(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	publishEdit(t, c, paged(t, pages(12, "")...), "full-1")
	file := paged(t, pages(13, "new", 1, 5)...)
	publishEdit(t, c, file, "run-2")
	if *update {
		if err := os.RemoveAll(goldenStore); err != nil {
			t.Fatal(err)
		}
		for _, key := range keys(t, store, "") {
			path := filepath.Join(goldenStore, key)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, content(t, store, key), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	golden, _ := newStore()
	for _, key := range keys(t, store, "") {
		object, err := os.ReadFile(filepath.Join(goldenStore, key))
		if err != nil {
			t.Fatal(err)
		}
		overwrite(t, golden, key, object)
	}
	if got, want := current(t, c), current(t, open(golden)); !same(t, got, want) {
		t.Errorf("run with -update if that is meant:\n%+v\n%+v", got, want)
	}
	s := current(t, open(golden))
	whole := sorted(s.Parts[0].Key, s.Parts[0].Base.Key)
	mustFetch(t, golden, fetching{s, file, whole, nil})
}

func same(t *testing.T, a, b any) bool {
	t.Helper()
	is, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(b)
	return err == nil && bytes.Equal(is, want)
}

// FuzzDelta merges any delta with any base: that gives a file of the size, or an error.
func FuzzDelta(f *testing.F) {
	base, err := os.ReadFile(paged(f, pages(4, "")...).Parts[snapshot.Serve].Path)
	if err != nil {
		f.Fatal(err)
	}
	record := func(number byte, text string) []byte {
		return append([]byte{0, 0, 0, number}, bytes.Repeat([]byte(text), pageSize)...)
	}
	for _, delta := range [][]byte{
		nil, record(1, "a"), append(record(2, "b"), record(5, "c")...), record(0, "d"),
		append(record(3, "e"), record(3, "e")...), append(record(3, "f"), record(2, "f")...),
		record(6, "g"), record(4, "h")[:100], {0xff, 0xff, 0xff, 0xff},
	} {
		f.Add(base, delta, int64(5*pageSize))
	}
	f.Add([]byte(nil), []byte(nil), int64(0))
	f.Add(base[:20], record(1, "a"), int64(-512))
	f.Add(base, append(record(1, "a"), record(2, "b")...), int64(1<<40))
	f.Fuzz(func(t *testing.T, base, delta []byte, size int64) {
		var into bytes.Buffer
		pages, err := manifest.Merge(&into, bytes.NewReader(base), bytes.NewReader(delta), size)
		if err != nil {
			return
		}
		if int64(into.Len()) != size || pages.GetCardinality()*(4+512) > uint64(len(delta)) ||
			int64(len(base)+len(delta)) < size {
			t.Errorf("%d bytes of %d, with %d pages of a delta of %d bytes", into.Len(), size,
				pages.GetCardinality(), len(delta))
		}
	})
}
