package refresh_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

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

// of returns the lines of a level.
func of(report refresh.Report, level refresh.Level) string {
	return strings.Join(report.Texts(level), "\n")
}

func TestCheckReportsValidSettings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
			if of(report, refresh.Wrong) != "" {
				t.Errorf("findings %q", of(report, refresh.Wrong))
			}
			contains(t, of(report, refresh.Fine), "accepts the token", "Lead Bugs", w.Base().TableID(),
				`status: "Status" (singleLineText), in `, " free where TMPDIR is",
				"conditional writes were tried",
				"of 100 records on one page, 99 belong to the years 2025- (1 of 2024, 3 of 2025, 96 of 2026)")
			contains(t, of(report, refresh.Note),
				`source ("Source")`)
			if strings.Contains(of(report, refresh.Note), `"Status"`) {
				t.Errorf("notes %q", of(report, refresh.Note))
			}
		}
	})
}

func TestCheckFindsErrors(t *testing.T) {
	t.Parallel()
	for _, row := range wrongs {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{DataToken: dataToken})
			row.wrong(w)
			report := w.check()
			contains(t, of(report, refresh.Wrong), row.words...)
			if strings.Contains(of(report, refresh.Fine), `has table ""`) {
				t.Errorf("it tells of a table that it has not seen: %q", of(report, refresh.Fine))
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
			contains(t, of(report, refresh.Wrong), row.words...)
			if strings.Contains(of(report, refresh.Note), `"Status"`) {
				t.Errorf("what is a finding is no note: %q", of(report, refresh.Note))
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
		"a damaged snapshot": {func(w *world) { overwrite(w, w.current().Parts[0].Key, nil) },
			[]string{"damaged", "read again"}},
		"years without a record": {func(w *world) { w.years = "1999" },
			[]string{"FEEDBACK_YEARS=1999"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{DataToken: dataToken})
			w.must(job.Full, job.Published)
			row.change(w)
			report := w.check()
			if contains(t, of(report, refresh.Note), row.words...); of(report, refresh.Wrong) != "" {
				t.Errorf("findings %q", of(report, refresh.Wrong))
			}
		})
	}
}

func TestCheckOmitsFieldsOfAnotherTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.another("tblOther000000001", "Lead Bugs")
	report := w.check()
	if text := fmt.Sprint(report); strings.Contains(text, "fields: ") ||
		strings.Contains(text, "years: ") || len(report.Texts(refresh.Wrong)) != 1 {
		t.Errorf("report %+v, want one fault, of neither fields nor years", report)
	}
}

// TestCheckSuggestsFieldMap: a base with other names than the expected ones gets a setting to
// start from, which keeps what is configured. Without a description, something is wrong.
func TestCheckSuggestsFieldMap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.RenameField("Initial Description", "What's wrong")
	w.RenameField("Status", "Statuss")
	w.RenameField("Team Routed", "Squad")
	for _, name := range []string{"Notes", "Priority", "Resolution Notes"} {
		if w.Base().FieldID(name) != "" {
			w.DropField(name)
		}
	}
	w.fields = `{"team": "Squad"}`
	report := w.check()
	contains(t, of(report, refresh.Wrong), "keys have a field, and description is missing")
	contains(t, of(report, refresh.Note), `status: the table has no field "Status" (the nearest is `+
		`"Statuss")`, `priority ("Priority")`)
	const want = `FIELD_MAP='{"description":"What\u0027s wrong","status":"Statuss","team":["Squad"]}'`
	if report.FieldMap != want {
		t.Errorf("it suggests %s, want %s", report.FieldMap, want)
	}
	w.fields = strings.Trim(strings.TrimPrefix(want, "FIELD_MAP="), "'")
	report = w.check()
	if report.FieldMap != "" || of(report, refresh.Wrong) != "" {
		t.Errorf("with that setting: %q, %q", report.FieldMap, of(report, refresh.Wrong))
	}
	contains(t, of(report, refresh.Fine), `description: "What's wrong" (`)
}
