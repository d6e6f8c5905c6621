package manifest_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

func TestFetchReturnsPublishedFile(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	file := bytesOf(t, "full-1")
	s := publish(t, c, file, "full-1")
	dir := t.TempDir()
	for kind, part := range file.Parts {
		first, err := c.Fetch(t.Context(), s, kind, dir)
		if err != nil {
			t.Fatal(err)
		}
		second, err := c.Fetch(t.Context(), s, kind, dir)
		if err != nil {
			t.Fatal(err)
		}
		if first.Path == second.Path {
			t.Error("two callers share a file, which the first one may remove")
		}
		want, _ := os.ReadFile(part.Path)
		for _, local := range []manifest.Local{first, second} {
			if got, err := os.ReadFile(local.Path); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %q, %v; want %q", kind, got, err, want)
			}
		}
	}
	if left := entries(t, dir); len(left) != 4 {
		t.Errorf("left behind: %q", left)
	}
}

// A program that does not find the part that it knows leaves the snapshot alone.
func TestFetchOfMissingPart(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	s := publish(t, c, bytesOf(t, "full-1"), "full-1")
	s.Parts = []manifest.Part{{Kind: "other", Key: s.Parts[0].Key}}
	_, err := c.Fetch(t.Context(), s, snapshot.Serve, t.TempDir())
	fails(t, err, manifest.ErrDamaged)
	says(t, err.Error(), s.ID, "no part serve")
}

func TestFetchRejectsDamagedSnapshot(t *testing.T) {
	t.Parallel()
	for _, row := range ruins {
		t.Run(row.Name, func(t *testing.T) {
			store, _ := newStore()
			c := open(store)
			s := publish(t, c, bytesOf(t, "full-1"), "full-1")
			ruin(t, store, s.Parts[0].Key, row.Ruin)
			dir := t.TempDir()
			_, err := c.Fetch(t.Context(), s, snapshot.Serve, dir)
			fails(t, err, manifest.ErrDamaged)
			says(t, err.Error(), s.ID, "memory:")
			if left := entries(t, dir); len(left) != 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// 128 MB of zeros compress to some kB. They must fill neither the disk nor the memory:
// the rest of the object is not read, whether it is a whole part, a base or a delta.
func TestFetchBoundsDecompression(t *testing.T) {
	store, _ := newStore()
	publish(t, open(store), paged(t, pages(20, "")...), "full-1")
	s := publishEdit(t, open(store), paged(t, pages(20, "new", 1)...), "run-2")
	zeros := make([]byte, 128<<20)
	copy(zeros, "\x00\x00\x00\x02") // as a delta: page 2
	delta := packed(t, zeros)
	copy(zeros, "SQLite format 3\x00\x02\x00")
	whole := packed(t, zeros)
	alone := s
	alone.Parts = []manifest.Part{s.Parts[0]}
	alone.Parts[0].Key, alone.Parts[0].Base = s.Parts[0].Base.Key, manifest.Base{}
	for _, row := range []struct {
		s    manifest.Snapshot
		key  string
		bomb []byte
	}{
		{s, s.Parts[0].Key, delta},
		{s, s.Parts[0].Base.Key, whole},
		{alone, alone.Parts[0].Key, whole},
	} {
		whole := content(t, store, row.key)
		overwrite(t, store, row.key, row.bomb)
		faulty := blobtest.NewFaulty(store)
		faulty.Inject(blobtest.Fault{Kind: blobtest.Get, Key: row.key, N: 1,
			Effect: blobtest.Cut(int64(len(row.bomb)) / 2)})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := open(faulty).Fetch(t.Context(), row.s, snapshot.Serve, t.TempDir())
		runtime.ReadMemStats(&after)
		fails(t, err, manifest.ErrDamaged)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 32<<20 {
			t.Errorf("%d MB were allocated to refuse %d bytes", allocated>>20, len(row.bomb))
		}
		overwrite(t, store, row.key, whole)
	}
}

// A failed transfer is not a damaged object: damage would make a refresh read all of
// Airtable again.
func TestFetchBrokenConnectionIsNotDamage(t *testing.T) {
	t.Parallel()
	for _, length := range []int64{0, 1, 10} {
		store, _ := newStore()
		s := publish(t, open(store), bytesOf(t, "full-1"), "full-1")
		faulty := blobtest.NewFaulty(store)
		faulty.Inject(blobtest.Fault{Kind: blobtest.Get, N: 1, Effect: blobtest.Cut(length)})
		dir := t.TempDir()
		_, err := open(faulty).Fetch(t.Context(), s, snapshot.Serve, dir)
		fails(t, err, io.ErrUnexpectedEOF)
		if errors.Is(err, manifest.ErrDamaged) || len(entries(t, dir)) != 0 {
			t.Errorf("cut after %d: error %v; left behind %q", length, err, entries(t, dir))
		}
	}
}

func TestFetchUnwritableDiskIsNotDamage(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	s := publish(t, c, bytesOf(t, "full-1"), "full-1")
	_, err := c.Fetch(t.Context(), s, snapshot.Serve, t.TempDir()+"/absent")
	if fails(t, err, os.ErrNotExist); errors.Is(err, manifest.ErrDamaged) {
		t.Errorf("error %v", err)
	}
	absent := snapshot.Part{Path: t.TempDir() + "/absent", SHA256: s.SHA256}
	parts := map[snapshot.Kind]snapshot.Part{snapshot.Serve: absent}
	p := publication(t, snapshot.Sealed{Parts: parts},
		receipt("full-2"), job.Nullable(s.ID))
	if _, err := c.Publish(t.Context(), p); !errors.Is(err, os.ErrNotExist) ||
		current(t, c).ID != s.ID {
		t.Errorf("error %v", err)
	}
}
