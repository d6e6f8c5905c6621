package blobtest_test

import (
	"strings"
	"testing"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
)

func TestMemoryContract(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(*testing.T) func() blob.Store {
		store := blobtest.NewMemory(nil)
		return func() blob.Store { return store }
	})
}

func TestMemoryIsAsStrictAsS3(t *testing.T) {
	t.Parallel()
	second := time.Date(2026, 11, 23, 9, 0, 59, 0, time.UTC)
	store := blobtest.NewMemory(func() time.Time { return second.Add(999_999_999) })
	first, err := store.PutNew(t.Context(), "object", strings.NewReader("A"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := store.Replace(t.Context(), "object", []byte("B"), first.Version)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Replace(t.Context(), "object", []byte("A"), other.Version); err != nil {
		t.Fatal(err)
	}
	third, err := store.Stat(t.Context(), "object")
	if err != nil || third.Version != first.Version {
		t.Errorf("%+v, %v: want version %q again for the same body", third, err, first.Version)
	}
	if !third.Date.Equal(second) || !third.LastModified.Equal(second) {
		t.Errorf("%+v: times are not in whole seconds", third)
	}
}
