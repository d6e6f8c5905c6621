package refresh_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/refresh"
	"voc/internal/snapshot"
)

// rewriter is a transport that edits the bodies of Airtable's responses.
type rewriter struct {
	http.RoundTripper
	edit func(path, body string) string
}

func (r rewriter) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	edited := r.edit(req.URL.Path, string(body))
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(edited)), int64(len(edited))
	return resp, err
}

// rewrite edits the bodies of all later responses, and of no others.
func (w *world) rewrite(edit func(path, body string) string) {
	if before, ok := w.http.(rewriter); ok {
		w.http = before.RoundTripper
	}
	w.http = rewriter{w.http, edit}
}

// retype gives a field another type, and its values another text.
func (w *world) retype(field, from, to string, values func(body string) string) {
	w.rewrite(func(path, body string) string {
		if strings.Contains(path, "/meta/") {
			was := fmt.Sprintf("\"name\":%q,\"type\":%q", field, from)
			if !strings.Contains(body, was) {
				w.t.Fatalf("%s is not in %s", was, body)
			}
			return strings.Replace(body, was, fmt.Sprintf("\"name\":%q,\"type\":%q", field, to), 1)
		}
		return values(body)
	})
}

func warnings(receipt job.Run) string { return strings.Join(receipt.Warnings, "\n") }

// TestFieldNamesAreFolded takes fields whose names differ in spaces, case and accents alone.
func TestFieldNamesAreFolded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	want := w.fresh()
	for old, name := range map[string]string{"Status": "Status ", "Priority": "priority",
		"Team Routed": "Team\u00a0Routed", "Environment": "ENVIRONMENT\u200b", "Notes": "\tnotes"} {
		w.RenameField(old, name)
	}
	if receipt := w.must(job.Full, job.Published); strings.Contains(warnings(receipt), "status") {
		t.Errorf("warnings %q", receipt.Warnings)
	}
	keys := `"status":"Open"`
	contains(t, w.detail("rec00000000000001"), keys, `"priority":"High"`, `"team":"Payments"`,
		`"environment":"CW 2.0"`, `"notes":"seen twice"`)
	w.clock.Advance(time.Hour)
	w.RenameField("Status ", "STATUS")
	w.must(job.Incremental, job.Published)
	warned(t, w.must(job.Incremental, job.Unchanged))
	contains(t, w.detail("rec00000000000001"), keys)
	if len(w.served(w.store)) != len(want) {
		t.Error("records are missing")
	}
	contains(t, of(w.check(), refresh.Fine), `status: "STATUS" (`)
}

// A field is taken for a name only if no other name is its own and no other field is like it.
func TestFieldNamesThatAreAmbiguous(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.RenameField("Status", "STATUS")
	w.AddField("status ", "singleLineText")
	receipt := w.must(job.Full, job.Published)
	contains(t, warnings(receipt), `no field is called "Status"`, `"STATUS" and "status "`,
		"FIELD_MAP")
	contains(t, w.detail("rec00000000000001"), `"status":"New"`)
	w.fields = `{"status":"STATUS","team":"status"}`
	w.clock.Advance(time.Hour)
	w.must(job.Incremental, job.Published)
	contains(t, w.detail("rec00000000000001"), `"status":"Open"`, `"team":"Triage"`)
}

func TestTableNameIsFolded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.table = "lead\u00a0bugs "
	w.must(job.Full, job.Published)
	w.RenameTable("Other")
	w.clock.Advance(time.Hour)
	warned(t, w.must(job.Incremental, job.Unchanged), `is called "Other" now`)
}

// TestDefaultedKeysAreReported holds that the receipt of each run and the check say which
// columns are nothing but defaults.
func TestDefaultedKeysAreReported(t *testing.T) {
	t.Parallel()
	text := func(w *world, name string, values ...string) {
		w.DropField(name)
		w.AddField(name, "singleLineText")
		for i, value := range values {
			w.Update(fmt.Sprintf("rec0000000000000%d", i+1), edit{name: value})
		}
	}
	for name, test := range map[string]struct {
		change func(w *world)
		words  []string
		no     string // what no warning has; "": anything may be
	}{
		"no such field": {func(*world) {},
			[]string{"no field for these keys", "all 3 records", `source ("Source")`}, "status"},
		"near miss": {func(w *world) { w.RenameField("Status", "Statsu") }, []string{
			`status has its default in all 3 records: no field is called "Status", and the ` +
				`nearest is "Statsu"`}, ""},
		"near by a word": {func(w *world) { w.RenameField("Status", "Ticket status") },
			[]string{`the nearest is "Ticket status"`}, ""},
		"renamed Issue": {func(w *world) { w.RenameField("Issue", "Issue #") },
			[]string{`issue_number has its default in all 3 records`, `"Issue #"`}, ""},
		"none wanted": {func(w *world) { w.fields = `{"source":[]}` }, nil, "source"},
		"empty field": {func(w *world) { text(w, "Status") },
			[]string{"no value in the fields of these keys", `status ("Status")`}, ""},
		"blank field": {func(w *world) { text(w, "Status", " ", "\t") },
			[]string{"no value in", `status ("Status")`}, ""},
		"dates of people": {func(w *world) {
			text(w, "Created", "3/14/2025 2:30pm", "next week", "14.3.25")
		}, []string{`created: no value of field "Created" can be read as a date, in 3 of 3 records`,
			"createdTime"}, ""},
		"one good date": {func(w *world) { text(w, "Created", "3/14/2025", "2025-03-14") },
			nil, "can be read"},
		"modified": {func(w *world) { text(w, "Last Modified Time", "yesterday") }, []string{
			`modified_at: no value of field "Last Modified Time" can be read as a date, in 1 of 3`}, ""},
		"issue numbers": {func(w *world) { text(w, "Issue", "VOC-1", "VOC-2") }, []string{
			`issue_number: no value of field "Issue" can be read as a number, in 2 of 3`}, ""},
		"hours as text": {func(w *world) { text(w, "Time to In Progress", "1:30") },
			[]string{`timeToInProgressHoursAvg: no value of field`, "number field"}, ""},
		"a link": {func(w *world) {
			w.DropField("Status")
			w.AddField("Status", "multipleRecordLinks")
		}, []string{`status: field "Status" links to other records`, "lookup"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, airtablesim.Config{})
			test.change(w)
			receipt := w.must(job.Full, job.Published)
			for _, mode := range []job.Mode{job.Incremental, job.Sweep, job.Full} {
				w.clock.Advance(time.Hour)
				if again := w.must(mode, job.Unchanged); warnings(again) != warnings(receipt) {
					t.Errorf("%s: %q, want %q", mode, again.Warnings, receipt.Warnings)
				}
			}
			contains(t, warnings(receipt), test.words...)
			notes := of(w.check(), refresh.Note)
			for _, warning := range receipt.Warnings {
				// A check reads one page, here of all four records, and does not know the snapshot.
				if strings.Contains(warning, "can be read") || strings.Contains(warning, "links to") {
					contains(t, notes, strings.Split(warning, ", in ")[0])
				}
			}
			if test.no != "" && strings.Contains(warnings(receipt), test.no) {
				t.Errorf("%q has %q", receipt.Warnings, test.no)
			}
			for _, warning := range receipt.Warnings {
				if len(warning) > 500 {
					t.Errorf("%d bytes: %s", len(warning), warning)
				}
			}
		})
	}
}

// TestEnvironmentNeedsBox holds that the rule of the box counts where the base has one, and
// that a box that comes or goes maps every record anew.
func TestEnvironmentNeedsBox(t *testing.T) {
	t.Parallel()
	const without = "rec00000000000003"
	for _, token := range []string{airtablesim.DemoToken, dataToken} {
		w := newWorld(t, airtablesim.Config{DataToken: dataToken})
		w.token = token
		w.DropField("CW 2.0 Bug")
		w.must(job.Full, job.Published)
		contains(t, w.detail(without), `"environment":"Unknown"`)
		w.clock.Advance(time.Hour)
		w.AddField("CW 2.0 Bug", "checkbox")
		w.Update("rec00000000000002", edit{"CW 2.0 Bug": true})
		w.must(job.Incremental, job.Published)
		contains(t, w.detail(without), `"environment":"CW 1.0"`)
		contains(t, w.detail("rec00000000000002"), `"environment":"CW 2.0"`)
		w.converged()
		w.clock.Advance(time.Hour)
		w.must(job.Incremental, job.Unchanged)
		w.DropField("CW 2.0 Bug")
		if token == airtablesim.DemoToken {
			w.refuses(job.Incremental, `"CW 2.0 Bug"`)
		}
		w.accepted(job.Full)
		contains(t, w.detail(without), `"environment":"Unknown"`)
		w.clock.Advance(time.Hour)
		w.must(job.Incremental, job.Unchanged)
	}
}

// TestOddCreatedTime has one record with a createdTime that is none. It costs that record
// its date and nothing else.
func TestOddCreatedTime(t *testing.T) {
	t.Parallel()
	for odd, told := range map[string]bool{
		`""`: true, `null`: true, `5`: true, `"2025-06-01"`: false,
	} {
		t.Run(odd, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, airtablesim.Config{})
			w.rewrite(func(_, body string) string {
				return strings.Replace(body, `"2025-05-05T08:00:00.000Z"`, odd, 1)
			})
			receipt := w.must(job.Full, job.Published)
			if got := strings.Contains(warnings(receipt), "no date that can be read"); got != told {
				t.Errorf("warnings %q", receipt.Warnings)
			}
			want := 3
			if told {
				contains(t, warnings(receipt), "rec00000000000003")
				want = 2
			}
			if got := w.ids(); len(got) != want {
				t.Errorf("%q are served, want %d", got, want)
			}
			for _, mode := range modes {
				w.clock.Advance(time.Hour)
				w.must(mode, job.Unchanged)
			}
		})
	}
}

// TestChoicesAreFolded serves choices that differ in spaces or case as one.
func TestChoicesAreFolded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	for i, status := range []string{"open", "Open ", "Open", "OPEN\u00a0", "Open"} {
		w.Create(edit{"Status": status, "Priority": " HIGH"[i%2:], "Team Routed": "UNASSIGNED ",
			"Environment": "CW 2.0 "[:6+i%2], "Time to In Progress": 1})
	}
	w.must(job.Full, job.Published)
	file := w.open(w.store)
	defer file.Close()
	facets, err := file.Facets(t.Context(), feedback.Filter{Any: map[string][]string{
		feedback.Status: {"oPEN"}, feedback.Team: {"triage"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(facets), `"total":5`, `"status":[{"value":"Open","count":5}`)
	for report, want := range map[snapshot.Name]string{
		snapshot.PlacesReport: `{"environments":["CW 2.0"]}`,
		snapshot.PulseReport:  `"environment_distribution":{"CW 1.0":1,"CW 2.0":7}`,
	} {
		body, _, err := file.Report(t.Context(), report, nil)
		if err != nil {
			t.Fatal(err)
		}
		contains(t, string(body), want)
	}
}
