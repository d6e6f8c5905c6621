package replica_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

func looks(log []blobtest.Op) (n int) {
	for _, op := range log {
		if op.Key == manifestKey {
			n++
		}
	}
	return n
}

func TestSyncIfOlderRespectsAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, _ := newStore()
		publish(t, open(store), sealed(t, "full-1"), "full-1")
		faulty := blobtest.NewFaulty(store)
		r := replica.New(open(faulty), t.TempDir(), quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		want := 0
		step := func(wait time.Duration, looked int) {
			t.Helper()
			time.Sleep(wait)
			if err := r.SyncIfOlder(t.Context(), 15*time.Second); err != nil &&
				!errors.Is(err, blobtest.ErrInjected) {
				t.Error(err)
			}
			if want += looked; looks(faulty.Log()) != want {
				t.Errorf("%d looks, want %d", looks(faulty.Log()), want)
			}
		}
		step(0, 1)
		step(15*time.Second-1, 0)
		step(1, 1)
		faulty.Inject(blobtest.Fault{Kind: blobtest.GetIfChanged, N: 1, Effect: blobtest.Refused})
		step(15*time.Second, 1) // a store that is down is not asked for each request either
		step(14*time.Second, 0)
		step(time.Second, 1)
	})
}

// A run that is active publishes at any moment, until its lease expires after 30 seconds.
func TestSyncIfOlderLooksMoreOftenDuringRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		faulty := blobtest.NewFaulty(blobtest.NewMemory(nil))
		publish(t, open(faulty), sealed(t, "full-1"), "full-1")
		leased(t, open(faulty), begun("full-2"))
		r := replica.New(open(faulty), t.TempDir(), quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		sees(t, r, "full-1")
		before, expected := looks(faulty.Log()), 0
		for second := 1; second <= 60; second++ {
			time.Sleep(time.Second)
			if second < 30 && second%2 == 0 || second == 43 || second == 58 {
				expected++
			}
			if err := r.SyncIfOlder(t.Context(), 15*time.Second); err != nil {
				t.Error(err)
			}
			if n := looks(faulty.Log()) - before; n != expected {
				t.Fatalf("after %d s: %d looks, want %d", second, n, expected)
			}
		}
	})
}

func TestCanceledSyncIsNotAWarning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, _ := newStore()
		faulty := blobtest.NewFaulty(store)
		r := replica.New(open(faulty), t.TempDir(), quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		publish(t, open(store), sealed(t, "full-1"), "full-1")
		sees(t, r, "full-1")
		publish(t, open(store), sealed(t, "full-2"), "full-2")
		time.Sleep(time.Minute)
		ctx, leave := context.WithCancel(t.Context())
		faulty.Inject(blobtest.Fault{Kind: blobtest.Get, N: 1, Effect: blobtest.Before(leave)})
		fails(t, r.SyncIfOlder(ctx, 15*time.Second), context.Canceled)
		hasNoWarnings(t, serves(t, r, "full-1"))
		if err := r.SyncIfOlder(t.Context(), 15*time.Second); err != nil {
			t.Error(err)
		}
		hasNoWarnings(t, serves(t, r, "full-2"))
	})
}

// A reader whose view is fresh enough does not wait for a fetch, unless there is nothing
// to serve yet.
func TestFetchDoesNotBlockReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, _ := newStore()
		faulty := blobtest.NewFaulty(store)
		r := replica.New(open(faulty), t.TempDir(), quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		for _, run := range []string{"full-1", "full-2"} {
			publish(t, open(store), sealed(t, run), run)
			fetching, arrived := make(chan struct{}), make(chan struct{})
			faulty.Inject(blobtest.Fault{Kind: blobtest.Get, N: 1,
				Effect: blobtest.Before(func() { close(fetching); <-arrived })})
			var all sync.WaitGroup
			all.Go(func() { _ = r.Sync(t.Context()) })
			<-fetching
			answered := make(chan replica.View, 3)
			for range 3 {
				all.Go(func() {
					_ = r.SyncIfOlder(t.Context(), 15*time.Second)
					view, release := r.Acquire()
					defer release()
					answered <- view
				})
			}
			synctest.Wait()
			if got, want := len(answered), map[string]int{"full-1": 0, "full-2": 3}[run]; got != want {
				t.Errorf("while %s is fetched, %d are answered, want %d", run, got, want)
			}
			close(arrived)
			all.Wait()
			close(answered)
			for view := range answered {
				if view.Snapshot.Run != "full-1" {
					t.Errorf("answered from %q", view.Snapshot.Run)
				}
			}
			serves(t, r, run)
		}
	})
}

// Two requests come at once after an hour without any. Another host has published.
func TestSyncIfOlderWaitsForAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, _ := newStore()
		faulty := blobtest.NewFaulty(store)
		r := replica.New(open(faulty), t.TempDir(), quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		publish(t, open(store), sealed(t, "full-1"), "full-1")
		sees(t, r, "full-1")
		publish(t, open(store), sealed(t, "full-2"), "full-2")
		time.Sleep(time.Hour)
		before := looks(faulty.Log())
		faulty.Inject(blobtest.Fault{Kind: blobtest.Get, N: 1,
			Effect: blobtest.Before(func() { time.Sleep(2 * time.Second) })})
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := r.SyncIfOlder(t.Context(), 15*time.Second); err != nil {
					t.Error(err)
				}
				serves(t, r, "full-2")
			})
		}
		both.Wait()
		if n := looks(faulty.Log()) - before; n != 1 {
			t.Errorf("the store was read %d times for two requests, want once", n)
		}
	})
}

// A store that does not respond delays requests until the budget of one look is used up,
// and then none, while the look goes on.
func TestHungStoreDelaysRequestsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const budget = 10 * time.Second
		store, _ := newStore()
		faulty := blobtest.NewFaulty(store)
		r := replica.New(open(faulty), t.TempDir(), quiet).FetchFirst(snapshot.Serve)
		defer r.Close()
		publish(t, open(store), sealed(t, "full-1"), "full-1")
		sees(t, r, "full-1")
		time.Sleep(time.Hour)
		faulty.Inject(blobtest.Fault{Kind: blobtest.GetIfChanged, Effect: blobtest.Hung})
		var looking sync.WaitGroup
		look, end := context.WithTimeout(t.Context(), time.Minute)
		defer end()
		looking.Go(func() { _ = r.SyncIfOlder(look, 15*time.Second) })
		synctest.Wait()
		wait := func(ctx context.Context) time.Duration {
			began := time.Now()
			err := r.SyncIfOlder(ctx, 15*time.Second)
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			serves(t, r, "full-1")
			return time.Since(began)
		}
		impatient, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		if waited := wait(impatient); waited != time.Second {
			t.Errorf("a request with a second waits %v", waited)
		}
		if waited := wait(t.Context()); waited != budget-time.Second {
			t.Errorf("a request waits %v, want %v", waited, budget-time.Second)
		}
		for range 9 {
			if waited := wait(t.Context()); waited != 0 {
				t.Errorf("a later request waits %v", waited)
			}
		}
		looking.Wait()
		if waited := wait(t.Context()); waited != 0 {
			t.Errorf("a request after the failed look waits %v", waited)
		}
	})
}

func TestFirstSyncCanBeCanceled(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	publish(t, open(store), sealed(t, "full-1"), "full-1")
	faulty := blobtest.NewFaulty(store)
	r := newReplica(t, faulty)
	gone, leave := context.WithCancel(t.Context())
	leave()
	faulty.Inject(blobtest.Fault{Kind: blobtest.Get, N: 1, Effect: blobtest.Before(func() {
		fails(t, r.SyncIfOlder(gone, 0), context.Canceled)
		fails(t, r.Sync(gone), context.Canceled)
	})})
	hasNoWarnings(t, sees(t, r, "full-1"))
}

// Two processes publish, mostly deltas, and two serve. Eight readers check that each view is of
// one publication.
func TestConcurrentReadersAndPublishers(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	madeBy := map[string]string{} // digest → run
	var files []manifest.Publication
	first := sealed(t, "content-0")
	for i := range 4 {
		file := edited(t, first, fmt.Sprint("content-", i))
		madeBy[file.Parts[snapshot.Serve].SHA256] = fmt.Sprint("content-", i)
		files = append(files, publication(t, file, job.Run{}, ""))
	}
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for w := range 2 {
		writers.Go(func() {
			for i := range 10 {
				publishUntilDone(t, store, files[(i+w)%len(files)], fmt.Sprintf("full-%d-%02d", w, i))
			}
		})
	}
	replicas := []*replica.Replica{newReplica(t, store), newReplica(t, store)}
	for n := range 8 {
		readers.Go(func() {
			last := int64(0)
			for {
				view := readOnce(t, replicas[n%2], madeBy)
				if view.Manifest.Generation < last {
					t.Errorf("generation %d after %d", view.Manifest.Generation, last)
				}
				last = view.Manifest.Generation
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	m := load(t, open(store))
	if len(m.Runs) != 20 || m.CallsIn(noon) != 20 {
		t.Errorf("%d receipts, %d calls of 20 publications", len(m.Runs), m.CallsIn(noon))
	}
	holds(t, store, allParts, slices.Compact(named(m)))
}

// publishUntilDone retries while another process holds the lease.
func publishUntilDone(t *testing.T, store blob.Store, p manifest.Publication, run string) {
	c := open(store)
	for {
		m, leased, err := c.Acquire(t.Context(), base, job.Request{}, job.Run{
			ID: run, Attempt: run, Mode: job.Full, Trigger: job.TriggerCLI, Started: job.At(noon),
			AirtableCalls: 1,
		})
		if err == nil {
			p.Run, p.Snapshot.Parent, p.Parent = leased, m.Current, nil
			s, _ := m.CurrentSnapshot() // zero has no parts
			for _, part := range s.Parts {
				local, err := c.Fetch(t.Context(), s, part.Kind, t.TempDir())
				if err != nil {
					t.Error(err)
				}
				p.Parent = append(p.Parent, local)
			}
			_, err = c.Publish(t.Context(), p)
		}
		if _, busy := errors.AsType[*job.BusyError](err); !busy {
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}

func readOnce(t *testing.T, r *replica.Replica, madeBy map[string]string) replica.View {
	if err := r.SyncIfOlder(t.Context(), 0); err != nil {
		t.Error(err)
	}
	view, release := r.Acquire()
	defer release()
	if view.File == nil {
		return view
	}
	if view.Snapshot.ID != string(view.Manifest.Current) ||
		runOf(t, view) != madeBy[view.Snapshot.Part(snapshot.Serve).SHA256] || len(view.Warnings) > 0 {
		t.Errorf("%s is served with the file of %s; current is %s; warnings %q", view.Snapshot.ID,
			runOf(t, view), view.Manifest.Current, view.Warnings)
	}
	reads(t, view)
	return view
}
