package airtablesim_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"voc/internal/airtablesim"
)

func TestRead(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	id := s.id("Row 02")
	s.call("GET", s.table+"/"+id, nil).mustBe(t, 200,
		`{"id":"`+id+`","createdTime":"2025-02-02T08:00:00.000Z","fields":{"Name":"Row 02","Count":3,`)
	s.call("GET", s.table+"/"+id+"?returnFieldsByFieldId=true", nil).mustBe(t, 200,
		`"`+s.Base().FieldID("Name")+`":"Row 02"`)
	s.call("GET", s.table+"/"+id+"?fields[]=Name", nil).mustBe(t, 422, "INVALID_REQUEST_UNKNOWN")
	s.call("GET", s.table+"/recAAAAAAAAAAAAAA", nil).mustBe(t, 404,
		`{"error":{"type":"MODEL_ID_NOT_FOUND","message":"Record not found"}}`)
	s.call("GET", "/v0/"+s.Base().ID()+"/Other/"+id, nil).mustBe(t, 403,
		"INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
}

func TestCreate(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	r := s.call("POST", s.table,
		params{"fields": params{"Name": "New", "Count": 0, "Text": "", "Day": nil, "Done": false,
			"Tags": []string{}}})
	r.mustBe(t, 200, `"createdTime":"2026-11-23T12:00:00.000Z","fields":{"Name":"New","Count":0}}`)
	s.call("GET", s.table+"/"+r.ID, nil).mustBe(t, 200, `{"Name":"New","Count":0}`)
	several := s.call("POST", s.table+"/",
		params{"records": []params{{"fields": params{"Name": "A"}}, {"fields": params{}}},
			"returnFieldsByFieldId": true, "typecast": false})
	several.mustBe(t, 200, `"fields":{"`+s.Base().FieldID("Name")+`":"A"}}`)
	if ids := several.ids(); len(ids) != 2 || ids[0] == ids[1] || ids[0] == r.ID {
		t.Error(ids)
	}
	s.call("GET", s.table+"/"+several.ids()[1], nil).mustBe(t, 200, `"fields":{}}`)
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	id := s.id("Row 01")
	one := params{"fields": params{s.Base().FieldID("Name"): "Changed", "Text": nil, "Who": "",
		"When": "2025-07-01"}}
	s.call("PATCH", s.table+"/"+id, one).mustBe(t, 200,
		`"fields":{"Name":"Changed","Count":5,"Kind":"Idea",`+
			`"When":"2025-07-01T00:00:00.000Z","Day":"2025-01-01",`+
			`"Tags":["red","blue"],"Score":0.25,"Mail":"row1@example.com","Link":"https://example.com/1",`+
			`"Last Modified Time":"2026-11-23T12:00:00.000Z"}}`)
	s.call("PUT", s.table+"/"+id, params{"fields": params{"Name": "Alone"}}).mustBe(t, 200,
		`"fields":{"Name":"Alone","Score":0.25,"Last Modified Time":"2026-11-23T12:00:00.000Z"}}`)
	s.clock.Advance(time.Hour)
	two := params{"records": []params{{"id": id, "fields": params{"Count": 1}},
		{"id": s.id("Row 02"), "fields": params{"Done": true}}}}
	r := s.call("PATCH", s.table, two)
	r.mustBe(t, 200, `"Last Modified Time":"2026-11-23T13:00:00.000Z"`)
	if len(r.Records) != 2 || r.Records[0].Fields["Name"] != "Alone" ||
		r.Records[1].Fields["Name"] != "Row 02" {
		t.Error(r.raw)
	}
}

// TestModifiedTimeIsInWholeSeconds holds that a watermark taken in the second of an edit
// does not lose the edit.
func TestModifiedTimeIsInWholeSeconds(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	s.call("PATCH", s.table+"/"+s.id("Row 02"), params{"fields": params{"Count": 1}}) // at 12:00:00.5
	s.Create(params{"Name": "Row 13"})
	for formula, want := range map[string]string{
		"LAST_MODIFIED_TIME()>='2026-11-23T12:00:00.000Z'": "02",
		"LAST_MODIFIED_TIME()>='2026-11-23T12:00:00.400Z'": "",
		"CREATED_TIME()>='2026-11-23T12:00:00Z'":           "13",
		"LAST_MODIFIED_TIME()=BLANK()":                     "01 13",
		"{Last Modified Time}=''":                          "01 13",
		"OR(IS_AFTER(LAST_MODIFIED_TIME(),'2026-01-01T00:00:00Z')," +
			"IS_AFTER(CREATED_TIME(),'2026-01-01T00:00:00Z'))": "02 13",
	} {
		if got := s.list(params{"view": grid, "filterByFormula": formula}).names(); got != want {
			t.Errorf("%s: %q, want %q", formula, got, want)
		}
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	one, two, three := s.id("Row 01"), s.id("Row 02"), s.id("Row 03")
	s.call("DELETE", s.table+"/"+one, nil).mustBe(t, 200, `{"id":"`+one+`","deleted":true}`)
	s.call("DELETE", s.table+"/"+one, nil).mustBe(t, 404, "MODEL_ID_NOT_FOUND")
	s.call("PATCH", s.table+"/"+one, params{"fields": params{}}).mustBe(t, 404, "MODEL_ID_NOT_FOUND")
	s.call("DELETE", s.table+"?records[]="+two+"&records[]="+one, nil).mustBe(t, 422,
		`"ROW_DOES_NOT_EXIST","message":"Record ID `+one+` does not exist"`)
	s.call("DELETE", s.table+"?records[]="+two+"&records[]="+three, nil).mustBe(t, 200,
		`{"records":[{"id":"`+two+`","deleted":true},{"id":"`+three+`","deleted":true}]}`)
	if n := len(s.Records()); n != 9 {
		t.Error(n, "left")
	}
}

func TestRejectedWrites(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	before := s.Records()
	row := func(fields params) params { return params{"fields": fields} }
	const (
		value = `"INVALID_VALUE_FOR_COLUMN",` +
			`"message":"Field \"%s\" cannot accept the provided value"`
		choice = `"INVALID_MULTIPLE_CHOICE_OPTIONS",` +
			`"message":"Insufficient permissions to create new select option \"\"%s\"\""`
		computed = `Field \"%s\" cannot accept a value because the field is computed`
	)
	many := make([]params, 11)
	for i := range many {
		many[i] = row(params{})
	}
	for _, c := range []struct {
		body params
		want string
	}{
		{row(params{"Nope": 1}), `Unknown field name: \"Nope\"`},
		{row(params{"Score": 1}), fmt.Sprintf(computed, "Score")},
		{row(params{"Last Modified Time": "2025-01-01"}), fmt.Sprintf(computed, "Last Modified Time")},
		{row(params{"Count": "1"}), fmt.Sprintf(value, "Count")}, {row(params{"Name": 1}),
			fmt.Sprintf(value, "Name")}, {row(params{"Done": "yes"}), fmt.Sprintf(value, "Done")},
		{row(params{"When": "soon"}), fmt.Sprintf(value, "When")}, {row(params{"Day": 5}),
			fmt.Sprintf(value, "Day")}, {row(params{"Who": params{"x": 1}}), fmt.Sprintf(value, "Who")},
		{row(params{"Tags": "red"}), fmt.Sprintf(value, "Tags")}, {row(params{"Tags": []any{1}}),
			fmt.Sprintf(value, "Tags")}, {row(params{"Name": []any{"x"}}), fmt.Sprintf(value, "Name")},
		{row(params{"Kind": "Song"}),
			fmt.Sprintf(choice, "Song")}, {row(params{"Tags": []string{"red", "pink"}}), fmt.Sprintf(choice,
			"pink")},
		{params{"fields": params{}, "typecast": true},
			"typecast"}, {params{"fields": params{}, "performUpsert": params{}}, "performUpsert"},
		{params{}, "INVALID_REQUEST_UNKNOWN"}, {params{"fields": params{},
			"records": []params{row(params{})}}, "INVALID_REQUEST_UNKNOWN"},
		{params{"fields": params{}, "x": 1}, "INVALID_REQUEST_UNKNOWN"},
		{params{"fields": []int{}}, "INVALID_REQUEST_UNKNOWN"}, {params{"records": []params{}},
			"INVALID_RECORDS"}, {params{"records": many}, "INVALID_RECORDS"},
		{params{"records": []params{row(params{"Name": "fits"}), row(params{"Count": "does not"})}},
			"INVALID_VALUE_FOR_COLUMN"},
	} {
		s.call("POST", s.table, c.body).mustBe(t, 422, c.want)
	}
	s.call("PATCH", s.table, row(params{})).mustBe(t, 422, "INVALID_RECORDS")
	s.call("PATCH", s.table, params{"records": []params{{"id": "recX", "fields": params{}}}}).mustBe(t,
		422, "ROW_DOES_NOT_EXIST")
	s.call("PATCH", s.table+"/"+before[0].ID, params{"records": []params{}}).mustBe(t, 422,
		"INVALID_RECORDS")
	s.call("DELETE", s.table, nil).mustBe(t, 422, "INVALID_RECORDS")
	s.call("DELETE", s.table+"?ids[]=x", nil).mustBe(t, 422, "INVALID_REQUEST_UNKNOWN")
	s.call("POST", s.table, "{").mustBe(t, 400, "INVALID_REQUEST_BODY")
	if after := s.Records(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("a rejected write changed the table")
	}
}

func TestTableByCurrentNameAndID(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	path := func(table string) string { return "/v0/" + s.Base().ID() + "/" + url.PathEscape(table) }
	s.call("GET", path(s.Base().TableID()), nil).mustBe(t, 200, "Row 01")
	s.RenameTable("Bugs/leads ü")
	s.call("GET", path("Bugs/leads ü"), nil).mustBe(t, 200, "Row 01")
	s.call("GET", path(s.Base().TableID()), nil).mustBe(t, 200, "Row 01")
	s.call("GET", path("Lead Bugs"), nil).mustBe(t, 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
	s.call("GET", "/v0/appAAAAAAAAAAAAAA/"+s.Base().TableID(), nil).mustBe(t, 403,
		"INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
}
