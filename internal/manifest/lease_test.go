package manifest_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/blob/dirblob"
	"voc/internal/job"
	"voc/internal/manifest"
)

func isBusy(err error) bool {
	_, busy := errors.AsType[*job.BusyError](err)
	return busy
}

func TestAcquireHasOneWinner(t *testing.T) {
	t.Parallel()
	memory, _ := newStore()
	folder, err := dirblob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]blob.Store{"in memory": memory, "in a folder": folder} {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			winners, losers := make(chan job.Run, 16), make(chan error, 16)
			for i := range 16 {
				all.Go(func() {
					run, err := begin(t.Context(), open(store), begun(fmt.Sprint("full-", i)))
					if err == nil {
						winners <- run
					} else {
						losers <- err
					}
				})
			}
			all.Wait()
			if len(winners) != 1 || len(losers) != 15 {
				t.Fatalf("%d have the lease", len(winners))
			}
			winner := <-winners
			for range 15 {
				if err := <-losers; !isBusy(err) || !strings.Contains(err.Error(),
					"run "+winner.ID+" is running") {
					t.Errorf("error %v, and %s has it", err, winner.ID)
				}
			}
			if m := load(t, open(store)); m.Lease.Run.ID != winner.ID || m.Fence != winner.Fence ||
				winner.Fence != 1 {
				t.Errorf("manifest %+v, want the lease of %s and fence 1", m, winner.ID)
			}
		})
	}
}

func TestBusyErrorNamesHolder(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	leased(t, open(store), begun("full-1"))
	m, _, err := open(store).Acquire(t.Context(), base, job.Request{}, begun("full-2"))
	busy, ok := errors.AsType[*job.BusyError](err)
	if !ok || busy.Lease.Run.ID != "full-1" || busy.Lease.Accept || m.Lease == nil ||
		m.Lease.Run.ID != "full-1" {
		t.Fatalf("error %v with %+v", err, m)
	}
	host, _ := os.Hostname()
	says(t, err.Error(), "full-1", fmt.Sprintf("process %d of host %s", os.Getpid(), host))
}

// lasts checks that the lease of full-1 expires after d, and not a second before.
func lasts(t *testing.T, store *blobtest.Memory, clock *clock, d time.Duration) {
	t.Helper()
	clock.Advance(d - time.Second)
	if run, err := begin(t.Context(), open(store), begun("full-2")); !isBusy(err) {
		t.Fatalf("a second before its end %s has it, error %v", run.ID, err)
	}
	clock.Advance(time.Second)
	if _, err := begin(t.Context(), open(store), begun("full-2")); err != nil {
		t.Fatal(err)
	}
}

func TestLeaseExpires30sAfterRenewal(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	run := leased(t, open(store), begun("full-1"))
	for range 5 {
		clock.Advance(29 * time.Second)
		if err := open(store).Renew(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	lasts(t, store, clock, 30*time.Second)
}

// A receipt, a count and an attempt to acquire the lease write the manifest, or try to.
// None of them renews the lease.
func TestOtherWritesDoNotRenewLease(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	publish(t, open(store), bytesOf(t, "full-0"), "full-0")
	run := leased(t, open(store), begun("full-1"))
	clock.Advance(9 * time.Second)
	record(t, open(store), "other-1")
	clock.Advance(9 * time.Second)
	if err := open(store).Count(t.Context(), base, 3); err != nil {
		t.Fatal(err)
	}
	if err := open(store).Reap(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	// a renewal counts although they wrote
	if err := open(store).Renew(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	clock.Advance(20 * time.Second)
	record(t, open(store), "other-2")
	lasts(t, store, clock, 10*time.Second)
}

// The clock of a laptop that slept, or of a virtual machine that was moved, may be wrong.
func TestLeaseIgnoresHostClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, clock := newStore()
		run := leased(t, open(store), begun("full-1"))
		time.Sleep(24 * time.Hour)
		if _, err := begin(t.Context(), open(store), begun("full-2")); !isBusy(err) {
			t.Errorf("the store's clock stands, and the lease is over: %v", err)
		}
		run.Started, run.Finished = job.At(noon.AddDate(-10, 0, 0)), job.At(noon.AddDate(10, 0, 0))
		if err := open(store).Renew(t.Context(), run); err != nil {
			t.Error(err)
		}
		lasts(t, store, clock, 30*time.Second)
	})
}

func TestAbandonedRunFailsAndItsCallsCount(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	s := publish(t, c, bytesOf(t, "full-0"), "full-0")
	run := leased(t, c, begun("full-1"))
	clock.Advance(10 * time.Second)
	run.AirtableCalls, run.Pages, run.Read = 12, 11, 1100
	if err := c.Renew(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	clock.Advance(45 * time.Second)
	leased(t, c, begun("full-2"))
	m := load(t, c)
	got, ended := m.Receipt("full-1")
	// Five calls a second, for the ten seconds until the next renewal and one more.
	if !ended || got.Outcome != "failed" || got.AirtableCalls != 12+55 || got.Pages != 11 ||
		!got.Finished.Equal(clock.Now()) || m.CallsIn(noon) != 7+12+55 {
		t.Errorf("%+v; %d calls", got, m.CallsIn(noon))
	}
	host, _ := os.Hostname()
	says(t, string(got.Error), fmt.Sprintf("process %d of host %s", os.Getpid(), host),
		"stopped renewing its lease 45s ago", "run full-2 has taken over", "Nothing was published",
		"at most 67")
	if m.Current != job.Nullable(s.ID) || m.Lease.Run.ID != "full-2" || m.Fence != 3 {
		t.Errorf("manifest %+v, want the lease of full-2, fence 3 and snapshot %s", m, s.ID)
	}

	// The process lives after all, and its own count replaces the bound.
	run.AirtableCalls = 30
	fail(t, c, run)
	m = load(t, c)
	if got, _ := m.Receipt("full-1"); got.AirtableCalls != 30 || got.Error != "for a reason" ||
		m.CallsIn(noon) != 7+30 || len(m.Runs) != 2 {
		t.Errorf("%+v; %d calls", m.Runs, m.CallsIn(noon))
	}
	if m.Lease == nil || m.Lease.Run.ID != "full-2" {
		t.Errorf("its receipt ended the lease of another run: %+v", m.Lease)
	}
}

func TestFencedRunCannotPublish(t *testing.T) {
	t.Parallel()
	for name, loseIt := range map[string]func(t *testing.T, c *manifest.Store, clock *clock){
		"another run has taken over": func(t *testing.T, c *manifest.Store, clock *clock) {
			clock.Advance(30 * time.Second)
			leased(t, c, begun("full-2"))
		},
		"another run has been there": func(t *testing.T, c *manifest.Store, clock *clock) {
			clock.Advance(30 * time.Second)
			confirm(t, c, "full-2", noon)
		},
		"it was buried": func(t *testing.T, c *manifest.Store, clock *clock) {
			clock.Advance(30 * time.Second)
			if err := c.Reap(t.Context(), base); err != nil {
				t.Fatal(err)
			}
		},
		"another attempt of the same run has taken over": func(t *testing.T, c *manifest.Store,
			clock *clock) {
			clock.Advance(30 * time.Second)
			again := begun("full-1")
			again.Attempt = "another"
			leased(t, c, again)
		},
		"a rollback came in between": func(t *testing.T, c *manifest.Store, _ *clock) {
			rollback(t, c, "rollback-2", string(load(t, c).Current)) // the parent has not even moved
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, clock := newStore()
			c := open(store)
			s := publish(t, c, bytesOf(t, "full-0"), "full-0")
			run := leased(t, c, begun("full-1"))
			loseIt(t, c, clock)
			before := load(t, c)
			renewing := c.Renew(t.Context(), run)
			_, publishing := c.Publish(t.Context(), publication(t, bytesOf(t, "full-1"), run,
				job.Nullable(s.ID)))
			_, confirming := c.Confirm(t.Context(), run, manifest.Confirmation{Snapshot: s.ID,
				Watermark: noon.Add(time.Hour)})
			for _, err := range []error{renewing, publishing, confirming} {
				fails(t, err, job.ErrFenced)
			}
			if diff := cmp.Diff(before, load(t, c)); diff != "" {
				t.Error(diff)
			}
			run.AirtableCalls = 20
			made := 7 + 20
			for _, other := range before.Runs {
				if other.ID == "full-2" {
					made += other.AirtableCalls
				}
			}
			fail(t, c, run)
			m := load(t, c)
			if got, _ := m.Receipt("full-1"); got.AirtableCalls != 20 || m.CallsIn(noon) != made ||
				!cmp.Equal(m.Lease, before.Lease) || m.Current != before.Current {
				t.Errorf("%+v; %d calls, want %d", got, m.CallsIn(noon), made)
			}
		})
	}
}

func TestEndOfRunReleasesLease(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	ends := []func(run job.Run) error{
		func(run job.Run) error {
			_, err := c.Publish(t.Context(), publication(t, bytesOf(t, run.ID), run, ""))
			return err
		},
		func(run job.Run) error {
			_, err := c.Confirm(t.Context(), run, manifest.Confirmation{Snapshot: current(t, c).ID})
			return err
		},
		func(run job.Run) error { _, err := c.Record(t.Context(), run); return err },
	}
	for i, end := range ends {
		run := leased(t, c, begun(fmt.Sprint("full-", i)))
		run.Outcome = "failed"
		if err := end(run); err != nil || load(t, c).Lease != nil || run.Fence != int64(i+1) {
			t.Errorf("%d: error %v, lease %+v, number %d", i, err, load(t, c).Lease, run.Fence)
		}
		if err := c.Renew(t.Context(), run); err != nil || load(t, c).Lease != nil {
			t.Errorf("a renewal that comes late: %v", err)
		}
	}
}

func TestRenewStoresProgress(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	run := leased(t, c, begun("full-1"))
	run.Pages, run.AirtableCalls = 4, 5
	if err := c.Renew(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	lease, running, err := c.Running(t.Context())
	if err != nil || !running || lease.Run.Pages != 4 || lease.Run.AirtableCalls != 5 ||
		lease.Run.Fence != 1 {
		t.Errorf("%+v, %v, %v", lease, running, err)
	}
}
