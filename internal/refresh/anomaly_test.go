package refresh_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/airtablesim/formula"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

var modes = []job.Mode{job.Full, job.Incremental, job.Sweep}

// TestLargePages publishes a table whose pages of 100 are over the limit, and names the
// record that is over it by itself.
func TestLargePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{PageBytes: 200_000})
	for range 120 {
		w.Create(edit{"Initial Description": strings.Repeat("x", 10_000)})
	}
	for _, mode := range modes {
		if receipt := w.run(mode); receipt.Error != "" {
			t.Errorf("%s is %s: %s", mode, receipt.Outcome, receipt.Error)
		}
	}
	w.Create(edit{"Initial Description": strings.Repeat("x", 200_000)})
	w.fails(job.Full, "the record after rec", "is too large", "shorten the texts")
}

// TestInvalidIDs sends records with invalid ids in one answer. They are left out, and all
// later runs find nothing to do.
func TestInvalidIDs(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"rec'; DROP", "../../etc/passwd", "rec/slash", "rec", "rec\x00"} {
		t.Run(fmt.Sprintf("%q", id), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, airtablesim.Config{})
			w.fill(3)
			w.Script(airtablesim.Foreign(id))
			receipt := w.must(job.Full, job.Published)
			contains(t, strings.Join(receipt.Warnings, "\n"), "invalid ids: 1 (")
			if slices.Contains(w.ids(), id) {
				t.Errorf("%q is published", id)
			}
			for _, mode := range modes {
				w.Script(airtablesim.Foreign(id))
				if receipt := w.must(mode, job.Unchanged); len(besidesDefaults(receipt.Warnings)) != 1 {
					t.Errorf("warnings of %s: %q", mode, receipt.Warnings)
				}
				w.must(mode, job.Unchanged)
			}
		})
	}
}

// TestStoredInvalidID holds that an invalid id, which an earlier version stored, is removed
// and fails no run.
func TestStoredInvalidID(t *testing.T) {
	t.Parallel()
	for _, mode := range []job.Mode{job.Full, job.Sweep} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, airtablesim.Config{})
			w.fill(3)
			w.must(job.Full, job.Published)
			const id = "rec'; DROP"
			w.republish(func(*snapshot.Meta, *manifest.Owner) {}, build.Row{
				Feedback: feedback.Feedback{ID: id, Created: noon},
				Source: snapshot.Source{ID: id, CreatedTime: noon, Fields: []byte("{}"),
					Digest: make([]byte, 32), Computed: make([]byte, 32)},
			})
			if !slices.Contains(w.ids(), id) {
				t.Fatalf("%q is not stored", id)
			}
			w.must(mode, job.Published)
			if slices.Contains(w.ids(), id) {
				t.Errorf("%q is still served", id)
			}
			w.must(mode, job.Unchanged)
		})
	}
}

// TestDateFarAhead sends one wrong date. The next incremental must find what was edited
// since, and the watermark must be right again.
func TestDateFarAhead(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{
		"the year 2126": 100 * 365 * 24 * time.Hour, "25 h": 25 * time.Hour, "23 h": 23 * time.Hour,
	} {
		for _, mode := range []job.Mode{job.Full, job.Incremental} {
			t.Run(fmt.Sprint(name, " in ", mode), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, airtablesim.Config{})
				ids := w.fill(3)
				w.must(job.Full, job.Published)
				w.clock.Advance(time.Hour)
				w.Update(ids[0], edit{"Status": "Done"})
				date := w.clock.Now().Add(ahead).UTC().Format(http.TimeFormat)
				w.Script(airtablesim.Fault{}.With("Date", date).On(airtablesim.Schema))
				receipt := w.must(mode, job.Published)
				if far := ahead > 24*time.Hour; far == (len(besidesDefaults(receipt.Warnings)) == 0) {
					t.Errorf("warnings %q", receipt.Warnings)
				}
				w.clock.Advance(30 * time.Minute)
				w.Update(ids[1], edit{"Status": "Done"})
				w.clock.Advance(30 * time.Minute)
				w.must(job.Incremental, job.Published)
				if got := w.current().Watermark; !got.Equal(w.clock.Now()) {
					t.Errorf("the watermark is %s, want %s", got, w.clock.Now())
				}
				w.must(job.Full, job.Unchanged)
			})
		}
	}
}

// TestDateRunsBack holds that the watermark does not.
func TestDateRunsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	ids := w.fill(3)
	w.must(job.Full, job.Published)
	want := w.current().Watermark
	for _, mode := range modes {
		w.Update(ids[0], edit{"Status": "Done", "Notes": string(mode)})
		past := airtablesim.Fault{}.With("Date", "Thu, 01 Jan 1970 00:00:00 GMT")
		w.Script(past.On(airtablesim.Schema))
		if receipt := w.must(mode, job.Published); receipt.Mode != mode {
			t.Errorf("%s became %s", mode, receipt.Mode)
		}
		if got := w.current().Watermark; !got.Equal(want.Time) {
			t.Errorf("after %s, the watermark is %s, want %s", mode, got, want)
		}
	}
}

// TestNeverEditedRecordArrives creates a record under each reading of formulas.
func TestNeverEditedRecordArrives(t *testing.T) {
	t.Parallel()
	for _, reading := range formula.Readings() {
		t.Run(fmt.Sprintf("%+v", reading), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, airtablesim.Config{Reading: reading})
			w.must(job.Full, job.Published)
			w.clock.Advance(time.Hour)
			id := w.Create(edit{"Status": "Open"})
			w.clock.Advance(time.Hour)
			receipt := w.must(job.Incremental, job.Published)
			if !slices.Contains(w.ids(), id) || receipt.Read != 1 {
				t.Errorf("%d records read, want only the new one", receipt.Read)
			}
		})
	}
}

// TestEndlessListing ends, and fails in a way that passes.
func TestEndlessListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.fill(3)
	w.Script(airtablesim.Endless())
	receipt := w.run(job.Full)
	contains(t, string(receipt.Error), "brought no new record")
	if receipt.Final || receipt.AirtableCalls > 30 {
		t.Errorf("final %t after %d calls", receipt.Final, receipt.AirtableCalls)
	}
}
