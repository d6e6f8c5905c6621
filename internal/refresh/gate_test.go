package refresh_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/job"
)

// guarded returns a world with 100 more records, and the gate's default.
func guarded(t *testing.T) (w *world, filled []string) {
	w = newWorld(t, airtablesim.Config{})
	w.shrink = 20
	filled = w.fill(97)
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	return w, filled
}

// accepted does a run with accept.
func (w *world) accepted(mode job.Mode) job.Run {
	w.t.Helper()
	w.accept = true
	defer func() { w.accept = false }()
	return w.must(mode, job.Published)
}

func TestGateRejectsLossUntilAccepted(t *testing.T) {
	t.Parallel()
	for _, mode := range []job.Mode{job.Full, job.Sweep} {
		w, filled := guarded(t)
		w.delete(filled[:20])
		if receipt := w.must(mode, job.Published); receipt.Removed != 20 {
			t.Fatalf("a fifth may go: %+v", receipt)
		}
		w.delete(filled[20:40])
		receipt := w.refuses(mode, "20 of 80 records", "25.0 %", "MAX_SHRINK_PERCENT is 20",
			"60 would be left", w.current().ID)
		for i, id := range filled[20:40] {
			if told := strings.Contains(string(receipt.Error), id); told != (i < 20) {
				t.Errorf("%s is listed: %v", id, told)
			}
		}
		if again := w.refuses(mode); again.Error != receipt.Error {
			t.Errorf("the second time: %s", again.Error)
		}
		receipt = w.accepted(mode)
		warned(t, receipt, "accepted", "20 of 80 records")
		w.converged()
		w.clock.Advance(time.Hour)
		w.must(job.Incremental, job.Unchanged) // and it was for one run
	}
}

func TestGateListsTwentyIDs(t *testing.T) {
	t.Parallel()
	w, filled := guarded(t)
	w.delete(filled)
	receipt := w.refuses(job.Full, filled[0], filled[19])
	if strings.Contains(string(receipt.Error), filled[20]) {
		t.Errorf("%s", receipt.Error)
	}
}

// An incremental removes records as well: those that left the years.
func TestGateRejectsIncremental(t *testing.T) {
	t.Parallel()
	w, filled := guarded(t)
	for _, id := range filled[:30] {
		w.Update(id, edit{"Created": "2024-06-01T00:00:00.000Z"})
	}
	w.refuses(job.Incremental, "30 of 100 records")
	w.accepted(job.Incremental)
	w.converged()
}

func TestGateRejectsEmptyResult(t *testing.T) {
	t.Parallel()
	w, filled := guarded(t)
	w.shrink = 100
	w.delete(append(filled, "rec00000000000001", "rec00000000000002", "rec00000000000003"))
	w.refuses(job.Full, "100 of 100 records", "0 would be left")
	w.accepted(job.Full)
	if ids := w.ids(); len(ids) != 0 {
		t.Errorf("%q are served", ids)
	}
	w.clock.Advance(time.Hour)
	w.must(job.Full, job.Unchanged) // an empty table that was accepted is nothing new
}

// A formula broke, or a column was emptied by mistake.
func TestGateRejectsBlankedField(t *testing.T) {
	t.Parallel()
	for name, blank := range map[string]any{"emptied": nil, "white space": " ",
		"an error": edit{"error": "#ERROR!"}} {
		for _, mode := range []job.Mode{job.Full, job.Incremental} {
			w, filled := guarded(t)
			for _, id := range filled[:60] {
				w.Update(id, edit{"Status": blank})
			}
			first := slices.Sorted(slices.Values(filled[:60]))
			receipt := w.refuses(mode, `field "Status"`, "99 of 100", "39 of 100", first[0], first[19])
			if strings.Contains(string(receipt.Error), first[20]) {
				t.Errorf("%s: %s", name, receipt.Error)
			}
			w.accepted(mode)
			w.converged()
		}
	}
}

func TestGatePassesFewBlankedValues(t *testing.T) {
	t.Parallel()
	w, filled := guarded(t)
	for _, id := range filled[:49] { // which makes 51 of 100
		w.Update(id, edit{"Notes": "half of them"})
	}
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	for _, id := range filled[:5] {
		w.Update(id, edit{"Notes": nil})
	}
	w.must(job.Full, job.Published)
	w.converged()
}

func TestAcceptPublishesWithoutMissingField(t *testing.T) {
	t.Parallel()
	w, _ := guarded(t)
	w.DropField("Status")
	w.refuses(job.Incremental, `field "Status"`, "99 of 100 records", "is missing from the table")
	receipt := w.accepted(job.Incremental)
	warned(t, receipt, "accepted", `field "Status"`)
	contains(t, w.detail("rec00000000000001"), `"status":"New"`)
	w.clock.Advance(time.Hour)
	w.must(job.Incremental, job.Unchanged)
}

func TestDryRunOnlyCountsCalls(t *testing.T) {
	t.Parallel()
	w, filled := guarded(t)
	before := w.manifest()
	dry := func() job.Run {
		cfg := w.config(w.store)
		defer w.leaves(cfg.Dir)
		receipt, err := w.newEngine(cfg).Run(t.Context(),
			job.Request{ID: "full-dry", Mode: job.Full, Trigger: "cli", DryRun: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return receipt
	}
	calls := 0
	for _, step := range []struct {
		outcome job.Nullable
		edit    func()
	}{
		{"unchanged", func() {}},
		{"published", func() { w.Update(filled[0], edit{"Status": "Closed"}) }},
		{"refused", func() { w.delete(filled[:40]) }},
		{"failed", func() { w.Script(airtablesim.Refuse(404, airtablesim.ShapeText, "NOT_FOUND", "")) }},
	} {
		step.edit()
		receipt := dry()
		if receipt.Outcome != step.outcome || receipt.SnapshotAfter != "" {
			t.Errorf("%s, want %s: %+v", receipt.Outcome, step.outcome, receipt)
		}
		calls += receipt.AirtableCalls
	}
	after := w.manifest()
	made := 0
	for month, n := range after.Calls {
		made += n - before.Calls[month]
	}
	before.Generation, before.Calls, before.ReadAt = after.Generation, after.Calls, after.ReadAt
	if diff := cmp.Diff(before, after); diff != "" || made != calls || calls == 0 {
		t.Errorf("%d calls are counted, %d were made; %s", made, calls, diff)
	}
}

// Years without a record are a likely mistake; the first refresh has nothing to lose, so
// it only warns.
func TestEmptyFirstRunWarns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.years = "2030-"
	warned(t, w.must(job.Full, job.Published), "FEEDBACK_YEARS", fmt.Sprint(2030))
}

// A field that is renamed, or deleted and created again, while another one takes its
// name, is blanked in what is served.
func TestGateComparesFieldsBySameName(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(w *world){
		"renamed": func(w *world) { w.RenameField("Status", "Status (old)") },
		"deleted": func(w *world) { w.DropField("Status") },
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := guarded(t)
			replace(w)
			w.AddField("Status", "singleLineText")
			receipt := w.refuses(job.Incremental, `field "Status"`, "99 of 100", "0 of 100")
			warned(t, receipt, `field "Status" is another one than before`)
		})
	}
}

// If the current snapshot cannot be opened, the manifest still has its number of records.
func TestGateWithoutReadableParent(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w *world, filled []string){
		"many":       func(w *world, filled []string) { w.delete(filled[:90]) },
		"all":        func(w *world, filled []string) { w.years = "2030" },
		"as many as": func(w *world, filled []string) { w.delete(filled[:20]) },
	} {
		t.Run(name, func(t *testing.T) {
			w, filled := guarded(t)
			overwrite(w, w.current().Parts[0].Key, []byte("no snapshot"))
			lose(w, filled)
			if name == "as many as" {
				w.must(job.Full, job.Published)
				return
			}
			w.refuses(job.Full, "of 100 records (", " would be removed, MAX_SHRINK_PERCENT is 20",
				"cannot be opened")
			w.accepted(job.Full)
		})
	}
}

func TestGateErrorNamesCommand(t *testing.T) {
	t.Parallel()
	w, filled := guarded(t)
	w.delete(filled[:40])
	w.refuses(job.Sweep, "voc refresh sweep --accept", "/api/cache/update-sweep")
}

func TestDryRunWithDamagedManifest(t *testing.T) {
	t.Parallel()
	w, _ := guarded(t)
	overwrite(w, "manifest.json", []byte("{}"))
	for accept, outcome := range map[bool]job.Nullable{false: "failed", true: "unchanged"} {
		receipt, err := w.engine(w.store).Run(t.Context(),
			job.Request{ID: "full-dry", Mode: job.Full, Trigger: "cli", DryRun: true, Accept: accept}, nil)
		if receipt.Outcome != outcome {
			t.Errorf("accepted: %v: %+v, %v", accept, receipt, err)
		}
	}
}
