package feedback_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
)

// contractKeys is a list of the keys of a field map, one per line, edited by hand.
const contractKeys = "testdata/field_map_keys.txt"

func TestKeysMatchContract(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(contractKeys)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(text))
	slices.Sort(want)
	if diff := cmp.Diff(want, feedback.Keys()); diff != "" {
		t.Errorf("keys (-contract +code):\n%s", diff)
	}
}

// A field map replaces the defaults of the keys that it names, and only those.
func TestFieldMapOverridesDefaults(t *testing.T) {
	t.Parallel()
	m := mapping(t, `{"status":"State","description":["Text","Notes"]}`, "")
	cells := `{
		"State": "Open", "Status": "Done", "Initial Description": "a", "Text": " ", "Notes": "b",
		"Source": "Web"
	}`
	summary := mapCells(t, m, cells).Summary()
	for name, want := range map[string]string{
		"status": `"Open"`, "description": `"b"`, "source": `"Web"`,
	} {
		if got := valueOf(t, summary, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if !m.Chosen(feedback.Status) || !m.Chosen(feedback.Description) || m.Chosen(feedback.Source) {
		t.Error("Chosen must hold for status and description, not for source")
	}
}

// Each key of a field map changes the value that it stands for.
func TestFieldMapKeyReadsItsField(t *testing.T) {
	t.Parallel()
	type place struct{ key, value, want string } // the key of the response, the cell, its value
	const date, instant = `"2025-01-07"`, `"2025-01-07T00:00:00.000Z"`
	places := map[string]place{
		feedback.Description:     {"description", `"mine"`, `"mine"`},
		feedback.Priority:        {"priority", `"mine"`, `"mine"`},
		feedback.Team:            {"team", `"mine"`, `"mine"`},
		feedback.Environment:     {"environment", `"mine"`, `"mine"`},
		feedback.EnvironmentBox:  {"environment", `true`, `"CW 2.0"`},
		feedback.AreaImpacted:    {"area_impacted", `"mine"`, `"mine"`},
		feedback.Created:         {"created", date, instant},
		feedback.ReportedOn:      {"created", date, instant},
		feedback.ModifiedAt:      {"modified_at", date, instant},
		feedback.IssueNumber:     {"issue_number", `77`, `77`},
		feedback.Status:          {"status", `"mine"`, `"mine"`},
		feedback.ReporterEmail:   {"reporter_email", `"mine"`, `"mine"`},
		feedback.SlackThread:     {"slack_thread", `"mine"`, `"mine"`},
		feedback.TypeOfIssue:     {"type_of_issue", `"mine"`, `"mine"`},
		feedback.Source:          {"source", `"mine"`, `"mine"`},
		feedback.TriageRep:       {"triage_rep", `"mine"`, `"mine"`},
		feedback.Notes:           {"notes", `"mine"`, `"mine"`},
		feedback.ResolutionNotes: {"resolution_notes", `"mine"`, `"mine"`},
		feedback.RelatedIMT:      {"related_imt", `"mine"`, `"mine"`},
	}
	for _, name := range feedback.Keys() {
		m := mapping(t, `{"`+name+`":["Missing","Mine"]}`, "")
		if i := slices.Index(feedback.Durations[:], name); i >= 0 {
			if got := mapCells(t, m, `{"Mine":7}`).Hours[i]; got != 7 {
				t.Errorf("%s: %v hours, want 7", name, got)
			}
			continue
		}
		place := places[name]
		body := response(mapCells(t, m, `{"Mine":`+place.value+`}`), `{}`)
		if got := valueOf(t, body, place.key); got != place.want {
			t.Errorf("%s: %s is %s, want %s", name, place.key, got, place.want)
		}
	}
}

func TestFirstUsableFieldCounts(t *testing.T) {
	t.Parallel()
	const createdTime = `"2025-06-01T22:30:15.123Z"`
	m := mapping(t, `{
		"status": ["A", "B"], "created": ["A", "B"], "timeToInProgressHoursAvg": ["A", "B"],
		"team": ["A", "B"], "area_impacted": ["A", "B"]
	}`, "")
	for name, test := range map[string]struct {
		cells, status, created string
		hours                  float64
	}{
		"first":       {`{"A":5,"B":7}`, `"5"`, createdTime, 5},
		"zero counts": {`{"A":0,"B":7}`, `"0"`, createdTime, 0},
		"an error does not count": {
			`{"A":{"error":"#ERROR!"},"B":7}`, `"7"`, createdTime, 7,
		},
		"an invalid date does not": {
			`{"A":"soon","B":"2025-02-01"}`, `"soon"`, `"2025-02-01T00:00:00.000Z"`, 0,
		},
		"text is not a duration": {`{"A":"5","B":7}`, `"5"`, createdTime, 7},
		"all missing":            {`{}`, `"New"`, createdTime, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := mapCells(t, m, test.cells)
			status, created := valueOf(t, f.Summary(), "status"), valueOf(t, f.Summary(), "created")
			if status != test.status || created != test.created || f.Hours[0] != test.hours {
				t.Errorf("got %s, %s, %v, want %s, %s, %v",
					status, created, f.Hours[0], test.status, test.created, test.hours)
			}
		})
	}
}

func TestNewMappingReportsEveryError(t *testing.T) {
	t.Parallel()
	notAnObject := []string{"must be a JSON object in which no name occurs twice"}
	status := []string{"status: must be the name of a field or a list of names"}
	team := []string{`"A": the team must be a string that is not blank`}
	for name, test := range map[string]struct {
		fieldMap, teamMap string
		fields, teams     []string // how each line begins
	}{
		"not JSON":     {`{`, `x`, notAnObject, notAnObject},
		"not objects":  {`["status"]`, `"a"`, notAnObject, notAnObject},
		"null":         {`null`, `null`, notAnObject, notAnObject},
		"more after":   {`{} {}`, `{},`, notAnObject, notAnObject},
		"a name twice": {`{"status":"a","status":"b"}`, `{"A":"x","A":"y"}`, notAnObject, notAnObject},
		"unknown keys": {`{"state":"a","Status":"b"}`, ``, []string{
			`no key "Status": use one of area_impacted, created,`, `no key "state": use one of`,
		}, nil},
		"numbers":         {`{"status":5}`, `{"A":5}`, status, team},
		"null as a value": {`{"status":null}`, `{"A":null}`, status, team},
		"blank":           {`{"status":" "}`, `{"A":""}`, status, team},
		"list of teams":   {``, `{"A":[]}`, nil, team},
		"blank in a list": {`{"status":["a",""]}`, ``, status, nil},
		"null in a list":  {`{"status":["a",null]}`, ``, status, nil},
		"list in a list":  {`{"status":[["a"]]}`, ``, status, nil},
		"areas differ by case": {``, `{"Loans":"a","LOANS":"b"}`, nil, []string{
			`"Loans" occurs twice (case and accents do not count)`,
		}},
		"areas differ by accent": {``, `{"caf\u00c9":"a","caf\u00e9":"b","cafe":"c"}`, nil, []string{
			`"cafÉ" occurs twice`, `"café" occurs twice`,
		}},
		"several": {
			`{"state":"a","notes":5,"source":null}`, `{"A":5,"B":[]}`,
			[]string{"notes:", "source:", `no key "state"`}, []string{`"A"`, `"B"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := feedback.NewMapping(test.fieldMap, test.teamMap)
			e, ok := errors.AsType[*feedback.MappingError](err)
			if !ok {
				t.Fatalf("got %v, want a *MappingError", err)
			}
			checkLines(t, "fields", e.Fields, test.fields)
			checkLines(t, "teams", e.Teams, test.teams)
			if got := strings.Count(err.Error(), "\n") + 1; got != len(test.fields)+len(test.teams) {
				t.Errorf("%d lines in %q", got, err)
			}
		})
	}
}

// checkLines checks how each line of an error begins; without lines, err must be nil.
func checkLines(t *testing.T, name string, err error, want []string) {
	t.Helper()
	var got []string
	if err != nil {
		got = strings.Split(err.Error(), "\n")
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%s: %q, want %q", name, got, want)
	}
}

func TestEmptyMaps(t *testing.T) {
	t.Parallel()
	want, _ := json.Marshal(mapping(t, "", ""))
	for _, empty := range []string{" \n", "{}", " { } "} {
		if got, _ := json.Marshal(mapping(t, empty, empty)); string(got) != string(want) {
			t.Errorf("%q: %s, want %s", empty, got, want)
		}
	}
}

// The areas of a team map are folded; its teams are not.
func TestTeamKeepsItsSpelling(t *testing.T) {
	t.Parallel()
	f := mapCells(t, mapping(t, "", `{"Straße":"Équipe <1>"}`), `{"Area Impacted":["STRAßE"]}`)
	if f.Team != "Équipe <1>" {
		t.Errorf("got %q", f.Team)
	}
}

// Equal mappings have equal JSON, and different mappings do not.
func TestMappingMarshalJSON(t *testing.T) {
	t.Parallel()
	encoded := func(fieldMap, teamMap string) string {
		text, err := json.Marshal(mapping(t, fieldMap, teamMap))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	base := encoded(`{"status":"A","notes":["B","C"]}`, `{"x":"1","Y":"2"}`)
	if other := encoded(` {"notes":["B","C"], "status":["A"]}`, `{"y":"2","X":"1"}`); other != base {
		t.Errorf("%s\nwant:\n%s", other, base)
	}
	for name, other := range map[string]string{
		"another name":  encoded(`{"status":"Z","notes":["B","C"]}`, `{"x":"1","Y":"2"}`),
		"another order": encoded(`{"status":"A","notes":["C","B"]}`, `{"x":"1","Y":"2"}`),
		"another team":  encoded(`{"status":"A","notes":["B","C"]}`, `{"x":"1","Y":"3"}`),
		"a key less":    encoded(`{"status":"A"}`, `{"x":"1","Y":"2"}`),
	} {
		if other == base {
			t.Errorf("%s: the JSON is equal", name)
		}
	}
}

// The new name replaces the old one in every key, and not in the mapping itself.
func TestFollow(t *testing.T) {
	t.Parallel()
	m := mapping(t, `{"status":"State"}`, `{"loans":"Lending"}`)
	followed := m.Follow(map[string]string{"Notes": "Remarks", "State": "Stage", "Unused": "Other"})
	want := []string{"Initial Description", "Remarks", "Resolution Notes"}
	if diff := cmp.Diff(want, followed.Names(feedback.Description)); diff != "" {
		t.Error(diff)
	}
	f := mapCells(t, followed,
		`{"Remarks":"now","Notes":"then","Stage":"Open","Area Impacted":"Loans"}`)
	if f.Description != "now" || f.Notes != "now" || f.Status != "Open" ||
		f.Team != "Lending" || !followed.Chosen(feedback.Status) {
		t.Errorf("got %+v", f)
	}
	if got := mapCells(t, m, `{"Notes":"then","Remarks":"now"}`).Notes; got != "then" {
		t.Errorf("Follow changed the mapping itself: notes %q", got)
	}
}

func TestFollowSwappedNames(t *testing.T) {
	t.Parallel()
	followed := mapping(t, "", "").Follow(
		map[string]string{"Notes": "Resolution Notes", "Resolution Notes": "Notes"})
	f := mapCells(t, followed, `{"Notes":"n","Resolution Notes":"r"}`)
	if f.Notes != "r" || f.ResolutionNotes != "n" {
		t.Errorf("notes %q, resolution notes %q", f.Notes, f.ResolutionNotes)
	}
}

func TestEmptyListMapsToNoField(t *testing.T) {
	t.Parallel()
	m, err := feedback.NewMapping(`{"status":[]}`, "")
	if err != nil {
		t.Fatal(err)
	}
	record := feedback.Record{ID: "rec1", Fields: cell("Status", `"Done"`)}
	if got := m.Map(record).Status; got != "New" {
		t.Errorf("status %q, want New, that of a record without one", got)
	}
}

// Read gives "" exactly where a record has the default of the key.
func TestRead(t *testing.T) {
	t.Parallel()
	m := mapping(t, "", "")
	for name, test := range map[string]struct{ key, cells, want string }{
		"date":              {feedback.Created, `{"Created":"2025-03-04"}`, "2025-03-04T00:00:00.000Z"},
		"date as people":    {feedback.Created, `{"Created":"3/14/2025 2:30pm"}`, ""},
		"number as text":    {feedback.IssueNumber, `{"Issue":" 12.50"}`, "12.5"},
		"other text":        {feedback.IssueNumber, `{"Issue":"#12"}`, ""},
		"hours":             {feedback.Durations[0], `{"Time to In Progress":[1.5]}`, "1.5"},
		"zero hours":        {feedback.Durations[0], `{"Time to In Progress":0}`, "0"},
		"hours as text":     {feedback.Durations[0], `{"Time to In Progress":"1:30"}`, ""},
		"a later field":     {feedback.AreaImpacted, `{"System":["a","b"]}`, "a, b"},
		"text":              {feedback.Status, `{"Status":{"name":"Open"}}`, "Open"},
		"an error":          {feedback.Status, `{"Status":{"error":"#ERROR!"}}`, ""},
		"a missing field":   {feedback.Status, `{}`, ""},
		"a key of no table": {"other", `{"other":"a"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var fields map[string]json.RawMessage
			if err := json.Unmarshal([]byte(test.cells), &fields); err != nil {
				t.Fatal(err)
			}
			if got := m.Read(test.key, fields); got != test.want {
				t.Errorf("%s of %s: %q, want %q", test.key, test.cells, got, test.want)
			}
		})
	}
}

// FuzzNewMapping gives every valid pair of maps to a mapping, which must be total and equal
// to what its own JSON says.
func FuzzNewMapping(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"status":"State","notes":["A","B"]}`, `{"Loans":"Lending"}`},
		{`{"status":[]}`, `{}`}, {`{"status":"a","status":"b"}`, `{"a":1}`}, {`[`, "\xff"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, fieldMap, teamMap string) {
		m, err := feedback.NewMapping(fieldMap, teamMap)
		if err != nil {
			if _, ok := errors.AsType[*feedback.MappingError](err); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		cells := map[string]json.RawMessage{}
		for _, key := range feedback.Keys() {
			for _, name := range m.Names(key) {
				cells[name] = json.RawMessage(`"Loans"`)
			}
		}
		checkMap(t, m, cells)
		if text, err := json.Marshal(m); err != nil || !json.Valid(text) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
