package manifesttest

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"voc/internal/blob"
	"voc/internal/manifest"
)

// Content returns the object at key.
func Content(t testing.TB, store blob.Store, key string) []byte {
	t.Helper()
	object, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	data, err := io.ReadAll(object.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Overwrite puts data at key, whatever is there.
func Overwrite(t testing.TB, store blob.Store, key string, data []byte) {
	t.Helper()
	var version blob.Version
	info, err := store.Stat(t.Context(), key)
	if err == nil {
		version = info.Version
	}
	if _, err := store.Replace(t.Context(), key, data, version); err != nil {
		t.Fatal(err)
	}
}

// Keys lists the keys with a prefix.
func Keys(t testing.TB, store blob.Store, prefix string) (all []string) {
	t.Helper()
	for info, err := range store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Key)
	}
	return all
}

// Fails checks that err is want.
func Fails(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// Says checks that a text has all parts.
func Says(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}

// KeysOf lists the keys of the objects of snapshots, sorted.
func KeysOf(snapshots []manifest.Snapshot) (keys []string) {
	for _, s := range snapshots {
		keys = append(keys, s.Keys()...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Parts is a prefix of the keys of all parts, and of no other key.
const Parts = "s"

// Holds checks which keys with a prefix a store has.
func Holds(t testing.TB, store blob.Store, prefix string, want []string) {
	t.Helper()
	want = slices.Sorted(slices.Values(want))
	if got := Keys(t, store, prefix); !slices.Equal(got, want) {
		t.Errorf("the store holds %q, want %q", got, want)
	}
}

// Named lists the keys that a manifest names, sorted.
func Named(m manifest.Manifest) []string {
	keys := KeysOf(m.Snapshots)
	for _, d := range m.Dropped {
		keys = append(keys, d.Key)
	}
	slices.Sort(keys)
	return keys
}
