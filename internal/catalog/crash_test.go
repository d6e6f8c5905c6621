package catalog_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/catalog"
	"voc/internal/snapshot"
)

// TestWhateverDiesReadersSeeOldOrNewAndTheNextPublicationConverges tries every write of a manifest, at every operation of it with every fault.
func TestWhateverDiesReadersSeeOldOrNewAndTheNextPublicationConverges(t *testing.T) {
	files := map[string]snapshot.Sealed{}
	for _, run := range []string{"full-0", "full-1", "full-2", "next", "last"} {
		files[run] = sealed(t, run)
	}
	publishing := func(ctx context.Context, c *catalog.Catalog, parent catalog.Nullable) (catalog.Run, error) {
		return c.Publish(ctx, publication(t, files["next"], receipt("next"), parent))
	}
	for name, cell := range map[string]crash{
		"the first publication": {history: 0, attempt: publishing},
		"one that deletes":      {history: 3, attempt: publishing},
		"a confirmation": {history: 1, attempt: func(ctx context.Context, c *catalog.Catalog, current catalog.Nullable) (catalog.Run, error) {
			return c.Confirm(ctx, receipt("next"), catalog.Confirmation{Snapshot: string(current), Watermark: noon.Add(time.Hour)})
		}},
		"a record of failure": {history: 1, attempt: func(ctx context.Context, c *catalog.Catalog, _ catalog.Nullable) (catalog.Run, error) {
			return c.Record(ctx, failed("next"))
		}},
	} {
		cell.files = files
		t.Run(name, blobtest.CrashMatrix{Fresh: cell.fresh, Run: cell.run, Check: cell.check}.Test)
	}
}

// crash is a store with a history, a reader that was there before, and a writer that may die.
type crash struct {
	files   map[string]snapshot.Sealed
	history int // publications, of which two are kept
	attempt func(ctx context.Context, c *catalog.Catalog, current catalog.Nullable) (catalog.Run, error)

	store  *blobtest.Memory
	clock  *clock
	reader *catalog.Replica
	before catalog.Manifest
	got    catalog.Run
	err    error
}

func (c *crash) fresh(t *testing.T) blob.Store {
	c.store, c.clock = newStore()
	for _, run := range []string{"full-0", "full-1", "full-2"}[:c.history] {
		publish(t, catalog.New(c.store, 2, quiet), c.files[run], run)
		overwrite(t, c.store, "snapshots/orphan.sqlite.zst", []byte("of a run that died"))
	}
	c.clock.Advance(25 * time.Hour)
	c.before = load(t, open(c.store))
	c.reader = catalog.NewReplica(open(c.store), t.TempDir(), quiet)
	c.serves(t, c.reader, c.before)
	return c.store
}

// run does what an engine does: it records the failure of what failed.
func (c *crash) run(t *testing.T, store blob.Store) {
	writer := catalog.New(store, 2, quiet)
	if c.got, c.err = c.attempt(t.Context(), writer, c.before.Current); c.err != nil {
		c.got, c.err = writer.Record(t.Context(), failed("next"))
	}
}

func (c *crash) check(t *testing.T, _ blob.Store) {
	defer c.reader.Close()
	m := load(t, open(c.store))
	if m.Current != c.before.Current && current(t, open(c.store)).Run != "next" {
		t.Errorf("current is %q, which was %q", m.Current, c.before.Current)
	}
	c.counts(t, m)
	newcomer := catalog.NewReplica(open(c.store), t.TempDir(), quiet)
	defer newcomer.Close()
	c.serves(t, c.reader, m)
	c.serves(t, newcomer, m)

	c.clock.Advance(25 * time.Hour)
	publish(t, catalog.New(c.store, 2, quiet), c.files["last"], "last")
	m = load(t, open(c.store))
	c.serves(t, c.reader, m)
	holds(t, c.store, "snapshots/", named(m))
}

// counts checks what the manifest tells of the attempt: once, or not at all if its process died.
func (c *crash) counts(t *testing.T, m catalog.Manifest) {
	t.Helper()
	i := slices.IndexFunc(m.Runs, func(run catalog.Run) bool { return run.ID == "next" })
	calls, told := c.before.CallsIn(noon), len(c.before.Runs)
	if i >= 0 {
		calls, told = calls+7, told+1
	}
	if m.CallsIn(noon) != calls || len(m.Runs) != told {
		t.Errorf("%d calls, want %d; receipts %q", m.CallsIn(noon), calls, runIDs(m))
	}
	switch {
	case i < 0 && c.err == nil:
		t.Errorf("the caller has %+v, the store has nothing", c.got)
	case i >= 0 && c.err == nil && m.Runs[i].Outcome != c.got.Outcome:
		t.Errorf("the caller has %s, the store has %s", c.got.Outcome, m.Runs[i].Outcome)
	case m.Current != c.before.Current && !m.Runs[i].Succeeded():
		t.Errorf("%s is current, and its run %s", m.Current, m.Runs[i].Outcome)
	}
}

// serves checks that a reader has exactly the snapshot that the manifest names.
func (c *crash) serves(t *testing.T, reader *catalog.Replica, m catalog.Manifest) {
	t.Helper()
	if err := reader.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	view, release := reader.Acquire()
	defer release()
	switch {
	case len(view.Warnings) > 0 || view.Snapshot.ID != string(m.Current):
		t.Errorf("%s is served, want %s; warnings %q", view.Snapshot.ID, m.Current, view.Warnings)
	case m.Current != "" && view.File.Meta().Run != view.Snapshot.Run:
		t.Errorf("the file of %s is served as %s", view.File.Meta().Run, view.Snapshot.ID)
	}
}

// named lists the keys that a manifest names, sorted.
func named(m catalog.Manifest) []string {
	keys := keysOf(m.Snapshots)
	for _, d := range m.Dropped {
		keys = append(keys, d.Key)
	}
	slices.Sort(keys)
	return keys
}
