package manifest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
)

// Each host of a store attempts a scheduled run, and retries it after a failure.
func TestAcquireRejectsSettledRun(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		outcome job.Outcome
		skipped bool // for the forecast of the quota
		settled bool
	}{
		{job.Published, false, true}, {job.Unchanged, false, true}, {job.Joined, false, true},
		{job.Refused, false, true}, {job.Held, true, true},
		{job.Failed, false, false}, {job.Fenced, false, false}, {job.RetryLater, false, false},
		{job.Held, false, false},
	} {
		t.Run(fmt.Sprint(row.outcome, " skipped ", row.skipped), func(t *testing.T) {
			store, _ := newStore()
			c := open(store)
			was := receipt("full-1")
			was.Outcome, was.Skipped = job.Nullable(row.outcome), row.skipped
			if _, err := c.Record(t.Context(), was); err != nil {
				t.Fatal(err)
			}
			before := load(t, c)
			m, _, err := c.Acquire(t.Context(), base, job.Request{}, attempt(begun("full-1"), "again"))
			if !row.settled {
				if err != nil {
					t.Error(err)
				}
				return
			}
			fails(t, err, job.ErrDone)
			if got, _ := m.Receipt("full-1"); !cmp.Equal(got, was) || !cmp.Equal(before, load(t, c)) {
				t.Errorf("it returns %+v; the store has %+v", got, load(t, c))
			}
		})
	}
}

// An attempt writes a receipt after another one ended the run: the receipt that settles
// the run stays, and all calls count.
func TestRecordOfOvertakenAttemptAddsOnlyCalls(t *testing.T) {
	t.Parallel()
	first := func(outcome job.Outcome, fence int64) job.Run {
		run := attempt(receipt("full-1"), "first")
		run.Outcome, run.Fence = job.Nullable(outcome), fence
		return run
	}
	for _, row := range []struct {
		name          string
		first, second job.Run
		stays         bool // the first one's
	}{
		{"a success, then one that had the lease before", first(job.Published, 5), first(job.Fenced, 4),
			true},
		{"a success, then one that never had it", first(job.Unchanged, 5), first(job.RetryLater, 0),
			true},
		{"a refusal, then one that never had the lease", first(job.Refused, 5), first(job.Failed, 0),
			true},
		{"one that has joined, then one that waited in vain", first(job.Joined, 0),
			first(job.RetryLater, 0), true},
		{"a failure, then one that had the lease before", first(job.Failed, 5), first(job.Fenced, 4),
			true},
		{"a failure, then one that had the lease later", first(job.Failed, 5), first(job.RetryLater, 6),
			false},
		{"a failure, then one that was not even begun", first(job.Failed, 5), first(job.Held, 0), false},
		{"one that waited in vain, then a success", first(job.RetryLater, 0), first(job.Published, 5),
			false},
		{"one that has joined, then a success that had the lease", first(job.Joined, 0),
			first(job.Published, 5), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			store, _ := newStore()
			c := open(store)
			second := attempt(row.second, "second")
			second.AirtableCalls = 2
			var got job.Run
			// written twice, counted once if it stays
			for _, run := range []job.Run{row.first, second, second} {
				var err error
				if got, err = c.Record(t.Context(), run); err != nil {
					t.Fatal(err)
				}
			}
			want, calls := second, 9
			if row.stays {
				want, calls = row.first, 11 // nothing is left of it to know it by
			}
			m := load(t, c)
			if kept, _ := m.Receipt("full-1"); !cmp.Equal(kept, want) || !cmp.Equal(got, want) ||
				m.CallsIn(noon) != calls || len(m.Runs) != 1 {
				t.Errorf("kept %+v, told %+v, want %+v; %d calls", kept, got, want, m.CallsIn(noon))
			}
		})
	}
}

// Of two attempts of a run, the later one has the lease. The earlier one, which was
// reaped, changes nothing when it returns.
func TestReturningAttemptKeepsLaterReceipt(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	first := leased(t, c, attempt(begun("full-1"), "first"))
	clock.Advance(30 * time.Second)
	second := leased(t, c, attempt(begun("full-1"), "second"))
	second.AirtableCalls = 7
	if _, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-1"), second, "")); err != nil {
		t.Fatal(err)
	}
	first.AirtableCalls = 20
	told := fail(t, c, first)
	m := load(t, c)
	kept, _ := m.Receipt("full-1")
	if kept.Outcome != "published" || !cmp.Equal(kept, told) || m.CallsIn(noon) < 27 ||
		len(m.Runs) != 1 {
		t.Errorf("kept %+v, told %+v, %d calls", kept, told, m.CallsIn(noon))
	}
	_, _, err := c.Acquire(t.Context(), base, job.Request{}, attempt(begun("full-1"), "third"))
	fails(t, err, job.ErrDone)
}

// The response to acquiring the lease may be lost, and then the store too. The host does
// not know its fencing number, and must not make others wait all the same.
func TestRecordReleasesUnknownLease(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	faulty.Inject(blobtest.Fault{Kind: blobtest.Replace, N: 1, Effect: blobtest.Applied},
		blobtest.Fault{Kind: blobtest.GetIfChanged, N: 2, Effect: blobtest.Refused})
	run, err := begin(t.Context(), open(faulty), begun("full-1"))
	fails(t, err, blobtest.ErrInjected)
	if lease := load(t, open(store)).Lease; lease == nil || lease.Run.ID != "full-1" {
		t.Fatalf("the lease is %+v", lease)
	}
	run.Fence = 0
	fail(t, open(faulty), run)
	if m := load(t, open(store)); m.Lease != nil || len(m.Runs) != 1 {
		t.Errorf("manifest %+v, want one run and no lease", m)
	}
}

// An attempt holds the lease: another attempt of the same run waits.
func TestAcquireByAnotherAttemptIsBusy(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	run := leased(t, c, attempt(begun("full-1"), "first"))
	if _, err := begin(t.Context(), c, attempt(begun("full-1"), "second")); !isBusy(err) {
		t.Errorf("error %v", err)
	}
	if again, err := begin(t.Context(), c, attempt(begun("full-1"), "first")); err != nil ||
		!cmp.Equal(again, run) || load(t, c).Generation != 1 {
		t.Errorf("its own, asked for again: %+v, error %v", again, err)
	}
	fail(t, c, attempt(begun("full-1"), "second"))
	if m := load(t, c); m.Lease == nil || m.Lease.Run.Attempt != "first" {
		t.Errorf("the lease is %+v", m.Lease)
	}
}

func TestAcquireRejectsForeignStore(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	publish(t, c, bytesOf(t, "full-1"), "full-1")
	before := load(t, c)
	_, _, err := c.Acquire(t.Context(), "appOther", job.Request{Accept: true}, begun("full-2"))
	fails(t, err, manifest.ErrForeign)
	if diff := cmp.Diff(before, load(t, c)); diff != "" {
		t.Error(diff)
	}
}
