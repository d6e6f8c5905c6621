package dirblob_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"voc/internal/blob"
)

var sizes = []int{4 << 10, 64 << 10, 4 << 20}

func BenchmarkReplace(b *testing.B) {
	for _, size := range sizes[:2] {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			store := open(b, b.TempDir())
			body := make([]byte, size)
			var current blob.Version
			b.ReportAllocs()
			for b.Loop() {
				info, err := store.Replace(b.Context(), "manifest.json", body, current)
				if err != nil {
					b.Fatal(err)
				}
				current = info.Version
			}
		})
	}
}

func BenchmarkPutNew(b *testing.B) {
	store := open(b, b.TempDir())
	body := bytes.NewReader(make([]byte, sizes[2]))
	b.SetBytes(body.Size())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.PutNew(b.Context(), "snapshots/new", body); err != nil {
			b.Fatal(err)
		}
		if err := store.Delete(b.Context(), "snapshots/new"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			store := open(b, b.TempDir())
			put(b, store, "snapshots/one", string(make([]byte, size)))
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				object, err := store.Get(b.Context(), "snapshots/one")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, object.Body); err != nil {
					b.Fatal(err)
				}
				object.Body.Close()
			}
		})
	}
}

// BenchmarkGetIfChangedUnchanged measures what an idle server does every few seconds.
func BenchmarkGetIfChangedUnchanged(b *testing.B) {
	store := open(b, b.TempDir())
	info := put(b, store, "manifest.json", "{}")
	b.ReportAllocs()
	for b.Loop() {
		_, err := store.GetIfChanged(b.Context(), "manifest.json", info.Version)
		if !errors.Is(err, blob.ErrNotModified) {
			b.Fatal(err)
		}
	}
}
