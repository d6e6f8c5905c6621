package replica_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// walks acquires a snapshot by its id, and checks its content.
func walks(t *testing.T, r *replica.Replica, s manifest.Snapshot) (release func()) {
	t.Helper()
	view, release, err := r.AcquireAt(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if view.Snapshot.ID != s.ID || runOf(t, view) != s.Run {
		t.Errorf("the file of %s is served as %s, want %s", runOf(t, view), view.Snapshot.ID, s.ID)
	}
	reads(t, view)
	return release
}

// published publishes snapshots one after the other.
func published(t *testing.T, store blob.Store, runs ...string) (all []manifest.Snapshot) {
	t.Helper()
	for _, run := range runs {
		all = append(all, publish(t, open(store), sealed(t, run), run))
	}
	return all
}

func countFetches(store *blobtest.Faulty) (n int) {
	for _, op := range store.Log() {
		if op.Kind == blobtest.Get {
			n++
		}
	}
	return n
}

func TestAcquireAt(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	all := published(t, store, "full-1", "full-2", "full-3")
	r := newReplica(t, store)
	sees(t, r, "full-3")
	for _, s := range all {
		walks(t, r, s)()
	}
	serves(t, r, "full-3")
}

func TestAcquireAtDroppedSnapshot(t *testing.T) {
	t.Parallel()
	store, _ := newStore() // keeps three
	first := published(t, store, "full-1")[0]
	r := newReplica(t, store)
	sees(t, r, "full-1")
	release := walks(t, r, first)
	published(t, store, "full-2", "full-3", "full-4")
	sees(t, r, "full-4")
	for _, id := range []string{first.ID, "", "full-1", "../" + first.ID, "unknown", job.Previous} {
		if _, _, err := r.AcquireAt(t.Context(), id); !errors.Is(err, manifest.ErrNoSuchSnapshot) {
			t.Errorf("%q: %v", id, err)
		}
	}
	release()
}

func TestAcquireAtDamagedSnapshot(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	all := published(t, store, "full-1", "full-2", "full-3")
	r := newReplica(t, store)
	sees(t, r, "full-3")
	overwrite(t, store, all[0].Parts[0].Key, []byte("garbage"))
	if err := store.Delete(t.Context(), all[1].Parts[0].Key); err != nil {
		t.Fatal(err)
	}
	for _, s := range all[:2] {
		if _, _, err := r.AcquireAt(t.Context(), s.ID); !errors.Is(err, manifest.ErrNoSuchSnapshot) {
			t.Errorf("%s: %v", s.Run, err)
		}
	}
	serves(t, r, "full-3")
}

// A cursor may come from another process, with a snapshot that this one has not opened
// yet.
func TestAcquireAtNewerSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, _ := newStore()
		published(t, store, "full-1")
		r := replica.New(open(store), t.TempDir(), quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		sees(t, r, "full-1")
		newer := published(t, store, "full-2")[0]
		time.Sleep(time.Second)
		walks(t, r, newer)()
		serves(t, r, "full-2")
	})
}

func TestAcquireAtUnknownReadsStoreOnce(t *testing.T) {
	t.Parallel()
	memory, _ := newStore()
	store := blobtest.NewFaulty(memory)
	published(t, memory, "full-1")
	r := newReplica(t, store)
	sees(t, r, "full-1")
	before := len(store.Log())
	for range 10 {
		_, _, err := r.AcquireAt(t.Context(), "unknown")
		fails(t, err, manifest.ErrNoSuchSnapshot)
	}
	if asked := len(store.Log()) - before; asked > 1 {
		t.Errorf("the store was asked %d times", asked)
	}
}

func TestAcquireAtUnavailableStore(t *testing.T) {
	t.Parallel()
	memory, _ := newStore()
	store := blobtest.NewFaulty(memory)
	all := published(t, memory, "full-1", "full-2")
	r := newReplica(t, store)
	sees(t, r, "full-2")
	store.Inject(blobtest.Fault{Kind: blobtest.Get, N: 1, Effect: blobtest.Refused})
	if _, _, err := r.AcquireAt(t.Context(), all[0].ID); err == nil ||
		errors.Is(err, manifest.ErrNoSuchSnapshot) {
		t.Errorf("error %v", err)
	}
	walks(t, r, all[0])() // it is up again
}

// A pinned snapshot stays open after a refresh: a client that reads page by page causes
// no fetch.
func TestPinnedSnapshotStaysOpen(t *testing.T) {
	t.Parallel()
	memory, _ := newStore()
	store := blobtest.NewFaulty(memory)
	first := published(t, memory, "full-1")[0]
	r := newReplica(t, store)
	sees(t, r, "full-1")
	walks(t, r, first)()
	published(t, memory, "full-2")
	sees(t, r, "full-2")
	before := countFetches(store)
	walks(t, r, first)()
	if n := countFetches(store) - before; n != 0 {
		t.Errorf("it was fetched %d times", n)
	}
}

func TestPinnedSnapshotHasConfirmedTimes(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	first := published(t, store, "full-1")[0]
	r := newReplica(t, store)
	sees(t, r, "full-1")
	walks(t, r, first)()
	confirm(t, open(store), "incremental-2", noon.Add(time.Hour))
	published(t, store, "full-3")
	sees(t, r, "full-3")
	view, release, err := r.AcquireAt(t.Context(), first.ID)
	if err != nil || !view.Snapshot.Watermark.Equal(noon.Add(time.Hour)) {
		t.Errorf("%v, as of %v", err, view.Snapshot.Watermark)
	}
	release()
}

func TestAcquireAtFetchesOnce(t *testing.T) {
	t.Parallel()
	memory, _ := newStore()
	store := blobtest.NewFaulty(memory)
	all := published(t, memory, "full-1", "full-2", "full-3")
	r := newReplica(t, store)
	sees(t, r, "full-3")
	before := countFetches(store)
	var askers sync.WaitGroup
	for i := range 20 {
		askers.Go(func() {
			_, release, err := r.AcquireAt(context.Background(), all[i%2].ID)
			if err != nil {
				t.Error(err)
				return
			}
			release()
		})
	}
	askers.Wait()
	if n := countFetches(store) - before; n != 2 {
		t.Errorf("%d fetches of two snapshots", n)
	}
}

// In a synctest bubble, a goroutine or a timer that is left fails the test.
func TestIdleOlderSnapshotsAreClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, _ := newStore()
		all := func() (all []manifest.Snapshot) {
			c := manifest.New(store, 9, quota, quiet)
			for _, run := range []string{"full-1", "full-2", "full-3", "full-4"} {
				all = append(all, publish(t, c, sealed(t, run), run))
			}
			return all
		}()
		dir := t.TempDir()
		r := replica.New(open(store), dir, quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		sees(t, r, "full-4")
		used := walks(t, r, all[0])
		walks(t, r, all[1])()
		walks(t, r, all[2])() // one too many: the second goes, since the first is in use
		if n := len(entries(t, dir)); n != 3 {
			t.Errorf("%d files, want the current one and two older ones", n)
		}
		used()
		synctest.Wait()
		if n := len(entries(t, dir)); n != 3 {
			t.Errorf("%d files, want the current one and two older ones", n)
		}
		time.Sleep(4 * time.Minute)
		walks(t, r, all[2])()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := len(entries(t, dir)); n != 2 {
			t.Errorf("%d files after six minutes, want the current one and the one that was used", n)
		}
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		if n := len(entries(t, dir)); n != 1 {
			t.Errorf("%d files at last", n)
		}
		serves(t, r, "full-4")
	})
}
