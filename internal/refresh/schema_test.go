package refresh_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/job"
)

const dataToken = "patDataOnly"

// warned checks that a receipt has one warning with the words, or none if there are no
// words.
func warned(t *testing.T, receipt job.Run, words ...string) {
	t.Helper()
	warnings := besidesDefaults(receipt.Warnings)
	if len(words) == 0 && len(warnings) == 0 {
		return
	}
	if len(words) == 0 || len(warnings) != 1 {
		t.Fatalf("warnings %q", warnings)
	}
	contains(t, warnings[0], words...)
}

// besidesDefaults returns the warnings without those of keys that have no field or no value,
// as many of testdata/base.jsonl.
func besidesDefaults(warnings []string) []string {
	return slices.DeleteFunc(slices.Clone(warnings), func(warning string) bool {
		return strings.HasPrefix(warning, "no field for ") || strings.HasPrefix(warning, "no value in ")
	})
}

func TestRenamedFieldIsFollowed(t *testing.T) {
	t.Parallel()
	for _, mode := range []job.Mode{job.Full, job.Incremental} {
		w := newWorld(t, airtablesim.Config{})
		w.must(job.Full, job.Published)
		w.clock.Advance(time.Hour)
		w.RenameField("Team Routed", `Team "of" {today}`)
		w.RenameField("Issue", "Number")
		w.RenameField("Type of Issue", "Issue") // a name that another mapped field had
		w.refuses(mode, "issue_number would have another meaning", `"Issue" was of type number`)
		var receipt job.Run
		made := w.calls(func() { receipt = w.accepted(mode) })
		if want := (calls{airtablesim.Schema: 1, airtablesim.List: 1}); !cmp.Equal(made, want) {
			t.Errorf("%s: %v, want %v", mode, made, want)
		}
		contains(t, strings.Join(receipt.Warnings, "\n"),
			`field "Team Routed" is called "Team \"of\" {today}" now`, `"Type of Issue" is called "Issue"`,
			"FIELD_MAP")
		contains(t, w.detail("rec00000000000001"), `"team":"Payments"`, `"type_of_issue":"Bug"`,
			`"Team \"of\" {today}":"Payments"`, `"Number":1`, `"Issue":"Bug"`)
		now := `{"team": "Team \"of\" {today}", "type_of_issue": "Issue"}`
		w.convergedAs(now)
		w.clock.Advance(time.Hour)
		w.must(job.Incremental, job.Unchanged)
		w.convergedAs(now)
	}
}

func TestFieldRenamedBackIsUnchanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	before := w.served(w.store)
	for _, rename := range [][2]string{{"Priority", "Prio"}, {"Prio", "Priority"}} {
		w.clock.Advance(time.Hour)
		w.RenameField(rename[0], rename[1])
		w.must(job.Incremental, job.Published)
		w.convergedAs(`{"priority": "` + rename[1] + `"}`)
	}
	if diff := cmp.Diff(before, w.served(w.store)); diff != "" {
		t.Error(diff)
	}
}

// The pages are keyed by id, so the schema before the listing names all of them.
func TestFieldRenamedDuringListing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		w.fill(150)
		w.onPage(2, func() { w.RenameField("Status", "State") })
		w.must(job.Full, job.Published)
		contains(t, w.detail("rec00000000000001"), `"status":"Open"`, `"Status":"Open"`)
		w.Before(nil)
		w.clock.Advance(time.Hour)
		warned(t, w.must(job.Incremental, job.Published), `field "Status" is called "State"`)
		w.convergedAs(`{"status": "State"}`)
	})
}

// A formula takes names only, so a rename of the created field breaks the listing.
func TestFormulaFieldRenamedDuringListing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		w.must(job.Full, job.Published)
		w.fill(150)
		w.onPage(2, func() { w.RenameField("Created", "Made") })
		w.fails(job.Full, "INVALID_FILTER_BY_FORMULA", "a field was renamed or removed")
		w.Before(nil)
		warned(t, w.must(job.Full, job.Published), `field "Created" is called "Made"`)
		w.convergedAs(`{"created": "Made"}`)
	})
}

func TestFieldAddedDuringListing(t *testing.T) {
	t.Parallel()
	for _, mode := range []job.Mode{job.Full, job.Incremental} {
		both(t, func(t *testing.T, w *world) {
			filled := w.fill(150)
			w.onPage(2, func() {
				w.AddField("New", "singleLineText")
				w.Recompute(filled[149], edit{"New": "value"}) // so that no incremental reads it again
			})
			w.must(job.Full, job.Published)
			w.Before(nil)
			w.clock.Advance(time.Hour)
			w.must(mode, job.Published)
			contains(t, w.detail(filled[149]), `"New":"value"`)
			w.converged()
			w.clock.Advance(time.Hour)
			w.must(mode, job.Unchanged)
		})
	}
}

func TestUnmappedFieldMayBeDeleted(t *testing.T) {
	t.Parallel()
	for _, mode := range []job.Mode{job.Full, job.Incremental} {
		w := newWorld(t, airtablesim.Config{})
		w.AddField("Extra", "singleLineText")
		w.Update("rec00000000000001", edit{"Extra": "value"})
		w.must(job.Full, job.Published)
		contains(t, w.detail("rec00000000000001"), `"Extra":"value"`)
		w.clock.Advance(time.Hour)
		w.DropField("Extra")
		warned(t, w.must(mode, job.Published))
		if strings.Contains(w.detail("rec00000000000001"), "Extra") {
			t.Errorf("%s: a field that is gone is served", mode)
		}
		w.converged()
	}
}

// A field is deleted and another one takes its name: it does not get the cells.
func TestFieldWithReusedName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	for _, name := range []string{"Extra", "Other"} {
		w.AddField(name, "singleLineText")
	}
	w.Update("rec00000000000001", edit{"Extra": "of extra", "Other": "of other"})
	w.Update("rec00000000000002", edit{"Extra": "of extra"})
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.DropField("Extra")
	w.RenameField("Other", "Extra")
	w.must(job.Incremental, job.Published)
	contains(t, w.detail("rec00000000000001"), `"Extra":"of other"`)
	w.converged()
}

func TestMissingMappedFieldIsRejected(t *testing.T) {
	t.Parallel()
	for _, mode := range []job.Mode{job.Full, job.Incremental} {
		for _, fields := range []string{"", `{"status": "Status"}`} {
			w := newWorld(t, airtablesim.Config{})
			w.fields = fields
			w.must(job.Full, job.Published)
			before := w.served(w.store)
			w.DropField("Status")
			w.DropField("Environment")
			w.refuses(mode, `field "Status"`, "is missing", "restore the field", "FIELD_MAP",
				`field "Environment"`)
			if diff := cmp.Diff(before, w.served(w.store)); diff != "" {
				t.Error(diff)
			}
			w.fields = `{"status": "Notes", "environment": "Priority"}`
			w.must(mode, job.Published)
			w.converged()
		}
	}
}

func TestUnknownFieldNamesNearest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.fields = `{"status": "Statsu", "team": ["Team Routed", "Taem"]}`
	receipt := w.must(job.Full, job.Failed)
	contains(t, string(receipt.Error), `FIELD_MAP names field "Statsu" for "status"`,
		`nearest is "Status"`, `"Taem" for "team"`)
	if m := w.manifest(); len(m.Snapshots) != 0 || len(m.Runs) != 1 {
		t.Errorf("manifest %+v, want one run and no snapshot", m)
	}
}

// The base of the tests has no field for related_imt, source and some other keys.
func TestMissingDefaultFieldIsBlank(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	warned(t, w.must(job.Full, job.Published))
	contains(t, w.detail("rec00000000000001"), `"source":"N/A"`, `"related_imt":""`)
	w.clock.Advance(time.Hour)
	w.AddField("Source", "singleLineText")
	w.Update("rec00000000000001", edit{"Source": "phone"})
	if receipt := w.must(job.Incremental, job.Published); receipt.Mode != job.Full {
		t.Errorf("a mapped field that is new may be filled in any record: %+v", receipt)
	}
	contains(t, w.detail("rec00000000000001"), `"source":"phone"`)
	w.converged()
	w.clock.Advance(time.Hour)
	if receipt := w.must(job.Incremental, job.Unchanged); receipt.Mode != job.Incremental {
		t.Errorf("receipt %+v, want mode incremental", receipt)
	}
}

// The field is still empty, so no record differs. The snapshot must have the field all
// the same, or every run would be a full.
func TestNewMappedFieldMakesOneFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.AddField("Source", "singleLineText")
	if receipt := w.must(job.Incremental, job.Published); receipt.Mode != job.Full {
		t.Errorf("receipt %+v, want mode full", receipt)
	}
	w.clock.Advance(time.Hour)
	if receipt := w.must(job.Incremental, job.Unchanged); receipt.Mode != job.Incremental {
		t.Errorf("receipt %+v, want mode incremental", receipt)
	}
}

func TestFieldsNamedByID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.fields = `{"status": "` + w.Base().FieldID("Priority") + `"}`
	warned(t, w.must(job.Full, job.Published))
	contains(t, w.detail("rec00000000000001"), `"status":"1"`)
	w.clock.Advance(time.Hour)
	w.RenameField("Priority", "Prio")
	// of the default for priority
	warned(t, w.must(job.Incremental, job.Published), `field "Priority" is called "Prio"`)
	contains(t, w.detail("rec00000000000001"), `"status":"1"`, `"priority":"High"`)
	w.convergedAs(`{"status": "Prio", "priority": "Prio"}`)
}

func TestRenamedTableIsFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.RenameTable("Feedback")
	w.Update("rec00000000000001", edit{"Status": "Closed"})
	warned(t, w.must(job.Incremental, job.Published), `table "Lead Bugs" is called "Feedback" now`,
		"AIRTABLE_TABLE_NAME")
	if owner := w.manifest().Owner; owner.TableName != "Feedback" {
		t.Errorf("owner %+v, want the table Feedback", owner)
	}
	for _, table := range []string{"Feedback", w.Base().TableID()} {
		w.clock.Advance(time.Hour)
		w.table = table
		warned(t, w.must(job.Incremental, job.Unchanged))
	}
	w.converged()
}

func TestRunWithoutSchemaScopeWarns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, airtablesim.Config{DataToken: dataToken})
		w.token = dataToken
		w.fill(120)
		receipt := w.must(job.Full, job.Published)
		warned(t, receipt, "schema.bases:read", "renamed fields are not detected")
		if receipt.AirtableCalls != 1+1+2 || // one for the box of the environment
			receipt.Read != 124 || len(w.ids()) != 123 {
			t.Errorf("%d are served; %+v", len(w.ids()), receipt)
		}
		contains(t, w.detail("rec00000000000001"), `"team":"Payments"`,
			`"airtable_url":"https://airtable.com/`+w.base+`"`)
		w.clock.Advance(time.Hour)
		w.Update("rec00000000000001", edit{"Status": "Closed"})
		if receipt := w.must(job.Incremental, job.Published); receipt.Mode != job.Incremental ||
			receipt.Changed != 1 {
			t.Errorf("receipt %+v, want mode incremental and 1 changed", receipt)
		}
		w.clock.Advance(time.Hour)
		w.must(job.Incremental, job.Unchanged)
		w.converged()
		w.token = airtablesim.DemoToken // the scope is granted
		for i, mode := range []job.Mode{job.Full, job.Incremental} {
			w.clock.Advance(time.Hour)
			warned(t, w.must(job.Incremental, []job.Outcome{job.Published, job.Unchanged}[i]))
			if got := w.manifest().Runs[0].Mode; got != mode {
				t.Errorf("run %d is %s, want %s", i, got, mode)
			}
			w.converged()
		}
		contains(t, w.detail("rec00000000000001"),
			`"airtable_url":"https://airtable.com/`+w.base+"/"+w.Base().TableID())
	})
}

func TestLostScopeKeepsTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{DataToken: dataToken})
	w.must(job.Full, job.Published)
	w.token = dataToken
	w.clock.Advance(time.Hour)
	receipt := w.run(job.Incremental)
	if warned(t, receipt, "schema.bases:read"); receipt.Mode != job.Full || !receipt.Succeeded() {
		t.Errorf("receipt %+v, want mode full and success", receipt)
	}
	contains(t, w.detail("rec00000000000001"), w.Base().TableID())
	w.clock.Advance(time.Hour)
	if receipt := w.must(job.Incremental, job.Unchanged); receipt.Mode != job.Incremental {
		t.Errorf("receipt %+v, want mode incremental", receipt)
	}
	w.table = "Another"
	w.fails(job.Incremental, `holds table "Lead Bugs"`, "SNAPSHOT_STORE")
}
