package replica_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// maxFiles is how many snapshots are on disk at most: the current one and two older ones.
const maxFiles = 3

// publishSix publishes six snapshots in a store that keeps them all.
func publishSix(t *testing.T, store blob.Store) (all []manifest.Snapshot) {
	t.Helper()
	c := manifest.New(store, 9, quota, quiet)
	for i := range 6 {
		run := fmt.Sprint("full-", i)
		all = append(all, publish(t, c, sealed(t, run), run))
	}
	return all
}

// Thirty clients read cursors of five older snapshots, and each takes its time.
func TestAcquireAtBoundsFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, _ := newStore()
		all := publishSix(t, memory)
		store, dir := blobtest.NewFaulty(memory), t.TempDir()
		r := replica.New(open(store), dir, quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		sees(t, r, "full-5")
		count := func(doing string) {
			if n := len(entries(t, dir)); n > maxFiles {
				t.Errorf("%d files %s, want at most %d", n, doing, maxFiles)
			}
		}
		slowFetch := func() { time.Sleep(time.Second); count("while one is fetched") }
		store.Inject(blobtest.Fault{Kind: blobtest.Get, Effect: blobtest.Before(slowFetch)})
		var clients sync.WaitGroup
		var mu sync.Mutex
		served, busy := 0, 0
		for i := range 30 {
			clients.Go(func() {
				_, release, err := r.AcquireAt(t.Context(), all[i%5].ID)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, replica.ErrBusy) {
					busy++
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				served++
				count("while clients read")
				time.AfterFunc(time.Minute, release)
			})
		}
		clients.Wait()
		if served != 12 || busy != 18 {
			t.Errorf("%d clients of 5 snapshots are served and %d are not, want 12 and 18", served, busy)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for _, s := range all[:5] { // one after the other, each is served
			walks(t, r, s)()
			count("after all clients have left")
		}
		serves(t, r, "full-5")
	})
}

// A snapshot that is retired stays on disk while a client reads it slowly, and counts.
func TestAcquireAtCountsRetiredFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, _ := newStore()
		all := publishSix(t, memory)
		dir := t.TempDir()
		r := replica.New(open(memory), dir, quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		sees(t, r, "full-5")
		_, release := r.Acquire()
		publish(t, manifest.New(memory, 9, quota, quiet), sealed(t, "full-6"), "full-6")
		sees(t, r, "full-6")
		defer walks(t, r, all[0])()
		if _, _, err := r.AcquireAt(t.Context(), all[1].ID); !errors.Is(err, replica.ErrBusy) {
			t.Errorf("error %v, want ErrBusy", err)
		}
		walks(t, r, all[0])() // it is open
		if n := len(entries(t, dir)); n != maxFiles {
			t.Errorf("%d files, want %d", n, maxFiles)
		}
		release()
		synctest.Wait()
		walks(t, r, all[1])()
		if n := len(entries(t, dir)); n != maxFiles {
			t.Errorf("%d files, want %d", n, maxFiles)
		}
	})
}

// A snapshot that is in use is not idle, however long that lasts.
func TestOlderSnapshotInUseStaysOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, _ := newStore()
		all := publishSix(t, memory)
		store, dir := blobtest.NewFaulty(memory), t.TempDir()
		r := replica.New(open(store), dir, quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		sees(t, r, "full-5")
		release := walks(t, r, all[0])
		time.Sleep(time.Hour)
		before := countFetches(store)
		walks(t, r, all[0])()
		if n := countFetches(store) - before; n != 0 {
			t.Errorf("it was fetched %d times while it was open", n)
		}
		release()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(entries(t, dir)); n != 1 {
			t.Errorf("%d files at last, want the current one", n)
		}
	})
}
