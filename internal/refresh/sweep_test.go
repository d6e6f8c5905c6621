package refresh_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// swept returns a world with two pages of records and a formula field, an hour after its
// first full.
func swept(t *testing.T, w *world) (filled []string) {
	w.AddField("Score", "formula")
	filled = w.fill(150)
	for _, id := range filled {
		w.Recompute(id, edit{"Score": 1})
	}
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	return filled
}

func TestSweepFindsDeletedAndComputed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		filled := swept(t, w)
		w.Delete(filled[0])
		w.Recompute(filled[1], edit{"Score": 2})
		w.Update(filled[2], edit{"Status": "Closed"})
		w.Update(filled[3], edit{"Created": "2024-06-01T00:00:00.000Z"}) // out of the years
		added := w.Create(edit{"Notes": "new"})
		var receipt job.Run
		made := w.calls(func() { receipt = w.must(job.Sweep, job.Published) })
		// The schema, what was modified, two pages of ids, and those in question.
		if want := (calls{airtablesim.Schema: 1, airtablesim.List: 1 + 2 + 1}); !cmp.Equal(made, want) {
			t.Errorf("%v, want %v", made, want)
		}
		if receipt.Added != 1 || receipt.Removed != 2 || receipt.Changed != 2 ||
			receipt.Mode != job.Sweep {
			t.Errorf("receipt %+v, want 1 added, 2 removed, 2 changed and mode sweep", receipt)
		}
		if ids := w.ids(); slices.Contains(ids, filled[0]) || slices.Contains(ids, filled[3]) ||
			!slices.Contains(ids, added) {
			t.Error("the wrong records are served")
		}
		contains(t, w.detail(filled[1]), `"Score":2`)
		w.converged()
	})
}

// An incremental leaves deletions and computed values to the sweep, and nothing else.
func TestIncrementalLeavesDeletionsToSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	filled := swept(t, w)
	w.Delete(filled[0])
	w.Recompute(filled[1], edit{"Score": 2})
	w.must(job.Incremental, job.Unchanged)
	before := w.current()
	w.clock.Advance(time.Hour)
	w.must(job.Sweep, job.Published)
	after := w.current()
	if before.DeletesConfirmedAt.After(noon.Add(time.Hour)) ||
		!after.DeletesConfirmedAt.Equal(after.Watermark.Time) ||
		after.ComputedConfirmedAt != after.DeletesConfirmedAt {
		t.Errorf("deletions are confirmed at %v, then %v; computed values at %v",
			before.DeletesConfirmedAt, after.DeletesConfirmedAt, after.ComputedConfirmedAt)
	}
	w.converged()
}

func TestUnchangedSweepConfirms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	swept(t, w)
	receipt := w.must(job.Sweep, job.Unchanged)
	if current := w.current(); !current.DeletesConfirmedAt.Equal(current.Watermark.Time) ||
		!current.ComputedConfirmedAt.Equal(current.Watermark.Time) ||
		receipt.ContentSHA256 != current.ContentSHA256 || receipt.ContentSHA256 == "" {
		t.Errorf("%+v; %+v", current, receipt)
	}
}

// Rows that shift while ids are listed are not deleted.
func TestSweepRequestsMissingIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	filled := swept(t, w)
	lists := 0
	w.Before(func(c airtablesim.Call) {
		if c.Kind == airtablesim.List {
			if lists++; lists == 3 { // the second page of ids
				w.delete(filled[:20]) // which were all on the first
			}
		}
	})
	if receipt := w.must(job.Sweep, job.Unchanged); receipt.AirtableCalls != 1+1+2+1 {
		t.Errorf("nothing was missing, or it was not asked for: %+v", receipt)
	}
	w.Before(nil)
	w.clock.Advance(time.Hour)
	if receipt := w.must(job.Sweep, job.Published); receipt.Removed != 20 {
		t.Errorf("receipt %+v, want 20 removed", receipt)
	}
	w.converged()
}

// The next sweep closes the known gap.
func TestSweepFindsRecordMissedBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	filled := w.fill(297)
	w.onPage(2, func() { w.delete(filled[:20]) })
	w.must(job.Full, job.Published)
	w.Before(nil)
	w.clock.Advance(time.Hour)
	if receipt := w.must(job.Sweep, job.Published); receipt.Added != 20 || receipt.Removed != 20 {
		t.Errorf("receipt %+v, want 20 added and 20 removed", receipt)
	}
	w.converged()
}

func TestRestoredRecordHasNoTombstone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	filled := swept(t, w)
	tombstone := func() error {
		file := w.open(w.store)
		defer file.Close()
		_, err := file.Tombstone(t.Context(), filled[0])
		return err
	}
	w.Update(filled[0], edit{"Created": "2024-06-01T00:00:00.000Z"})
	receipt := w.must(job.Sweep, job.Published)
	if err := tombstone(); err != nil || receipt.Removed != 1 {
		t.Errorf("%v; %+v", err, receipt)
	}
	w.clock.Advance(time.Hour)
	w.Update(filled[0], edit{"Created": "2025-06-01T00:00:00.000Z"})
	receipt = w.must(job.Incremental, job.Published)
	if err := tombstone(); err == nil || receipt.Added != 1 {
		t.Errorf("%v; %+v", err, receipt)
	}
	w.converged()
}

// A table without computed and date fields is listed by its primary field.
func TestSweepWithoutComputedFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.years = "all"
	for _, name := range []string{"Created", "Reported On", "Time to In Progress"} {
		w.DropField(name)
	}
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.Delete("rec00000000000002")
	w.must(job.Sweep, job.Published)
	w.converged()
}

func TestSweepWithoutSchemaIsFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{DataToken: dataToken})
	w.token = dataToken
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.Delete("rec00000000000002")
	if receipt := w.must(job.Sweep, job.Published); receipt.Mode != job.Full {
		t.Errorf("receipt %+v, want mode full", receipt)
	}
	w.converged()
}

// Some changes of the schema change values without a modification of the record.
func TestChangedSchemaMakesFull(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"a choice renamed": func(w *world) { w.RenameChoice("Area Impacted", "Login", "Sign-in") },
		"a choice deleted": func(w *world) { w.RenameChoice("Area Impacted", "Login", "") },
		"another formula": func(w *world) {
			w.SetFormula("Score", "{Issue} * 2")
			w.Recompute("rec00000000000001", edit{"Score": 2})
		},
		"another type": func(w *world) {
			w.SetFormula("Status", "'New'")
			w.Recompute("rec00000000000001", edit{"Status": "New"})
		},
	} {
		for _, mode := range []job.Mode{job.Incremental, job.Sweep} {
			t.Run(name+" before "+string(mode), func(t *testing.T) {
				w := newWorld(t, airtablesim.Config{})
				swept(t, w)
				change(w)
				if receipt := w.must(mode, job.Published); receipt.Mode != job.Full {
					t.Errorf("receipt %+v, want mode full", receipt)
				}
				w.converged()
				w.clock.Advance(time.Hour)
				if receipt := w.must(mode, job.Unchanged); receipt.Mode != mode {
					t.Errorf("and then again: %+v", receipt)
				}
			})
		}
	}
}

// Equal records have equal digests, one over entered and one over computed cells, however
// the snapshot was made.
func TestDigests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	filled := swept(t, w)
	first := w.current()
	w.Recompute(filled[1], edit{"Score": 2})
	w.must(job.Sweep, job.Published)
	second := w.current()
	if first.ContentSHA256 != second.ContentSHA256 || first.ComputedSHA256 == second.ComputedSHA256 {
		t.Errorf("after a value was computed anew: %+v, before %+v", second, first)
	}
	w.clock.Advance(time.Hour)
	w.Update(filled[1], edit{"Status": "Closed"})
	w.must(job.Incremental, job.Published)
	third := w.current()
	if third.ContentSHA256 == second.ContentSHA256 || third.ComputedSHA256 != second.ComputedSHA256 {
		t.Errorf("after an edit: %+v, before %+v", third, second)
	}
	w.clock.Advance(time.Hour)
	w.RenameField("Status", "State")
	w.fields = `{"status":"State"}`
	w.must(job.Incremental, job.Published)
	if now := w.current(); now.ContentSHA256 != third.ContentSHA256 ||
		now.ComputedSHA256 != third.ComputedSHA256 {
		t.Errorf("after a field was renamed: %+v, before %+v", now, third)
	}
	if fresh := w.freshMeta(); fresh.ContentSHA256 != third.ContentSHA256 ||
		fresh.ComputedSHA256 != third.ComputedSHA256 {
		t.Errorf("a fresh full has %+v", fresh)
	}
}

// freshMeta returns the description of what a full of an empty store makes.
func (w *world) freshMeta() snapshot.Meta {
	w.t.Helper()
	_, meta := w.freshly()
	return meta
}
