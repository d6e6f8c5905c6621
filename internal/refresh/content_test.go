package refresh_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/job"
	"voc/internal/manifest"
)

type (
	calls = map[airtablesim.Kind]int
	edit  = map[string]any
)

// both runs a test for each way in which Airtable may list, which it does not document: a
// listing keeps to the ids of its first page, or it does not.
func both(t *testing.T, test func(t *testing.T, w *world)) {
	for name, freeze := range map[string]bool{"listings that shift": false,
		"listings that are frozen": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test(t, newWorld(t, airtablesim.Config{Freeze: freeze, IteratorTTL: time.Hour}))
			})
		})
	}
}

// ids returns the ids that the store serves, sorted.
func (w *world) ids() (ids []string) {
	w.t.Helper()
	sources := w.originals(w.store)
	defer sources.Close()
	for source, err := range sources.All(w.t.Context()) {
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, source.ID)
	}
	slices.Sort(ids)
	return ids
}

// fill creates n records an hour ago, and returns their ids in the order of a listing.
func (w *world) fill(n int) (ids []string) {
	for i := range n {
		ids = append(ids, w.Create(edit{"Initial Description": fmt.Sprint("filling ", i),
			"Status": "Open"}))
	}
	w.clock.Advance(time.Hour)
	slices.Sort(ids)
	return ids
}

func TestFirstRunIsFull(t *testing.T) {
	t.Parallel()
	for _, mode := range []job.Mode{job.Full, job.Incremental} {
		w := newWorld(t, airtablesim.Config{})
		receipt := w.must(mode, job.Published)
		if receipt.Mode != job.Full || receipt.Added != 3 || receipt.Read != 3 || receipt.Pages != 1 ||
			receipt.SnapshotBefore != "" || receipt.SnapshotAfter == "" {
			t.Errorf("receipt %+v, want mode full, 3 added, 3 read and 1 page", receipt)
		}
		if m := w.manifest(); m.Owner != (manifest.Owner{Base: w.base, TableID: w.Base().TableID(),
			TableName: "Lead Bugs"}) {
			t.Errorf("the store belongs to %+v", m.Owner)
		}
	}
}

// The fields that are served are compared with the base itself, not with another refresh.
func TestFullServesRecordsOfYears(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.fill(120)
	w.must(job.Full, job.Published)
	served := 0
	for _, record := range w.Records() {
		detail := w.detail(record.ID)
		if record.Created.Year() < 2025 {
			if detail != "" {
				t.Errorf("%s of %v is served", record.ID, record.Created)
			}
			continue
		}
		served++
		var got struct{ Fields map[string]any }
		if err := json.Unmarshal([]byte(detail), &got); err != nil {
			t.Fatalf("%s: %v", record.ID, err)
		}
		if diff := cmp.Diff(record.Fields, got.Fields); diff != "" {
			t.Errorf("%s: %s", record.ID, diff)
		}
	}
	if n := len(w.ids()); n != served || n != 123 {
		t.Errorf("%d are served, and %d should be", n, served)
	}
}

// Airtable's quota counts calls. A page holds 100 records.
func TestRunMakesFewestCalls(t *testing.T) {
	t.Parallel()
	for n, pages := range map[int]int{0: 1, 97: 1, 98: 2, 197: 2, 247: 3} { // and 3 are there
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{})
			w.fill(n)
			var receipt job.Run
			made := w.calls(func() { receipt = w.must(job.Full, job.Published) })
			if want := (calls{airtablesim.Schema: 1, airtablesim.List: pages}); !cmp.Equal(made, want) ||
				receipt.AirtableCalls != 1+pages || receipt.Pages != pages {
				t.Errorf("a full of %d records makes %v (%d by its receipt), want %v", n+3, made,
					receipt.AirtableCalls, want)
			}
			w.clock.Advance(time.Hour)
			made = w.calls(func() { receipt = w.must(job.Incremental, job.Unchanged) })
			if want := (calls{airtablesim.Schema: 1, airtablesim.List: 1}); !cmp.Equal(made, want) ||
				receipt.AirtableCalls != 2 {
				t.Errorf("an incremental makes %v (%d by its receipt), want %v", made, receipt.AirtableCalls,
					want)
			}
			if got := w.manifest().CallsIn(w.clock.Now()); got != 3+pages {
				t.Errorf("%d calls of the month, want %d", got, 3+pages)
			}
		})
	}
}

func TestIncrementalReadsEditsNotDeletions(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		filled := w.fill(150)
		w.must(job.Full, job.Published)
		w.clock.Advance(time.Hour)
		w.Update(filled[0], edit{"Status": "Closed", "Notes": "edited"})
		w.Update("rec00000000000001", edit{"Team Routed": nil, "Area Impacted": nil})
		w.Delete(filled[1])
		created := w.Create(edit{"Initial Description": "new"})
		receipt := w.must(job.Incremental, job.Published)
		if receipt.Added != 1 || receipt.Changed != 2 || receipt.Removed != 0 || receipt.Read != 3 ||
			receipt.AirtableCalls != 2 {
			t.Errorf("receipt %+v, want 1 added, 2 changed, 0 removed, 3 read and 2 calls", receipt)
		}
		contains(t, w.detail(filled[0]), `"status":"Closed"`, `"notes":"edited"`, `"Notes":"edited"`)
		contains(t, w.detail("rec00000000000001"), `"team":"Triage"`, `"area_impacted":"Unknown"`)
		if cleared := w.detail("rec00000000000001"); strings.Contains(cleared, "Team Routed") {
			t.Errorf("a cleared cell is still served: %s", cleared)
		}
		contains(t, w.detail(created), `"description":"new"`)
		if w.detail(filled[1]) == "" {
			t.Error("an incremental removed a deleted record")
		}
		made := w.calls(func() { receipt = w.must(job.Full, job.Published) })
		if receipt.Removed != 1 || receipt.Added+receipt.Changed != 0 || receipt.Unchanged != 153 ||
			made[airtablesim.List] != 2+1 {
			t.Errorf("%+v, with %v", receipt, made)
		}
		w.converged()
	})
}

func TestUnchangedRunAdvancesTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGoingWorld(t, airtablesim.Config{})
		w.must(job.Full, job.Published)
		first := w.current()
		if at := job.At(noon); first.Watermark != at || first.DeletesConfirmedAt != at ||
			first.ComputedConfirmedAt != at {
			t.Errorf("snapshot %+v, want all times %v", first, at)
		}
		time.Sleep(time.Hour)
		receipt := w.must(job.Incremental, job.Unchanged)
		if receipt.SnapshotAfter != job.Nullable(first.ID) ||
			receipt.SnapshotBefore != receipt.SnapshotAfter || receipt.Bytes != 0 {
			t.Errorf("receipt %+v, want the first snapshot after it and 0 bytes", receipt)
		}
		want := first
		want.Watermark = job.At(noon.Add(time.Hour))
		if diff := cmp.Diff(want, w.current()); diff != "" {
			t.Error(diff)
		}
		time.Sleep(time.Hour)
		w.must(job.Full, job.Unchanged)
		at := job.At(noon.Add(2 * time.Hour))
		want.Watermark, want.DeletesConfirmedAt, want.ComputedConfirmedAt = at, at, at
		if diff := cmp.Diff(want, w.current()); diff != "" {
			t.Error(diff)
		}
		time.Sleep(time.Hour)
		w.Update("rec00000000000001", edit{"Status": "Closed"})
		w.must(job.Incremental, job.Published)
		if s := w.current(); s.Watermark != job.At(noon.Add(3*time.Hour)) || s.DeletesConfirmedAt != at ||
			s.ComputedConfirmedAt != at {
			t.Errorf("an incremental confirms deletions: %+v", s)
		}
	})
}

// Airtable does not document when an edit becomes visible, so each incremental reads five
// minutes more than it seems to need.
func TestIncrementalOverlapsFiveMinutes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		late  time.Duration // from the edit to the watermark that misses it
		found bool
	}{
		{"at once", time.Second, true},
		{"within five minutes", 5 * time.Minute, true},
		{"after more", 5*time.Minute + time.Second, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newGoingWorld(t, airtablesim.Config{})
				w.Update("rec00000000000001", edit{"Status": "Open"})
				time.Sleep(row.late)
				w.must(job.Full, job.Published)
				// which leaves the time of the edit above
				w.Recompute("rec00000000000001", edit{"Status": "Closed"})
				time.Sleep(time.Hour)
				outcome := w.run(job.Incremental).Outcome
				if found := outcome == "published"; found != row.found {
					t.Errorf("%s, found: %v", outcome, found)
				}
			})
		})
	}
}

// An edit during a listing is later than the watermark, however long the listing takes.
func TestIncrementalFindsEditDuringListing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		filled := w.fill(150)
		began := w.clock.Now()
		w.Before(func(c airtablesim.Call) {
			if c.Kind == airtablesim.List && c.Page == 2 {
				w.clock.Advance(10 * time.Minute)
				w.Update(filled[0], edit{"Status": "edited"})
				w.clock.Advance(10 * time.Minute)
			}
		})
		w.must(job.Full, job.Published)
		if s := w.current(); s.Watermark.After(began.Add(time.Minute)) {
			t.Errorf("the watermark is %v, the listing began at %v", s.Watermark, began)
		}
		contains(t, w.detail(filled[0]), `"status":"Open"`)
		w.Before(nil)
		w.clock.Advance(time.Hour)
		w.must(job.Incremental, job.Published)
		contains(t, w.detail(filled[0]), `"status":"edited"`)
		w.converged()
	})
}

// Computed cells change without a modification of the record: an incremental misses them.
func TestFullReadsComputedValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.Recompute("rec00000000000001", edit{"Time to In Progress": 3.5})
	w.must(job.Incremental, job.Unchanged)
	if receipt := w.must(job.Full, job.Published); receipt.Changed != 1 {
		t.Errorf("receipt %+v, want 1 changed", receipt)
	}
	w.converged()
}
