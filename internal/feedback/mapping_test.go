package feedback_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
)

// contractKeys lists the keys that FIELD_MAP promises to take, one a line. It is edited by hand.
const contractKeys = "testdata/field_map_keys.txt"

func TestFieldMapTakesTheKeysOfTheContract(t *testing.T) {
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

func TestFieldMapGoesOverTheDefaultsKeyByKey(t *testing.T) {
	t.Parallel()
	m := mapping(t, `{"status":"State","description":["Text","Notes"]}`, "")
	cells := `{"State":"Open","Status":"Done","Initial Description":"a","Text":" ","Notes":"b","Source":"Web"}`
	got := read(t, m, cells).Summary()
	for name, want := range map[string]string{"status": `"Open"`, "description": `"b"`, "source": `"Web"`} {
		if got := key(t, got, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if !m.Chosen(feedback.Status) || !m.Chosen(feedback.Description) || m.Chosen(feedback.Source) {
		t.Error("status and description are chosen, source is not")
	}
}

// Each key reads the field that FIELD_MAP gives it and no other key does.
func TestEachKeyOfFieldMapLeadsToItsPlace(t *testing.T) {
	t.Parallel()
	places := map[string]string{
		feedback.Description: "description", feedback.Priority: "priority", feedback.Team: "team", feedback.Environment: "environment",
		feedback.EnvironmentBox: "environment", feedback.AreaImpacted: "area_impacted", feedback.Created: "created", feedback.ReportedOn: "created",
		feedback.ModifiedAt: "modified_at", feedback.IssueNumber: "issue_number", feedback.Status: "status", feedback.ReporterEmail: "reporter_email",
		feedback.SlackThread: "slack_thread", feedback.TypeOfIssue: "type_of_issue", feedback.Source: "source", feedback.TriageRep: "triage_rep",
		feedback.Notes: "notes", feedback.ResolutionNotes: "resolution_notes", feedback.RelatedIMT: "related_imt",
	}
	values := map[string]string{
		feedback.EnvironmentBox: `true`, feedback.IssueNumber: `77`, feedback.Created: `"2025-01-07"`, feedback.ReportedOn: `"2025-01-07"`,
		feedback.ModifiedAt: `"2025-01-07"`,
	}
	answers := map[string]string{
		feedback.EnvironmentBox: `"CW 2.0"`, feedback.IssueNumber: `77`, feedback.Created: `"2025-01-07T00:00:00.000Z"`,
		feedback.ReportedOn: `"2025-01-07T00:00:00.000Z"`, feedback.ModifiedAt: `"2025-01-07T00:00:00.000Z"`,
	}
	for _, name := range feedback.Keys() {
		m := mapping(t, `{"`+name+`":["Nowhere","Mine"]}`, "")
		if i := slices.Index(feedback.Durations[:], name); i >= 0 {
			if got := read(t, m, `{"Mine":7}`).Hours[i]; got != 7 {
				t.Errorf("%s: %v hours, want 7", name, got)
			}
			continue
		}
		value, want := `"mine"`, `"mine"`
		if values[name] != "" {
			value, want = values[name], answers[name]
		}
		if got := key(t, answer(read(t, m, `{"Mine":`+value+`}`), `{}`), places[name]); got != want {
			t.Errorf("%s: %s is %s, want %s", name, places[name], got, want)
		}
	}
}

func TestOfSeveralNamesTheFirstThatIsNotBlankCounts(t *testing.T) {
	t.Parallel()
	m := mapping(t, `{"status":["A","B"],"created":["A","B"],"timeToInProgressHoursAvg":["A","B"],"team":["A","B"],"area_impacted":["A","B"]}`, "")
	for name, test := range map[string]struct {
		cells, status, created string
		hours                  float64
	}{
		"the first":                 {`{"A":5,"B":7}`, `"5"`, `"2025-06-01T22:30:15.123Z"`, 5},
		"nought is not blank":       {`{"A":0,"B":7}`, `"0"`, `"2025-06-01T22:30:15.123Z"`, 0},
		"an error is":               {`{"A":{"error":"#ERROR!"},"B":7}`, `"7"`, `"2025-06-01T22:30:15.123Z"`, 7},
		"an unreadable date is":     {`{"A":"soon","B":"2025-02-01"}`, `"soon"`, `"2025-02-01T00:00:00.000Z"`, 0},
		"text is no number of them": {`{"A":"5","B":7}`, `"5"`, `"2025-06-01T22:30:15.123Z"`, 7},
		"none of them is there":     {`{}`, `"New"`, `"2025-06-01T22:30:15.123Z"`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := read(t, m, test.cells)
			status, created := key(t, f.Summary(), "status"), key(t, f.Summary(), "created")
			if status != test.status || created != test.created || f.Hours[0] != test.hours {
				t.Errorf("got %s, %s, %v, want %s, %s, %v", status, created, f.Hours[0], test.status, test.created, test.hours)
			}
		})
	}
}

func TestEveryMistakeInTheMapsIsTold(t *testing.T) {
	t.Parallel()
	const noObject = "must be a JSON object of names and values, no name twice"
	for name, test := range map[string]struct {
		fieldMap, teamMap string
		want              []string // "" is the start of each line
	}{
		"no JSON":                     {`{`, `x`, []string{"FIELD_MAP: " + noObject, "TEAM_MAP: " + noObject}},
		"no object":                   {`["status"]`, `"a"`, []string{"FIELD_MAP: " + noObject, "TEAM_MAP: " + noObject}},
		"null":                        {`null`, `null`, []string{"FIELD_MAP: " + noObject, "TEAM_MAP: " + noObject}},
		"more after it":               {`{} {}`, `{},`, []string{"FIELD_MAP: " + noObject, "TEAM_MAP: " + noObject}},
		"a name twice":                {`{"status":"a","status":"b"}`, `{"A":"x","A":"y"}`, []string{"FIELD_MAP: " + noObject, "TEAM_MAP: " + noObject}},
		"unknown keys":                {`{"state":"a","Status":"b"}`, ``, []string{`FIELD_MAP: no key "Status": use one of area_impacted, created,`, `FIELD_MAP: no key "state": use one of`}},
		"a number":                    {`{"status":5}`, `{"A":5}`, []string{"FIELD_MAP: status: must be the name of a field or a list of names", `TEAM_MAP: "A": the team must be a text`}},
		"null as a value":             {`{"status":null}`, `{"A":null}`, []string{"FIELD_MAP: status: must be", `TEAM_MAP: "A": the team`}},
		"blank":                       {`{"status":" "}`, `{"A":""}`, []string{"FIELD_MAP: status: must be", `TEAM_MAP: "A": the team`}},
		"no list of teams":            {``, `{"A":[]}`, []string{`TEAM_MAP: "A": the team`}},
		"a blank name in a list":      {`{"status":["a",""]}`, ``, []string{"FIELD_MAP: status: must be"}},
		"null in a list":              {`{"status":["a",null]}`, ``, []string{"FIELD_MAP: status: must be"}},
		"a list in a list":            {`{"status":[["a"]]}`, ``, []string{"FIELD_MAP: status: must be"}},
		"areas that differ in case":   {``, `{"Loans":"a","LOANS":"b"}`, []string{`TEAM_MAP: "Loans" is there twice (case and accents do not count)`}},
		"areas that differ in accent": {``, `{"caf\u00c9":"a","caf\u00e9":"b","cafe":"c"}`, []string{`TEAM_MAP: "cafÉ" is there twice`, `TEAM_MAP: "café" is there twice`}},
		"several at once": {`{"state":"a","notes":5,"source":null}`, `{"A":5,"B":[]}`, []string{"FIELD_MAP: notes:", "FIELD_MAP: source:", `FIELD_MAP: no key "state"`,
			`TEAM_MAP: "A"`, `TEAM_MAP: "B"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := feedback.NewMapping(test.fieldMap, test.teamMap)
			if err == nil {
				t.Fatal("no mistake is told")
			}
			lines := strings.Split(err.Error(), "\n")
			if !slices.EqualFunc(lines, test.want, strings.HasPrefix) {
				t.Errorf("told:\n%s\nwant:\n%s", err, strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestNoMapIsAnEmptyOne(t *testing.T) {
	t.Parallel()
	want, _ := json.Marshal(mapping(t, "", ""))
	for _, none := range []string{" \n", "{}", " { } "} {
		if got, _ := json.Marshal(mapping(t, none, none)); string(got) != string(want) {
			t.Errorf("%q is %s, want %s", none, got, want)
		}
	}
}

func TestTheTeamIsAsTheMapSpellsIt(t *testing.T) {
	t.Parallel()
	f := read(t, mapping(t, "", `{"Straße":"Équipe <1>"}`), `{"Area Impacted":["STRAßE"]}`)
	if f.Team != "Équipe <1>" {
		t.Errorf("got %q", f.Team)
	}
}

func TestEqualMappingsAreEqualBytesAndOthersAreNot(t *testing.T) {
	t.Parallel()
	encoded := func(fieldMap, teamMap string) string {
		text, err := json.Marshal(mapping(t, fieldMap, teamMap))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	one := encoded(`{"status":"A","notes":["B","C"]}`, `{"x":"1","Y":"2"}`)
	if other := encoded(` {"notes":["B","C"], "status":["A"]}`, `{"y":"2","X":"1"}`); other != one {
		t.Errorf("%s\nis not\n%s", other, one)
	}
	for name, other := range map[string]string{
		"another name":  encoded(`{"status":"Z","notes":["B","C"]}`, `{"x":"1","Y":"2"}`),
		"another order": encoded(`{"status":"A","notes":["C","B"]}`, `{"x":"1","Y":"2"}`),
		"another team":  encoded(`{"status":"A","notes":["B","C"]}`, `{"x":"1","Y":"3"}`),
		"one less":      encoded(`{"status":"A"}`, `{"x":"1","Y":"2"}`),
	} {
		if other == one {
			t.Errorf("%s makes no difference", name)
		}
	}
}

func TestARenamedFieldIsFollowedInEveryKeyThatReadsIt(t *testing.T) {
	t.Parallel()
	m := mapping(t, `{"status":"State"}`, `{"loans":"Lending"}`)
	followed := m.Follow(map[string]string{"Notes": "Remarks", "State": "Stage", "Unused": "Other"})
	if diff := cmp.Diff([]string{"Initial Description", "Remarks", "Resolution Notes"}, followed.Names(feedback.Description)); diff != "" {
		t.Error(diff)
	}
	f := read(t, followed, `{"Remarks":"now","Notes":"then","Stage":"Open","Area Impacted":"Loans"}`)
	if f.Description != "now" || f.Notes != "now" || f.Status != "Open" || f.Team != "Lending" || !followed.Chosen(feedback.Status) {
		t.Errorf("got %+v", f)
	}
	if got := read(t, m, `{"Notes":"then","Remarks":"now"}`).Notes; got != "then" {
		t.Errorf("the mapping itself changed: its notes are %q", got)
	}
}

// Two fields that take each other's names are followed at one go.
func TestFieldsThatSwapNamesAreFollowed(t *testing.T) {
	t.Parallel()
	followed := mapping(t, "", "").Follow(map[string]string{"Notes": "Resolution Notes", "Resolution Notes": "Notes"})
	f := read(t, followed, `{"Notes":"n","Resolution Notes":"r"}`)
	if f.Notes != "r" || f.ResolutionNotes != "n" {
		t.Errorf("notes %q, resolution notes %q", f.Notes, f.ResolutionNotes)
	}
}

func TestAnEmptyListMapsAKeyToNoField(t *testing.T) {
	t.Parallel()
	m, err := feedback.NewMapping(`{"status":[]}`, "")
	if err != nil {
		t.Fatal(err)
	}
	record := feedback.Record{ID: "rec1", Fields: map[string]json.RawMessage{"Status": json.RawMessage(`"Done"`)}}
	if got := m.Map(record).Status; got != "New" {
		t.Errorf("status %q, want that of a record without one", got)
	}
}
