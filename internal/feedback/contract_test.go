package feedback_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// row has a record's cells and the wanted value of one key of the response, as JSON.
type row struct{ name, cells, want string }

// contract is the table of GET /api/feedback/, and of the keys that GET /api/feedback/{id}
// adds, by key.
var contract = map[string][]row{
	"id": {{"of the record", `{"id":"other"}`, `"recC"`}},
	"description": {
		{"initial description first",
			`{"Initial Description":"a","Notes":"b","Resolution Notes":"c"}`, `"a"`},
		{"then notes", `{"Notes":"b","Resolution Notes":"c"}`, `"b"`},
		{"then resolution notes", `{"Resolution Notes":"c"}`, `"c"`},
		{"white space is blank", `{"Initial Description":" \t\r\n\u00a0","Notes":"b"}`, `"b"`},
		{"N/A is absent", `{"Initial Description":"N/A","Notes":" N/A\n","Resolution Notes":"c"}`, `"c"`},
		{"only the ends are trimmed", `{"Initial Description":" a\r\n b \n"}`, `"a\r\n b"`},
		{"N/A as one of several words", `{"Initial Description":"N/A, see notes","Notes":"b"}`,
			`"N/A, see notes"`},
		{"absent", `{}`, `"No description provided"`},
		{"only N/A", `{"Initial Description":"N/A","Notes":["N/A"],"Resolution Notes":" "}`,
			`"No description provided"`},
		{"HTML is not escaped", `{"Notes":"<b>&amp;</b>"}`, `"<b>&amp;</b>"`},
	},
	"priority": {
		{"1", `{"Priority":1}`, `"High"`},
		{"2", `{"Priority":2}`, `"Medium"`},
		{"3", `{"Priority":3}`, `"Low"`},
		{"text 1", `{"Priority":"1"}`, `"High"`},
		{"text 2", `{"Priority":" 2 "}`, `"Medium"`},
		{"text 3", `{"Priority":"3"}`, `"Low"`},
		{"1.0", `{"Priority":1.0}`, `"High"`},
		{"another number", `{"Priority":4}`, `"4"`},
		{"other text unchanged", `{"Priority":" Urgent"}`, `" Urgent"`},
		{"absent", `{}`, `"Low"`},
		{"blank", `{"Priority":" "}`, `"Low"`},
		{"an error", `{"Priority":{"error":"#ERROR!"}}`, `"Low"`},
	},
	"team": { // the team map is {"Loans":"Lending","cards":"Cards"}
		{"routed", `{"Team Routed":"Core","Area Impacted":["Loans"]}`, `"Core"`},
		{"team of the area if unassigned", `{"Team Routed":"Unassigned","Area Impacted":["Loans"]}`,
			`"Lending"`},
		{"unassigned and a space", `{"Team Routed":"Unassigned ","Area Impacted":["Loans"]}`,
			`"Lending"`},
		{"team of the area if blank", `{"Team Routed":" ","Area Impacted":["Loans"]}`, `"Lending"`},
		{"case does not count", `{"Area Impacted":["CARDS"]}`, `"Cards"`},
		{"first area in the map", `{"Area Impacted":["Other","Cards","Loans"]}`, `"Cards"`},
		{"a bare string is an area", `{"Area Impacted":"loans"}`, `"Lending"`},
		{"an area is never split", `{"Area Impacted":"Loans, Cards"}`, `"Triage"`},
		{"area of a later field", `{"Component":["Loans"]}`, `"Lending"`},
		{"no area in the map", `{"Area Impacted":["Other"]}`, `"Triage"`},
		{"absent", `{}`, `"Triage"`},
		{"unassigned without an area", `{"Team Routed":"Unassigned"}`, `"Triage"`},
		{"unassigned in another case", `{"Team Routed":"\u00a0UNASSIGNED"}`, `"Triage"`},
	},
	"environment": {
		{"unchanged", `{"Environment":"SME 2.0 - Production","CW 2.0 Bug":true}`,
			`"SME 2.0 - Production"`},
		{"box checked", `{"CW 2.0 Bug":true}`, `"CW 2.0"`},
		{"box not checked", `{"CW 2.0 Bug":false}`, `"CW 1.0"`},
		{"box of another type", `{"CW 2.0 Bug":"no"}`, `"CW 1.0"`},
		{"both absent", `{}`, `"CW 1.0"`},
		{"blank and box checked", `{"Environment":"","CW 2.0 Bug":true}`, `"CW 2.0"`},
	},
	"area_impacted": {
		{"joined", `{"Area Impacted":["a","b"],"System":"c"}`, `"a, b"`},
		{"a bare string", `{"Area Impacted":"a, b"}`, `"a, b"`},
		{"absent elements",
			`{"Area Impacted":["a",null,""," ",false,{"error":"#ERROR!"},5,true,{"name":"x"}]}`,
			`"a, 5, true, x"`},
		{"System Impacted",
			`{"Area Impacted":[],"System Impacted":"s","System":"t","Component":"u","Area":"v"}`, `"s"`},
		{"System", `{"System Impacted":[null],"System":"t","Component":"u","Area":"v"}`, `"t"`},
		{"Component", `{"System":" ","Component":["u","w"],"Area":"v"}`, `"u, w"`},
		{"Area", `{"Component":{"error":"#ERROR!"},"Area":"v"}`, `"v"`},
		{"none", `{}`, `"Unknown"`},
	},
	"areas": {
		{"elements", `{"Area Impacted":["a",null,"b, c"]}`, `["a","b, c"]`},
		{"a bare string", `{"Area Impacted":"a, b"}`, `["a, b"]`},
		{"none", `{}`, `[]`},
	},
	"created": {
		{"Created", `{"Created":"2025-03-04T05:06:07.000Z","Reported On":"2025-02-01"}`,
			`"2025-03-04T05:06:07.000Z"`},
		{"Reported On", `{"Reported On":"2025-02-01"}`, `"2025-02-01T00:00:00.000Z"`},
		{"Reported On for an invalid Created", `{"Created":"yesterday","Reported On":"2025-02-01"}`,
			`"2025-02-01T00:00:00.000Z"`},
		{"createdTime", `{}`, `"2025-06-01T22:30:15.123Z"`},
		{"createdTime for invalid dates", `{"Created":{"error":"#ERROR!"},"Reported On":"soon"}`,
			`"2025-06-01T22:30:15.123Z"`},
	},
	"week": {
		{"of a Monday", `{"Created":"2025-06-02"}`, `"2025-06-02"`},
		{"of the last moment of Sunday", `{"Created":"2025-06-08T23:59:59.999Z"}`, `"2025-06-02"`},
		{"in UTC", `{"Created":"2025-06-08T22:00:00-04:00"}`, `"2025-06-09"`},
		{"over the new year", `{"Created":"2025-01-01"}`, `"2024-12-30"`},
		{"of created, not of Reported On", `{"Created":"2025-06-02","Reported On":"2025-05-01"}`,
			`"2025-06-02"`},
		{"of createdTime", `{}`, `"2025-05-26"`},
	},
	"issue_number": {
		{"a number", `{"Issue":1309}`, `1309`},
		{"a fraction", `{"Issue":12.50}`, `12.5`},
		{"zero", `{"Issue":-0}`, `0`},
		{"negative", `{"Issue":-7}`, `-7`},
		{"text of digits", `{"Issue":" 0012 "}`, `12`},
		{"text with an exponent", `{"Issue":"1e3"}`, `1000`},
		{"large", `{"Issue":1e21}`, `1e+21`},
		{"other text", `{"Issue":"#12"}`, `null`},
		{"hexadecimal", `{"Issue":"0x10"}`, `null`},
		{"infinite", `{"Issue":"Infinity"}`, `null`},
		{"inf", `{"Issue":"inf"}`, `null`},
		{"grouped", `{"Issue":"1_000"}`, `null`},
		{"a hyphen", `{"Issue":"-"}`, `null`},
		{"not a number", `{"Issue":{"specialValue":"NaN"}}`, `null`},
		{"beyond a float", `{"Issue":1e400}`, `null`},
		{"text beyond a float", `{"Issue":"1e400"}`, `null`},
		{"true", `{"Issue":true}`, `null`},
		{"absent", `{}`, `null`},
	},
	"status": {
		{"set", `{"Status":"Done"}`, `"Done"`},
		{"absent", `{}`, `"New"`},
		{"blank", `{"Status":"\n"}`, `"New"`},
	},
	"reporter_email": {
		{"set", `{"User Profile Email":"a@example.com"}`, `"a@example.com"`},
		{"absent", `{}`, `""`},
		{"blank", `{"User Profile Email":" "}`, `""`},
	},
	"slack_thread": {
		{"set", `{"Slack Thread Link":"https://s/1"}`, `"https://s/1"`},
		{"absent", `{}`, `""`},
	},
	"type_of_issue": {
		{"set", `{"Type of Issue":"Bug"}`, `"Bug"`},
		{"absent", `{}`, `""`},
		{"blank", `{"Type of Issue":" "}`, `""`},
	},
	"type_of_report": {
		{"set", `{"Type of Issue":"Bug"}`, `"Bug"`},
		{"absent", `{}`, `"N/A"`},
		{"blank", `{"Type of Issue":" "}`, `"N/A"`},
	},
	"source": {
		{"set", `{"Source":"Web"}`, `"Web"`},
		{"absent", `{}`, `"N/A"`},
		{"blank", `{"Source":""}`, `"N/A"`},
	},
	"triage_rep": {
		{"text", `{"Triage Rep":"Triage 1"}`, `"Triage 1"`},
		{"a collaborator's name", `{"Triage Rep":{"id":"usr1","email":"a@example.com","name":"Ann"}}`,
			`"Ann"`},
		{"email without a name", `{"Triage Rep":{"id":"usr1","email":"a@example.com"}}`,
			`"a@example.com"`},
		{"a blank name", `{"Triage Rep":{"email":"a@example.com","name":" "}}`, `"a@example.com"`},
		{"neither name nor email", `{"Triage Rep":{"id":"ugp1"}}`, `"N/A"`},
		{"several", `{"Triage Rep":[{"name":"Ann"},{"id":"usr2"},{"email":"b@example.com"}]}`,
			`"Ann, b@example.com"`},
		{"absent", `{}`, `"N/A"`},
	},
	"initial_description": {
		{"same as description", `{"Initial Description":"N/A","Notes":" b "}`, `"b"`},
		{"absent", `{}`, `"No description provided"`},
	},
	"team_routed": {
		{"same as team", `{"Team Routed":"Unassigned","Area Impacted":"Loans"}`, `"Lending"`},
		{"absent", `{}`, `"Triage"`},
	},
	"notes": {
		{"unchanged", `{"Notes":" N/A\r\n"}`, `" N/A\r\n"`},
		{"absent", `{}`, `""`},
		{"blank", `{"Notes":" "}`, `""`},
	},
	"resolution_notes": {
		{"unchanged", `{"Resolution Notes":"=SUM(A1) <script>"}`, `"=SUM(A1) <script>"`},
		{"absent", `{}`, `""`},
	},
	"related_imt": {
		{"unchanged", `{"Related IMT":["IMT-1","IMT-2"]}`, `"IMT-1, IMT-2"`},
		{"absent", `{}`, `""`},
	},
	"created_at": {
		{"same as created", `{"Reported On":"2025-02-01"}`, `"2025-02-01T00:00:00.000Z"`},
	},
	"modified_at": {
		{"Last Modified Time", `{"Last Modified Time":"2025-07-01T02:00:00.999+02:00"}`,
			`"2025-07-01T00:00:00.999Z"`},
		{"created if absent", `{"Created":"2025-03-04"}`, `"2025-03-04T00:00:00.000Z"`},
		{"created for an invalid date", `{"Created":"2025-03-04","Last Modified Time":"later"}`,
			`"2025-03-04T00:00:00.000Z"`},
	},
	"airtable_url": {{"as passed", `{}`, `"` + url + `"`}},
	"fields": {
		{"unchanged", `{"b": 1.0,"a":"\u00e9<","team":{"x":[null]}}`,
			`{"b": 1.0,"a":"\u00e9<","team":{"x":[null]}}`},
		{"of an empty record", `{}`, `{}`},
	},
}

func TestMapFollowsContract(t *testing.T) {
	t.Parallel()
	m := mapping(t, "", `{"Loans":"Lending","cards":"Cards"}`)
	for name, rows := range contract {
		for _, row := range rows {
			t.Run(name+": "+row.name, func(t *testing.T) {
				if got := valueOf(t, response(mapCells(t, m, row.cells), row.cells), name); got != row.want {
					t.Errorf("%s of %s: %s, want %s", name, row.cells, got, row.want)
				}
			})
		}
	}
}

// A table without the box says nothing about the environment.
func TestEnvironmentWithoutBox(t *testing.T) {
	t.Parallel()
	m := mapping(t, "", "").WithBox(false)
	for cells, want := range map[string]string{
		`{}`: "Unknown", `{"CW 2.0 Bug":true}`: "Unknown", `{"Environment":"Staging"}`: "Staging",
	} {
		if got := mapCells(t, m, cells).Environment; got != want {
			t.Errorf("%s: %q, want %q", cells, got, want)
		}
	}
}

// The keys of the list, and those that the response for one record adds, in their order.
var (
	listKeys = []string{
		"id", "description", "priority", "team", "environment", "area_impacted", "created",
		"week", "issue_number", "status", "reporter_email", "slack_thread", "type_of_issue",
		"type_of_report", "source", "triage_rep",
	}
	detailKeys = []string{
		"initial_description", "team_routed", "notes", "resolution_notes", "related_imt", "areas",
		"created_at", "modified_at", "airtable_url", "fields",
	}
)

// Every key is present, with or without a value, in the order of the contract.
func TestKeysInContractOrder(t *testing.T) {
	t.Parallel()
	for _, cells := range []string{`{}`, `{"Notes":"a","Issue":1,"Area Impacted":["a"]}`} {
		f := mapCells(t, mapping(t, "", ""), cells)
		if diff := cmp.Diff(listKeys, keysOf(t, f.Summary())); diff != "" {
			t.Errorf("keys of the list of %s (-want +got):\n%s", cells, diff)
		}
		want := slices.Concat(listKeys, detailKeys)
		if diff := cmp.Diff(want, keysOf(t, response(f, cells))); diff != "" {
			t.Errorf("keys of the response of %s (-want +got):\n%s", cells, diff)
		}
	}
}

func TestContractHasEveryKey(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Concat(listKeys, detailKeys) {
		if len(contract[name]) == 0 {
			t.Errorf("%s has no row", name)
		}
	}
}
