package refresh_test

import (
	"fmt"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/manifest/manifesttest"
)

// TestAudit: one call, which is counted, compares records with the snapshot. Records that were
// modified or deleted since are left out, and one that a refresh missed is found.
func TestAudit(t *testing.T) {
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	id := w.Records()[0].ID
	for _, step := range []struct {
		name      string
		do        func()
		checked   int
		differing int
	}{
		{"nothing changed", func() { w.clock.Advance(time.Hour) }, 3, 0},
		{"edited since", func() { w.Update(id, map[string]any{"Notes": "edited"}) }, 2, 0},
		{"missed", func() { w.confirmLater(time.Hour) }, 3, 1},
		{"deleted since", func() { w.Delete(id) }, 2, 0},
	} {
		step.do()
		before := w.manifest().CallsIn(w.clock.Now())
		checked, differing, err := w.engine(w.store).Audit(t.Context())
		if err != nil || checked != step.checked || differing != step.differing {
			t.Errorf("%s: %d checked, %d differ, %v", step.name, checked, differing, err)
		}
		if calls := w.manifest().CallsIn(w.clock.Now()) - before; calls != 1 {
			t.Errorf("%s: %d calls are counted", step.name, calls)
		}
	}
}

// TestAuditOfEmptyStore also covers a month without a call left: there is nothing to compare.
func TestAuditOfEmptyStore(t *testing.T) {
	w := newWorld(t, airtablesim.Config{})
	if checked, _, err := w.engine(w.store).Audit(t.Context()); checked != 0 || err != nil {
		t.Errorf("%d, %v", checked, err)
	}
	w.must(job.Full, job.Published)
	w.cap = 1
	if _, _, err := w.engine(w.store).Audit(t.Context()); err == nil {
		t.Error("a call beyond AIRTABLE_MONTHLY_CALLS")
	}
}

// confirmLater confirms the current snapshot some time later, as a refresh would that has missed
// what was edited before.
func (w *world) confirmLater(d time.Duration) {
	w.t.Helper()
	w.clock.Advance(d)
	store := manifest.New(w.store, 3, quota, manifesttest.Quiet)
	run := manifesttest.Receipt(fmt.Sprint("later-", w.clock.Now().Unix()))
	_, run, err := store.Acquire(w.t.Context(), w.base, job.Request{}, run)
	if err != nil {
		w.t.Fatal(err)
	}
	current, err := w.manifest().CurrentSnapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = store.Confirm(w.t.Context(), run,
		manifest.Confirmation{Snapshot: current.ID, Watermark: w.clock.Now()})
	if err != nil {
		w.t.Fatal(err)
	}
}
