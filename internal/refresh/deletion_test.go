package refresh_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/job"
)

// onPage calls do once, before the response with a page of the run's first listing.
func (w *world) onPage(page int, do func()) {
	done := false
	w.Before(func(c airtablesim.Call) {
		if c.Kind == airtablesim.List && c.Page == page && !done {
			done = true
			do()
		}
	})
}

// A listing misses rows that shift while it runs. They are not deleted.
func TestFullRetainsRecordMissedByListing(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		freeze bool
		lists  int // calls
	}{"listings that shift": {false, 3 + 1}, "listings that are frozen": {true, 3}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, airtablesim.Config{Freeze: row.freeze})
				filled := w.fill(297)
				w.must(job.Full, job.Published)
				before := w.ids()
				w.onPage(2, func() { w.delete(filled[:20]) }) // all of the first page
				var receipt job.Run
				made := w.calls(func() { receipt = w.must(job.Full, job.Unchanged) })
				if diff := cmp.Diff(before, w.ids()); diff != "" || receipt.Removed != 0 ||
					made[airtablesim.List] != row.lists {
					t.Errorf("%+v with %v: %s", receipt, made, diff)
				}
				w.Before(nil)
				if receipt := w.must(job.Full, job.Published); receipt.Removed != 20 {
					t.Errorf("receipt %+v, want 20 removed", receipt)
				}
				w.converged()
			})
		})
	}
}

func (w *world) delete(ids []string) {
	for _, id := range ids {
		w.Delete(id)
	}
}

// The known gap: a record whose id is unknown cannot be requested by it. The next full
// finds it.
func TestFullFindsNewRecordMissedBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	filled := w.fill(297)
	w.onPage(2, func() { w.delete(filled[:20]) })
	if receipt := w.must(job.Full, job.Published); receipt.Added != 280 {
		t.Fatalf("no row was missed: %+v", receipt)
	}
	w.Before(nil)
	w.clock.Advance(time.Hour)
	w.must(job.Incremental, job.Unchanged)
	if receipt := w.must(job.Full, job.Published); receipt.Added != 20 || receipt.Removed != 20 {
		t.Errorf("receipt %+v, want 20 added and 20 removed", receipt)
	}
	w.converged()
}

// One call requests 100 ids.
func TestFullConfirmsDeletionsInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, airtablesim.Config{})
		filled := w.fill(250)
		w.must(job.Full, job.Published)
		w.delete(filled)
		var receipt job.Run
		made := w.calls(func() { receipt = w.must(job.Full, job.Published) })
		if want := (calls{airtablesim.Schema: 1, airtablesim.List: 1 + 3}); !cmp.Equal(made, want) ||
			receipt.Removed != 250 || receipt.Unchanged != 3 {
			t.Errorf("%v, want %v; %+v", made, want, receipt)
		}
		w.converged()
	})
}

// A record that is deleted between the listing and the confirmation is removed. A lost
// listing of the confirmation is repeated.
func TestFullWithEditsDuringConfirmation(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		filled := w.fill(150)
		w.must(job.Full, job.Published)
		w.Script(airtablesim.ExpireIterators())
		w.delete(filled[:10])
		lists := 0
		w.Before(func(c airtablesim.Call) {
			if c.Kind == airtablesim.List {
				if lists++; lists == 5 { // two pages, of which the second was lost, two again, and the question
					w.Delete(filled[10])
				}
			}
		})
		receipt := w.must(job.Full, job.Published)
		if receipt.Removed != 10 || w.Pending() != 0 || lists != 5 {
			t.Errorf("%+v after %d calls", receipt, lists)
		}
		w.Before(nil)
		w.must(job.Full, job.Published)
		w.converged()
	})
}

// A lost listing restarts without its records: one of them may have been deleted
// meanwhile.
func TestFullDiscardsLostListing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		filled := w.fill(150)
		w.Script(airtablesim.ExpireIterators())
		w.onPage(2, func() {
			w.Delete(filled[0])
			w.Update(filled[1], edit{"Created": "2024-01-01T00:00:00.000Z"})
		})
		receipt := w.must(job.Full, job.Published)
		if ids := w.ids(); slices.Contains(ids, filled[0]) || slices.Contains(ids, filled[1]) ||
			len(ids) != 151 || receipt.Pages != 3 {
			t.Errorf("%d are served; %+v", len(ids), receipt)
		}
		w.converged()
	})
}

// A row is listed twice when rows shift the other way; the later one counts.
func TestRecordListedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	filled := w.fill(200)
	w.onPage(2, func() {
		w.Update(filled[96], edit{"Status": "later"})
		for i := range 400 { // ids are random: about half of them come before the first page's end
			w.Create(edit{"Initial Description": fmt.Sprint("between ", i)})
		}
	})
	receipt := w.must(job.Full, job.Published)
	if receipt.Read <= len(w.ids()) {
		t.Fatalf("no row came twice: %+v", receipt)
	}
	contains(t, w.detail(filled[96]), `"status":"later"`)
	w.Before(nil)
	w.clock.Advance(time.Hour)
	w.run(job.Incremental)
	w.must(job.Full, job.Unchanged)
	w.converged()
}
