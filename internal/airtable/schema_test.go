package airtable_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtable"
)

const schema = `{"tables":[
	{"id":"tblLeads","name":"Lead Bugs","primaryFieldId":"fldIssue","views":[{"id":"viw1"}],"fields":[
		{"id":"fldIssue","name":"Issue","type":"autoNumber"},
		{"id":"fldNotes","name":"Notes","type":"richText","description":"what they said"},
		{"id":"fldTrap","name":"fldNotes","type":"singleLineText"}]},
	{"id":"tblOther","name":"Other","primaryFieldId":"fldX","fields":[]}]}`

func TestSchemaFindsByIDAndName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := steps(respond(200, schema))
		got, err := f.client().Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if path := f.sent[0].path; path != "/v0/meta/bases/"+base+"/tables" {
			t.Errorf("asked for %s", path)
		}
		for _, key := range []string{"tblLeads", "Lead Bugs"} {
			table, ok := got.Table(key)
			if !ok || table.ID != "tblLeads" || table.PrimaryFieldID != "fldIssue" ||
				len(table.Fields) != 3 {
				t.Errorf("table %s is %+v, %t", key, table, ok)
			}
		}
		leads, _ := got.Table("tblLeads")
		for key, want := range map[string]string{
			"Notes": "fldNotes", "fldNotes": "fldNotes", "fldTrap": "fldTrap", "notes": "", "": "",
		} {
			if field, ok := leads.Field(key); field.ID != want || ok != (want != "") {
				t.Errorf("field %q is %q, want %q", key, field.ID, want)
			}
		}
	})
}

func TestFieldIsDateAndComputed(t *testing.T) {
	t.Parallel()
	result := func(kind string) string {
		return `{"isValid":true,"result":{"type":"` + kind + `","options":{}}}`
	}
	for name, row := range map[string]struct {
		kind, options  string
		date, computed bool
	}{
		"text":                 {"singleLineText", "", false, false},
		"date":                 {"date", `{"dateFormat":{"name":"iso"}}`, true, false},
		"date and time":        {"dateTime", "", true, false},
		"created time":         {"createdTime", result("date"), true, false},
		"last modified time":   {"lastModifiedTime", result("dateTime"), true, false},
		"auto number":          {"autoNumber", "", false, false},
		"formula of a date":    {"formula", result("dateTime"), true, true},
		"formula of text":      {"formula", result("singleLineText"), false, true},
		"formula, broken":      {"formula", `{"isValid":false,"result":null}`, false, true},
		"formula, no options":  {"formula", "", false, true},
		"formula, odd options": {"formula", `["date"]`, false, true},
		"rollup of a date":     {"rollup", result("date"), true, true},
		"lookup of a date":     {"multipleLookupValues", result("date"), false, true},
		"count":                {"count", "", false, true},
		"AI text":              {"aiText", "", false, true},
		"unknown type":         {"hologram", result("date"), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			field := airtable.Field{Type: row.kind, Options: json.RawMessage(row.options)}
			if field.IsDate() != row.date || field.Computed() != row.computed {
				t.Errorf("date %t, computed %t, want %t, %t",
					field.IsDate(), field.Computed(), row.date, row.computed)
			}
		})
	}
}

// FuzzSchema checks that whatever is in a schema, each of its fields has a kind.
func FuzzSchema(f *testing.F) {
	f.Add([]byte(schema))
	f.Add([]byte(`{"tables":[{"fields":[{"type":"formula","options":{"result":{"type":"date"}}},
		{"type":"rollup","options":{"result":null}},{"type":"rollup","options":[]},
		{"type":"singleSelect","options":{"choices":[{"id":"sel1","name":"a"},null]}},
		{"type":"multipleSelects","options":7},{"type":"","name":"\u0000"}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var read airtable.Schema
		if json.Unmarshal(body, &read) != nil {
			return
		}
		for _, table := range read.Tables {
			if _, ok := read.Table(table.ID); !ok {
				t.Errorf("table %q is not found by its id", table.ID)
			}
			for _, field := range table.Fields {
				if _, ok := table.Field(field.ID); !ok {
					t.Errorf("field %q is not found by its id", field.ID)
				}
				if field.IsDate() && field.Shape() != "" && !field.Computed() {
					t.Errorf("%+v is a date with choices", field)
				}
			}
		}
	})
}

// FuzzRetryAfter checks that no header makes a wait that is negative or longer than a day.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "30", "-1", "1e400", "NaN", "Inf", "0x10", "Wed, 21 Oct 2026 07:28:00 GMT", "soon",
	} {
		f.Add(seed)
	}
	now := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		wait := airtable.RetryAfter(http.Header{"Retry-After": {text}}, now)
		if wait < 0 || wait > 24*time.Hour {
			t.Errorf("%q: %s", text, wait)
		}
	})
}
