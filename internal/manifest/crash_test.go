package manifest_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// TestPublishIsAtomicUnderCrash tries each fault at each operation of each act that
// writes the manifest.
func TestPublishIsAtomicUnderCrash(t *testing.T) {
	t.Parallel()
	files := map[string]snapshot.Sealed{}
	first := sealed(t, "full-0")
	for _, run := range []string{"full-0", "full-1", "full-2", "next", "last"} {
		files[run] = edited(t, first, run)
	}
	publishing := func(ctx context.Context, c *manifest.Store, run job.Run,
		m manifest.Manifest) (job.Run, error) {
		return c.Publish(ctx, publication(t, files["next"], run, m.Current))
	}
	editing := func(ctx context.Context, c *manifest.Store, run job.Run,
		m manifest.Manifest) (job.Run, error) {
		return publishAfter(ctx, c, m, publication(t, files["next"], run, m.Current))
	}
	sharing := func(ctx context.Context, c *manifest.Store, run job.Run,
		m manifest.Manifest) (job.Run, error) {
		file := files["next"]
		file.Parts = maps.Clone(file.Parts)
		file.Parts[snapshot.Sources] = files["full-2"].Parts[snapshot.Sources]
		return publishAfter(ctx, c, m, publication(t, file, run, m.Current))
	}
	beginning := func(ctx context.Context, c *manifest.Store, run job.Run,
		_ manifest.Manifest) (job.Run, error) {
		return begin(ctx, c, run)
	}
	rollingBack := func(ctx context.Context, c *manifest.Store, run job.Run,
		_ manifest.Manifest) (job.Run, error) {
		return c.Rollback(ctx, base, run, job.Previous)
	}
	for name, cell := range map[string]crash{
		"acquire: the first lease":         {attempt: beginning},
		"acquire: a lease":                 {history: 1, attempt: beginning},
		"acquire: over from a dead holder": {history: 1, dead: true, attempt: beginning},
		"publish: the first":               {leased: true, attempt: publishing},
		"publish: one that deletes":        {history: 3, leased: true, attempt: publishing},
		"publish: the first delta":         {history: 1, leased: true, attempt: editing},
		"publish: a delta that deletes":    {history: 3, edits: true, leased: true, attempt: editing},
		"publish: a part that is shared":   {history: 3, edits: true, leased: true, attempt: sharing},
		"publish: a delta after a rollback": {history: 3, edits: true, back: true, leased: true,
			attempt: editing},
		"rollback":                             {history: 3, attempt: rollingBack},
		"rollback: to a delta":                 {history: 3, edits: true, attempt: rollingBack},
		"rollback: of a run under way":         {history: 3, alive: true, attempt: rollingBack},
		"rollback: after a run that died":      {history: 3, dead: true, attempt: rollingBack},
		"record: a failure that had the lease": {history: 1, leased: true, attempt: recording},
		"record: a failure that never had it":  {history: 1, alive: true, attempt: recording},
		"confirm": {history: 1, leased: true, attempt: func(ctx context.Context, c *manifest.Store,
			run job.Run, m manifest.Manifest) (job.Run, error) {
			return c.Confirm(ctx, run, manifest.Confirmation{Snapshot: string(m.Current),
				Watermark: noon.Add(time.Hour)})
		}},
		"renew": {history: 1, leased: true, attempt: func(ctx context.Context, c *manifest.Store,
			run job.Run, _ manifest.Manifest) (job.Run, error) {
			run.Pages = 5
			return run, c.Renew(ctx, run)
		}},
		"bury": {history: 1, dead: true, attempt: func(ctx context.Context, c *manifest.Store,
			run job.Run, m manifest.Manifest) (job.Run, error) {
			if err := c.Reap(ctx, base); err != nil {
				return run, err
			}
			return recording(ctx, c, run, m)
		}},
		"count": {history: 1, counts: 3, attempt: func(ctx context.Context, c *manifest.Store,
			run job.Run, _ manifest.Manifest) (job.Run, error) {
			return run, c.Count(ctx, base, 3)
		}},
	} {
		cell.files = files
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blobtest.CrashMatrix(cell.attemptOn).Test(t)
		})
	}
}

// publishAfter publishes as a refresh does, which has fetched the current snapshot.
func publishAfter(ctx context.Context, c *manifest.Store, m manifest.Manifest,
	p manifest.Publication) (job.Run, error) {
	s, _ := m.CurrentSnapshot()
	for _, part := range s.Parts {
		local, err := c.Fetch(ctx, s, part.Kind, p.Dir)
		if err != nil {
			return p.Run, err
		}
		p.Parent = append(p.Parent, local)
	}
	return c.Publish(ctx, p)
}

func recording(ctx context.Context, c *manifest.Store, run job.Run, _ manifest.Manifest) (job.Run,
	error) {
	run.Outcome, run.Error = "failed", "for a reason"
	return c.Record(ctx, run)
}

// crash is a store with a history, a reader with an open snapshot, and a writer that may
// die.
type crash struct {
	files   map[string]snapshot.Sealed
	history int  // publications, of which one a day and two are kept
	edits   bool // all but the first are deltas
	back    bool // the last but one is current again
	dead    bool // another run has the lease, and nothing was heard of it for a day
	alive   bool // another run has the lease
	leased  bool // the writer has it
	counts  int  // calls that no receipt tells of
	attempt func(ctx context.Context, c *manifest.Store, next job.Run, m manifest.Manifest) (job.Run,
		error)

	store  *blobtest.Memory
	clock  *clock
	reader *replica.Replica
	before manifest.Manifest
	next   job.Run
	got    job.Run
	err    error
}

// attemptOn returns a store with that history, and the attempt on it.
func (c crash) attemptOn(t *testing.T) blobtest.Attempt {
	c.fresh(t)
	return blobtest.Attempt{
		Store: c.store,
		Run:   func(store blob.Store) { c.run(t, store) },
		Check: func() { c.check(t) },
	}
}

func (c *crash) fresh(t *testing.T) {
	c.store, c.clock = newStore()
	writer := manifest.New(c.store, 2, quota, quiet)
	for _, run := range []string{"full-0", "full-1", "full-2"}[:c.history] {
		c.publish(t, writer, run)
		overwrite(t, c.store, "snapshots/orphan.sqlite.zst", []byte("of a run that died"))
		overwrite(t, c.store, "sources/orphan.sqlite.zst", []byte("of a run that died"))
	}
	if c.back {
		rollback(t, writer, "rollback-3", job.Previous)
	}
	if c.dead {
		leased(t, writer, begun("other"))
	}
	c.clock.Advance(25 * time.Hour)
	if c.alive {
		leased(t, writer, begun("other"))
	}
	c.next = receipt("next")
	if c.leased {
		c.next = leased(t, writer, c.next)
	}
	c.before = load(t, writer)
	c.reader = replica.New(open(c.store), t.TempDir(), quiet).FetchFirst(snapshot.Serve)
	c.serves(t, c.reader, c.before)
}

func (c *crash) publish(t *testing.T, writer *manifest.Store, run string) {
	if c.edits {
		publishEdit(t, writer, c.files[run], run)
	} else {
		publish(t, writer, c.files[run], run)
	}
}

// run does what an engine does: it records a failure.
func (c *crash) run(t *testing.T, store blob.Store) {
	writer := manifest.New(store, 2, quota, quiet)
	if c.got, c.err = c.attempt(t.Context(), writer, c.next, c.before); c.err != nil {
		c.got, c.err = recording(t.Context(), writer, c.next, c.before)
	}
}

func (c *crash) check(t *testing.T) {
	defer c.reader.Close()
	m := load(t, open(c.store))
	c.tells(t, m)
	c.adds(t, m)
	newcomer := replica.New(open(c.store), t.TempDir(), quiet).FetchFirst(snapshot.Serve)
	defer newcomer.Close()
	c.serves(t, c.reader, m)
	c.serves(t, newcomer, m)

	c.clock.Advance(25 * time.Hour)
	c.publish(t, manifest.New(c.store, 2, quota, quiet), "last")
	last := load(t, open(c.store))
	c.serves(t, c.reader, last)
	holds(t, c.store, allParts, named(last))
	c.adds(t, last)
	if m.Lease != nil {
		if _, ended := last.Receipt(m.Lease.Run.ID); !ended || last.Lease != nil {
			t.Errorf("run %s has left no receipt, and the lease is %+v", m.Lease.Run.ID, last.Lease)
		}
	}
}

// tells checks that the receipt that was returned is true, and that the last success is
// current.
func (c *crash) tells(t *testing.T, m manifest.Manifest) {
	t.Helper()
	kept, ended := m.Receipt("next")
	switch {
	case c.err == nil && c.got.Outcome != "" && (!ended || kept.Outcome != c.got.Outcome):
		t.Errorf("the caller has %s, the store has %q", c.got.Outcome, kept.Outcome)
	case c.err == nil && c.got.Outcome == "" && c.got.Fence > 0 &&
		(m.Lease == nil || !cmp.Equal(m.Lease.Run, c.got)):
		t.Errorf("the caller has the lease as %+v, and it is %+v", c.got, m.Lease)
	case kept.Succeeded() && m.Current != kept.SnapshotAfter:
		t.Errorf("the run ended with %s, and %s is current", kept.SnapshotAfter, m.Current)
	case !kept.Succeeded() && m.Current != c.before.Current:
		t.Errorf("%s is current, which was %s, and the run ended %q", m.Current, c.before.Current,
			kept.Outcome)
	}
}

// adds checks that each run has one receipt, and that the calls are those of the
// receipts. Calls without a receipt may be counted twice, but are never lost.
func (c *crash) adds(t *testing.T, m manifest.Manifest) {
	t.Helper()
	calls := 0
	for _, run := range m.Runs {
		calls += run.AirtableCalls
	}
	if ids := runIDs(m); len(slices.Compact(slices.Sorted(slices.Values(ids)))) != len(ids) {
		t.Errorf("receipts %q", ids)
	}
	least := 0
	if c.err == nil && c.got.Outcome == "" {
		least = c.counts
	}
	if got := m.CallsIn(noon) - calls; got < least || got > 2*c.counts {
		t.Errorf("%d calls beside the %d that the receipts tell of", got, calls)
	}
}

// serves checks that a reader has the snapshot that is current in the manifest.
func (c *crash) serves(t *testing.T, reader *replica.Replica, m manifest.Manifest) {
	t.Helper()
	if err := reader.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	view, release := reader.Acquire()
	defer release()
	var meta snapshot.Meta
	if m.Current != "" {
		var err error
		if meta, err = view.File.Meta(t.Context()); err != nil {
			t.Error(err)
		}
	}
	switch {
	case len(view.Warnings) > 0 || view.Snapshot.ID != string(m.Current):
		t.Errorf("%s is served, want %s; warnings %q", view.Snapshot.ID, m.Current, view.Warnings)
	case m.Current != "" && meta.Run != view.Snapshot.Run:
		t.Errorf("the file of %s is served as %s", meta.Run, view.Snapshot.ID)
	}
}
