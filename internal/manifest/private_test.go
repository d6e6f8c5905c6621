package manifest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
)

// versioned is a store that keeps old versions; it counts how often they were deleted.
type versioned struct {
	blob.Store
	deleted []string
}

// DeleteVersions implements blob.Versioned.
func (v *versioned) DeleteVersions(_ context.Context, prefix string) error {
	v.deleted = append(v.deleted, prefix)
	return nil
}

var hiding = feedback.Privacy{Fields: []string{"Secret"}}

// hidden publishes a snapshot that shows nothing of Secret.
func hidden(t *testing.T, c *manifest.Store, run string) manifest.Snapshot {
	t.Helper()
	p := publication(t, bytesOf(t, run), receipt(run), load(t, c).Current)
	p.Snapshot.Private = hiding
	if _, err := put(t.Context(), c, p); err != nil {
		t.Fatal(err)
	}
	return current(t, c)
}

// A snapshot that shows more than is allowed is dropped and deleted by the publication that
// follows, with the old versions of what was deleted before. Nothing rolls back to one.
func TestExposedSnapshotsArePurged(t *testing.T) {
	t.Parallel()
	memory, clock := newStore()
	faulty := blobtest.NewFaulty(memory)
	store := &versioned{Store: faulty}
	open := series(t, manifest.New(memory, 3, quota, quiet), clock, 4)
	c := manifest.New(store, 3, quota, quiet).Hiding(hiding)
	_, err := c.Rollback(t.Context(), base, receipt("rollback-1"), open[2].ID)
	fails(t, err, manifest.ErrExposed)
	faulty.Inject(blobtest.Fault{Kind: blobtest.Delete, Key: open[3].Parts[0].Key, N: 1,
		Effect: blobtest.Refused})
	first := hidden(t, c, "remap-1")
	m := load(t, c)
	if len(m.Snapshots) != 1 || m.Snapshots[0].ID != first.ID || len(m.Dropped) != 8 {
		t.Errorf("%d snapshots, %d dropped", len(m.Snapshots), len(m.Dropped))
	}
	holds(t, memory, "snapshots/", []string{open[3].Parts[0].Key, first.Parts[0].Key})
	if !slices.Equal(store.deleted, []string{"snapshots/"}) {
		t.Errorf("the versions below %q were deleted", store.deleted)
	}
	clock.Advance(time.Minute) // the deletion that failed is tried again
	second := hidden(t, c, "other-2")
	holds(t, memory, "snapshots/", []string{first.Parts[0].Key, second.Parts[0].Key})
	clock.Advance(2 * time.Hour)
	hidden(t, c, "other-3")
	if m := load(t, c); len(m.Dropped) != 0 || len(m.Snapshots) != 3 || len(store.deleted) != 2 {
		t.Errorf("dropped %v, %d snapshots, versions deleted %d times", m.Dropped, len(m.Snapshots),
			len(store.deleted))
	}
}

// A run that finds nothing new purges as well.
func TestConfirmPurgesExposedSnapshots(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	open := manifest.New(store, 3, quota, quiet)
	series(t, open, clock, 2)
	kept := hidden(t, open, "full-9")
	c := manifest.New(store, 3, quota, quiet).Hiding(hiding)
	confirm(t, c, "incremental-1", clock.Now())
	if m := load(t, c); len(m.Snapshots) != 1 || m.Snapshots[0].ID != kept.ID {
		t.Errorf("%d snapshots", len(m.Snapshots))
	}
	holds(t, store, "snapshots/", []string{kept.Parts[0].Key})
	if run, _ := load(t, c).Receipt("incremental-1"); run.SnapshotAfter != job.Nullable(kept.ID) {
		t.Errorf("receipt %+v, want the kept snapshot after it", run)
	}
}
