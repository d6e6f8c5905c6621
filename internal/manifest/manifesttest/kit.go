package manifesttest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// Key is the manifest's key; Base is the base that the stores belong to.
const (
	Key  = "manifest.json"
	Base = "appFeedback000001"
)

// Values of the stores, runs and publications of this package.
var (
	Owner = manifest.Owner{Base: Base, TableID: "tblLeadBugs000001", TableName: "Lead Bugs"}
	Noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	Quota = job.Quota{PageSize: 100, PerSecond: 5}
	Quiet = slog.New(slog.DiscardHandler)
)

// Clock is a store's clock, which only the test advances.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// NewStore returns an empty store in memory and its clock, which is at Noon.
func NewStore() (*blobtest.Memory, *Clock) {
	c := &Clock{now: Noon}
	return blobtest.NewMemory(c.Now), c
}

// Open returns a manifest store that retains three snapshots.
func Open(store blob.Store) *manifest.Store { return manifest.New(store, 3, Quota, Quiet) }

// Receipt returns the receipt of a run that a person requested and that made seven calls.
func Receipt(id string) job.Run {
	return job.Run{
		ID: id, Mode: job.Full, Trigger: job.TriggerCLI, Attempt: "attempt-" + id,
		Started: job.At(Noon), Finished: job.At(Noon.Add(time.Minute)), AirtableCalls: 7,
	}
}

// Failed returns the receipt of a run that failed.
func Failed(id string) job.Run {
	run := Receipt(id)
	run.Outcome, run.Error = "failed", "for a reason"
	return run
}

// Scheduled returns the receipt of a scheduled run.
func Scheduled(id string) job.Run {
	run := Receipt(id)
	run.Trigger = job.TriggerSchedule
	return run
}

// Begin acquires the lease for a run.
func Begin(ctx context.Context, c *manifest.Store, run job.Run) (job.Run, error) {
	_, leased, err := c.Acquire(ctx, Base, job.Request{}, run)
	return leased, err
}

// Leased acquires the lease for a run and returns the run with its fencing number.
func Leased(t testing.TB, c *manifest.Store, run job.Run) job.Run {
	t.Helper()
	run, err := Begin(t.Context(), c, run)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// Fail records the failure of a run, with or without the lease, and returns the stored
// receipt.
func Fail(t testing.TB, c *manifest.Store, run job.Run) job.Run {
	t.Helper()
	run.Outcome, run.Error = "failed", "for a reason"
	got, err := c.Record(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Put acquires the lease for a run and publishes.
func Put(ctx context.Context, c *manifest.Store, p manifest.Publication) (run job.Run, err error) {
	if p.Run, err = Begin(ctx, c, p.Run); err != nil {
		return p.Run, err
	}
	return c.Publish(ctx, p)
}

// Publication returns what makes file current after parent.
func Publication(
	t testing.TB, file snapshot.Sealed, run job.Run, parent job.Nullable,
) manifest.Publication {
	return manifest.Publication{
		Owner: Owner, Sealed: file, Run: run, Dir: t.TempDir(),
		Snapshot: manifest.Snapshot{
			Parent: parent, CreatedAt: job.At(Noon),
			Watermark: job.At(Noon), DeletesConfirmedAt: job.At(Noon),
		},
	}
}

// Publish makes file current after the current snapshot.
func Publish(t testing.TB, c *manifest.Store, file snapshot.Sealed, run string) manifest.Snapshot {
	t.Helper()
	publication := Publication(t, file, Receipt(run), Load(t, c).Current)
	if _, err := Put(t.Context(), c, publication); err != nil {
		t.Fatal(err)
	}
	return Current(t, c)
}

// PublishEdit makes file current after the current snapshot as a refresh does, which has fetched
// that one.
func PublishEdit(
	t testing.TB, c *manifest.Store, file snapshot.Sealed, run string,
) manifest.Snapshot {
	t.Helper()
	publication := Publication(t, file, Receipt(run), Load(t, c).Current)
	publication.Parent = Fetched(t, c)
	if _, err := Put(t.Context(), c, publication); err != nil {
		t.Fatal(err)
	}
	return Current(t, c)
}

// Fetched fetches all parts of the current snapshot; it returns nil if there is none.
func Fetched(t testing.TB, c *manifest.Store) (parts []manifest.Local) {
	t.Helper()
	current, _ := Load(t, c).CurrentSnapshot() // zero has no parts
	for _, part := range current.Parts {
		local, err := c.Fetch(t.Context(), current, part.Kind, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, local)
	}
	return parts
}

// Confirm acquires the lease for a run and confirms the current snapshot up to a time.
func Confirm(t testing.TB, c *manifest.Store, run string, upTo time.Time) {
	t.Helper()
	what := manifest.Confirmation{Snapshot: string(Load(t, c).Current), Watermark: upTo}
	if _, err := c.Confirm(t.Context(), Leased(t, c, Receipt(run)), what); err != nil {
		t.Fatal(err)
	}
}

// Rollback makes an older snapshot current.
func Rollback(t testing.TB, c *manifest.Store, id, to string) job.Run {
	t.Helper()
	run := Receipt(id)
	run.Mode, run.AirtableCalls = job.Rollback, 0
	run, err := c.Rollback(t.Context(), Base, run, to)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// Load returns the manifest.
func Load(t testing.TB, c *manifest.Store) manifest.Manifest {
	t.Helper()
	m, err := c.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Current returns the current snapshot.
func Current(t testing.TB, c *manifest.Store) manifest.Snapshot {
	t.Helper()
	s, err := Load(t, c).CurrentSnapshot()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// RunIDs lists the ids of the receipts, in their order.
func RunIDs(m manifest.Manifest) (ids []string) {
	for _, run := range m.Runs {
		ids = append(ids, run.ID)
	}
	return ids
}

// Attempt returns a run as one of several attempts.
func Attempt(run job.Run, name string) job.Run {
	run.Attempt = name
	return run
}

// Begun returns a run at its start: no page, no call.
func Begun(id string) job.Run {
	run := Receipt(id)
	run.Finished, run.AirtableCalls = job.Time{}, 0
	return run
}
