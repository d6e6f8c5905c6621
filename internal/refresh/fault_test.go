package refresh_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtable"
	"voc/internal/airtablesim"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
)

// attempt is a refresh with faults. It has two pages, and a full that is not the first
// requests missing records by id.
type attempt struct {
	name  string
	first bool // the store is empty
	mode  job.Mode
	calls []call
}

// call is one of a run's calls, by how a fault selects it.
type call struct {
	name   string
	narrow airtablesim.Fault
}

var (
	schema    = call{"schema", airtablesim.Fault{Kind: airtablesim.Schema}}
	page1     = call{"first page", airtablesim.Fault{Kind: airtablesim.List, Page: 1}}
	page2     = call{"second page", airtablesim.Fault{Kind: airtablesim.List, Page: 2}}
	question  = call{"second question", airtablesim.Fault{Kind: airtablesim.List, Page: 1, Skip: 1}}
	ids1      = call{"first page of ids", airtablesim.Fault{Kind: airtablesim.List, Page: 1, Skip: 1}}
	ids2      = call{"second page of ids", airtablesim.Fault{Kind: airtablesim.List, Page: 2, Skip: 1}}
	question2 = call{"second question", airtablesim.Fault{Kind: airtablesim.List, Page: 1, Skip: 2}}
	attempts  = []attempt{
		{"the first full", true, job.Full, []call{schema, page1, page2}},
		{"a full", false, job.Full, []call{schema, page1, page2, question}},
		{"an incremental", false, job.Incremental, []call{schema, page1, page2}},
		{"a sweep", false, job.Sweep, []call{schema, page1, page2, ids1, ids2, question2}},
	}
)

// attemptsFor returns the attempts for fault i of a table: all of them, or with -short one,
// in turn.
func attemptsFor(i int) []attempt {
	if testing.Short() {
		return attempts[i%len(attempts):][:1]
	}
	return attempts
}

// struck returns the fault, injected into the call.
func (c call) struck(fault airtablesim.Fault) airtablesim.Fault {
	fault.Kind, fault.Page, fault.Skip = c.narrow.Kind, c.narrow.Page, c.narrow.Skip
	return fault
}

// anHour bounds a run.
const anHour = time.Hour

// struck edits the base, runs the refresh with the faults injected, and returns its
// receipt.
func (w *world) struck(a attempt, faults ...airtablesim.Fault) job.Run {
	w.t.Helper()
	time.Sleep(2 * anHour)
	if a.first {
		w.store = blobtest.NewMemory(w.clock.Now)
	}
	for _, record := range w.Records() {
		if record.Created.Year() > 2025 {
			w.Update(record.ID, edit{"Status": fmt.Sprint("at ", w.clock.Now())})
		}
	}
	if a.mode != job.Incremental && !a.first {
		w.deleteOne()
		w.Create(edit{"Notes": "in its place"})
	}
	w.Script(faults...)
	receipt := w.run(a.mode)
	if w.Pending() != 0 {
		w.t.Errorf("%s: %d faults have not struck", a.name, w.Pending())
	}
	return receipt
}

func (w *world) deleteOne() {
	served := w.ids()
	records := w.Records()
	for _, record := range slices.Backward(records) {
		if slices.Contains(served, record.ID) {
			w.Delete(record.ID)
			return
		}
	}
}

// settled checks that the store has what Airtable has: a full finds no difference.
func (w *world) settled(name string) {
	w.t.Helper()
	if receipt := w.run(job.Full); receipt.Outcome != "unchanged" {
		w.t.Errorf("%s: then a full is %s: %+v", name, receipt.Outcome, receipt)
	}
}

// inBubble runs a test in a synctest bubble: time passes only while a run waits.
func inBubble(t *testing.T, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newGoingWorld(t, airtablesim.Config{})
		w.pace = airtable.Rate
		w.fill(105)
		w.must(job.Full, job.Published)
		test(w)
		if diff := cmp.Diff(w.fresh(), w.served(w.store)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPassingFaultCostsOnlyTime(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		airtablesim.Fault
		retries, throttled int
		takes              time.Duration
	}{
		"429": {airtablesim.RateLimit(airtablesim.ShapeList), 1, 1, 30 * time.Second},
		"429 with Retry-After": {airtablesim.RateLimit(airtablesim.ShapeObject).With("Retry-After",
			"45"), 1, 1, 45 * time.Second},
		"503":                   {airtablesim.Unavailable(), 1, 0, 0},
		"503 three times":       {airtablesim.Unavailable().Repeat(3), 3, 0, 0},
		"408 in HTML":           {airtablesim.HTML(408), 1, 0, 0},
		"502 in HTML":           {airtablesim.HTML(502), 1, 0, 0},
		"200 in HTML":           {airtablesim.HTML(200), 1, 0, 0},
		"200 without records":   {airtablesim.Fault{Status: 200, Body: "{}"}, 1, 0, 0},
		"cut in the middle":     {airtablesim.Cut(), 1, 0, 0},
		"stalled in the middle": {airtablesim.Stall(), 1, 0, time.Minute},
		"reset":                 {airtablesim.Reset(), 1, 0, 0},
	}
	for i, name := range slices.Sorted(maps.Keys(rows)) {
		row := rows[name]
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				for _, attempt := range attemptsFor(i) {
					var faults []airtablesim.Fault
					for _, call := range attempt.calls {
						fault := call.struck(row.Fault)
						// of the calls before, those that another fault struck do not count
						fault.Skip = min(fault.Skip, 1)
						faults = append(faults, fault)
					}
					began := time.Now()
					receipt := w.struck(attempt, faults...)
					if receipt.Outcome != "published" || receipt.Retries > len(faults)*row.retries ||
						receipt.Throttled != len(faults)*row.throttled {
						t.Errorf("%s: %+v", attempt.name, receipt)
					}
					least := time.Duration(len(faults)) * row.takes
					if took := time.Since(began) - 2*anHour; took < least || took > least+2*time.Minute {
						t.Errorf("%s: took %v, want about %v", attempt.name, took, least)
					}
					w.settled(attempt.name)
				}
			})
		})
	}
}

func TestLastingFaultFailsRun(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		airtablesim.Fault
		words   string
		outcome job.Nullable
	}{
		"the quota of the month": {airtablesim.BillingLimit(), "used up its API calls of the month",
			"failed"},
		"500 for ever": {airtablesim.HTML(500).Repeat(5), "(5 tries); Airtable failed",
			"failed"},
		"stalled for ever": {airtablesim.Stall().Repeat(5), "no complete response within", "failed"},
		"429 beyond the deadline": {airtablesim.RateLimit(airtablesim.ShapeList).With("Retry-After",
			"7200"), "the deadline is in", "retry-later"},
		"the token revoked": {airtablesim.Refuse(401, airtablesim.ShapeObject, "UNAUTHORIZED",
			"Invalid authentication token"), "check AIRTABLE_API_KEY", "failed"},
		"not found": {airtablesim.Refuse(404, airtablesim.ShapeText, "NOT_FOUND", ""),
			"check AIRTABLE_BASE_ID", "failed"},
		"a redirect": {airtablesim.Fault{Status: 302}.With("Location",
			"http://elsewhere.test/"), "check AIRTABLE_API_URL", "failed"},
	}
	for i, name := range slices.Sorted(maps.Keys(rows)) {
		row := rows[name]
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				for _, attempt := range attemptsFor(i) {
					for _, call := range attempt.calls {
						name := attempt.name + ", " + call.name
						receipt := w.struck(attempt, call.struck(row.Fault))
						if contains(t, string(receipt.Error), row.words); receipt.Outcome != row.outcome {
							t.Errorf("%s: %+v", name, receipt)
						}
						m := w.manifest()
						if !cmp.Equal(m.Runs[0], receipt) || m.Current != receipt.SnapshotBefore ||
							attempt.first != (m.Current == "") {
							t.Errorf("%s: the store has %s and %+v", name, m.Current, m.Runs[0])
						}
					}
					w.must(attempt.mode, job.Published)
					w.settled(attempt.name)
				}
			})
		})
	}
}

func TestLostListingRestartsThreeTimes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		for _, attempt := range attempts {
			receipt := w.struck(attempt, airtablesim.ExpireIterators().Repeat(3))
			if receipt.Outcome != "published" || receipt.Pages < 4+1 || receipt.Retries != 0 {
				w.t.Errorf("%s: %+v", attempt.name, receipt)
			}
			w.settled(attempt.name)
			receipt = w.struck(attempt, airtablesim.ExpireIterators().Repeat(4))
			if contains(w.t, string(receipt.Error), "LIST_RECORDS_ITERATOR_NOT_AVAILABLE",
				"lost 4 times", "this passes"); receipt.Outcome != "failed" || receipt.Final {
				w.t.Errorf("%s: %+v", attempt.name, receipt)
			}
			w.must(attempt.mode, job.Published)
			w.settled(attempt.name)
		}
	})
}

// The calls of a failed run count towards the quota.
func TestFailedRunCountsCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.Script(airtablesim.Refuse(404, airtablesim.ShapeText, "NOT_FOUND", "").OnPage(1))
	if receipt := w.must(job.Full, job.Failed); receipt.AirtableCalls != 2 ||
		w.manifest().CallsIn(w.clock.Now()) != 2 {
		t.Errorf("receipt %+v, calls %v, want 2 calls", receipt, w.manifest().Calls)
	}
}

// unanswered is a network without responses.
type unanswered struct{}

func (unanswered) RoundTrip(*http.Request) (*http.Response, error) {
	// as net has it, which also says that it is a context's
	return nil, fmt.Errorf("dial tcp 192.0.2.1:443: %w", os.ErrDeadlineExceeded)
}

// Behind a firewall, more time does not help.
func TestSilentNetworkIsNotOutOfTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGoingWorld(t, airtablesim.Config{})
		w.must(job.Full, job.Published)
		w.http = unanswered{}
		receipt := w.must(job.Incremental, job.Failed)
		contains(t, string(receipt.Error), "no response", "check the network")
	})
}
