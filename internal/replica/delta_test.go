package replica_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// reader is a replica that logs which objects it reads.
type reader struct {
	*replica.Replica
	faulty *blobtest.Faulty
	dir    string
	since  int
}

func newReader(t *testing.T, store *blobtest.Memory) *reader {
	r := &reader{faulty: blobtest.NewFaulty(store), dir: t.TempDir()}
	r.Replica = replica.New(open(r.faulty), r.dir, quiet).FetchFirst(snapshot.Serve)
	t.Cleanup(r.Close)
	return r
}

// read returns the keys of the objects that it has read since the last call, sorted.
func (r *reader) read() (keys []string) {
	log := r.faulty.Log()
	for _, op := range log[r.since:] {
		if op.Kind == blobtest.Get {
			keys = append(keys, op.Key)
		}
	}
	r.since = len(log)
	slices.Sort(keys)
	return keys
}

func mustRead(t *testing.T, r *reader, run string, want ...string) {
	t.Helper()
	hasNoWarnings(t, sees(t, r.Replica, run))
	slices.Sort(want)
	if got := r.read(); !slices.Equal(got, want) {
		t.Errorf("for %s, %q were read, want %q", run, got, want)
	}
}

// A host that has a snapshot fetches the delta of the next, or after a rollback of the previous
// one. A host that has none fetches the base as well.
func TestSyncFetchesOnlyTheDelta(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	file := sealed(t, "full-1")
	r := newReader(t, store)
	base := publish(t, c, file, "full-1").Parts[0].Key
	mustRead(t, r, "full-1", base)
	var deltas []string
	for _, run := range []string{"run-2", "run-3"} {
		s := publishEdit(t, c, edited(t, file, run), run)
		if s.Parts[0].Base.Key != base {
			t.Fatalf("parts %+v, want a delta of %s", s.Parts, base)
		}
		deltas = append(deltas, s.Parts[0].Key)
		mustRead(t, r, run, s.Parts[0].Key)
	}
	mustRead(t, newReader(t, store), "run-3", base, deltas[1])
	rollback(t, c, "rollback-4", job.Previous)
	mustRead(t, r, "run-2", deltas[0])
	next := publishEdit(t, c, edited(t, file, "run-5"), "run-5")
	mustRead(t, r, "run-5", next.Parts[0].Key)
}

// A cursor's older snapshot is made of what is open.
func TestOlderSnapshotIsMadeOfOpenOne(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	file := sealed(t, "full-1")
	publish(t, c, file, "full-1")
	older := publishEdit(t, c, edited(t, file, "run-2"), "run-2")
	publishEdit(t, c, edited(t, file, "run-3"), "run-3")
	r := newReader(t, store)
	hasNoWarnings(t, sees(t, r.Replica, "run-3"))
	r.read()
	view, release, err := r.AcquireAt(t.Context(), older.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	got, want := r.read(), []string{older.Parts[0].Key}
	if runOf(t, view) != "run-2" || !slices.Equal(got, want) {
		t.Errorf("the file of %s, and %q were read", runOf(t, view), got)
	}
}

// A base that was deleted by hand damages what is made of it. A host that has a file of it goes
// on, and others have nothing to serve until the next whole part.
func TestBaseDeletedByHand(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	file := sealed(t, "full-1")
	base := publish(t, c, file, "full-1").Parts[0].Key
	r := newReader(t, store)
	hasNoWarnings(t, sees(t, r.Replica, "full-1"))
	p := publication(t, edited(t, file, "run-2"), receipt("run-2"), load(t, c).Current)
	for _, part := range current(t, c).Parts {
		local, err := c.Fetch(t.Context(), current(t, c), part.Kind, p.Dir)
		if err != nil {
			t.Fatal(err)
		}
		p.Parent = append(p.Parent, local)
	}
	if err := store.Delete(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	if _, err := put(t.Context(), c, p); err != nil {
		t.Fatal(err)
	}
	hasNoWarnings(t, sees(t, r.Replica, "run-2"))
	newcomer := newReader(t, store)
	if view := sees(t, newcomer.Replica, ""); len(view.Warnings) < 2 ||
		!errors.Is(view.Warnings[0], manifest.ErrDamaged) {
		t.Errorf("warnings %q", view.Warnings)
	} else {
		says(t, view.Warnings[0].Error(), base+" is missing, the base of part serve", "full refresh")
	}
	publish(t, c, edited(t, file, "full-3"), "full-3")
	hasNoWarnings(t, sees(t, r.Replica, "full-3"))
	hasNoWarnings(t, sees(t, newcomer.Replica, "full-3"))
}

// A file that was damaged on this host is not taken over.
func TestDamagedLocalFileIsNotUsed(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	file := sealed(t, "full-1")
	base := publish(t, c, file, "full-1").Parts[0].Key
	r := newReader(t, store)
	hasNoWarnings(t, sees(t, r.Replica, "full-1"))
	r.read()
	path := filepath.Join(r.dir, entries(t, r.dir)[0])
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-1] ^= 1 // of a page that stays
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	next := publishEdit(t, c, edited(t, file, "run-2"), "run-2").Parts[0].Key
	mustRead(t, r, "run-2", next, next, base)
}
