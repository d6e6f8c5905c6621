package replica_test

import (
	"testing"

	"voc/internal/feedback"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// A snapshot that shows more than is allowed is not served, and neither is an older one in its
// place. One that shows less is, and cursors on the others are gone.
func TestExposedSnapshotIsNotServed(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	private := feedback.Privacy{Fields: []string{"Secret"}}
	hide := func(run string) manifest.Snapshot {
		p := publication(t, sealed(t, run), receipt(run), load(t, c).Current)
		p.Snapshot.Private = private
		if _, err := put(t.Context(), c, p); err != nil {
			t.Fatal(err)
		}
		return current(t, c)
	}
	hidden := hide("full-1")
	exposed := publish(t, c, sealed(t, "full-2"), "full-2")
	r := replica.New(c, t.TempDir(), quiet).FetchFirst(snapshot.Serve).Hiding(private)
	defer r.Close()
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	view, release := r.Acquire()
	release()
	if view.File != nil || !view.Exposed() || view.Manifest.Current != "" && len(view.Warnings) != 1 {
		t.Errorf("%s is served; warnings %q", view.Snapshot.ID, view.Warnings)
	}
	_, _, err := r.AcquireAt(t.Context(), exposed.ID)
	fails(t, err, manifest.ErrNoSuchSnapshot)
	older, release, err := r.AcquireAt(t.Context(), hidden.ID)
	if err != nil || older.Snapshot.ID != hidden.ID {
		t.Errorf("%s: %v", older.Snapshot.ID, err)
	} else {
		release()
	}
	next := hide("full-3")
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	view, release = r.Acquire()
	release()
	if view.Snapshot.ID != next.ID || view.Exposed() || len(view.Warnings) > 0 {
		t.Errorf("%s is served; warnings %q", view.Snapshot.ID, view.Warnings)
	}
}
