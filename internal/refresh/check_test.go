package refresh_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/refresh"
)

// check runs a check. It fails the test if the check writes to the store or leaves a
// file.
func (w *world) check() refresh.Report {
	w.t.Helper()
	faulty := blobtest.NewFaulty(w.store)
	cfg := w.config(faulty)
	before, intact := w.manifests().Load(w.t.Context())
	report := w.newEngine(cfg).Check(w.t.Context())
	for _, op := range faulty.Log() {
		if slices.Contains([]blobtest.Kind{blobtest.PutNew, blobtest.Replace, blobtest.Delete},
			op.Kind) && op.Key != "manifest.json" && !strings.HasPrefix(op.Key, "probe-") {
			w.t.Errorf("a check does %v", op)
		}
	}
	for info := range w.store.List(w.t.Context(), "probe-") {
		w.t.Errorf("a check leaves %s", info.Key)
	}
	if intact == nil {
		after := w.manifest()
		before.Generation, before.Calls = after.Generation, after.Calls
		if diff := cmp.Diff(before, after); diff != "" {
			w.t.Errorf("a check changes more than the count of calls: %s", diff)
		}
	}
	w.leaves(cfg.Dir)
	return report
}

func lines(text []string) string { return strings.Join(text, "\n") }

func TestCheckReportsValidSettings(t *testing.T) {
	t.Parallel()
	for _, filled := range []bool{false, true} {
		w := newWorld(t, airtablesim.Config{})
		if filled {
			w.must(job.Full, job.Published)
		}
		w.fill(150)
		var report refresh.Report
		made := w.calls(func() { report = w.check() })
		if want := (calls{airtablesim.Whoami: 1, airtablesim.Schema: 1,
			airtablesim.List: 1}); !cmp.Equal(made, want) {
			t.Errorf("it makes %v, want %v", made, want)
		}
		if len(report.Findings) != 0 {
			t.Errorf("findings %q", report.Findings)
		}
		contains(t, lines(report.Fine), "accepts the token", "Lead Bugs", w.Base().TableID(),
			`status is field "Status"`, "singleLineText",
			"of 100 records on one page, 99 belong to the years 2025- (1 of 2024, 3 of 2025, 96 of 2026)")
		contains(t, lines(report.Notes),
			`source: the table has no field "Source", which counts as blank (the nearest is`)
		if strings.Contains(lines(report.Notes), `"Status"`) {
			t.Errorf("notes %q", report.Notes)
		}
	}
}

func TestCheckFindsErrors(t *testing.T) {
	t.Parallel()
	for _, row := range wrongs {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{DataToken: dataToken})
			row.wrong(w)
			report := w.check()
			contains(t, lines(report.Findings), row.words...)
			if strings.Contains(lines(report.Fine), `has table ""`) {
				t.Errorf("it tells of a table that it has not seen: %q", report.Fine)
			}
		})
	}
	for name, row := range map[string]struct {
		wrong func(w *world)
		words []string
	}{
		"two fields of FIELD_MAP": {func(w *world) { w.fields = `{"status": "Statsu", "team": "Taem"}` },
			[]string{`FIELD_MAP names field "Statsu"`, `(the nearest is "Status")` + "\n",
				`FIELD_MAP names field "Taem"`}},
		"a mapped field that is gone": {func(w *world) { w.DropField("Status") },
			[]string{`field "Status"`, "is missing", "restore"}},
		"a store of another base": {func(w *world) { w.base = "appOther000000001" },
			[]string{"SNAPSHOT_STORE", "403"}},
		"a store of another table": {func(w *world) { w.another("tblOther000000001", "Lead Bugs") },
			[]string{"SNAPSHOT_STORE"}},
		"a damaged manifest": {func(w *world) { overwrite(w, "manifest.json", nil) },
			[]string{"manifest.json", "damaged"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{})
			w.must(job.Full, job.Published)
			row.wrong(w)
			report := w.check()
			contains(t, lines(report.Findings), row.words...)
			if strings.Contains(lines(report.Notes), `"Status"`) {
				t.Errorf("what is a finding is no note: %q", report.Notes)
			}
		})
	}
}

func TestCheckNotesWarnings(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(w *world)
		words  []string
	}{
		"no scope for the schema": {func(w *world) { w.token = dataToken },
			[]string{"schema.bases:read"}},
		"a field that was renamed": {func(w *world) { w.RenameField("Status", "State") },
			[]string{`"Status" is called "State"`}},
		"a table that was renamed": {func(w *world) { w.RenameTable("Feedback") },
			[]string{`"Lead Bugs" is called "Feedback"`}},
		"a damaged snapshot": {func(w *world) { overwrite(w, w.current().Key, nil) },
			[]string{"damaged", "read again"}},
		"years without a record": {func(w *world) { w.years = "1999" },
			[]string{"FEEDBACK_YEARS=1999"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{DataToken: dataToken})
			w.must(job.Full, job.Published)
			row.change(w)
			report := w.check()
			if contains(t, lines(report.Notes), row.words...); len(report.Findings) != 0 {
				t.Errorf("findings %q", report.Findings)
			}
		})
	}
}

func TestCheckOmitsFieldsOfAnotherTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.another("tblOther000000001", "Lead Bugs")
	if report := w.check(); len(report.Fine) != 2 || len(report.Notes) != 0 ||
		len(report.Findings) != 1 {
		t.Errorf("%+v", report)
	}
}
