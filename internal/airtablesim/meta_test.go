package airtablesim_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"voc/internal/airtablesim"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{DataToken: "patOther.x"})
	schema := "/v0/meta/bases/" + s.Base().ID() + "/tables"
	for name, c := range map[string]struct {
		token, path string
		status      int
		want        string
	}{
		"none": {"", s.table, 401,
			`{"error":{"type":"AUTHENTICATION_REQUIRED","message":"Authentication required"}}`},
		"wrong": {"patWrong.x", s.table, 401,
			`{"error":{"type":"UNAUTHORIZED","message":"Invalid authentication token"}}`},
		"wrong, whoami": {"patWrong.x", "/v0/meta/whoami", 401, "UNAUTHORIZED"},
		"demo, whoami":  {airtablesim.DemoToken, "/v0/meta/whoami", 200, `{"id":"usr`},
		"demo, bases": {airtablesim.DemoToken, "/v0/meta/bases", 200,
			`{"bases":[{"id":"` + s.Base().ID() +
				`","name":"Customer feedback","permissionLevel":"create"}]}`},
		"demo, schema": {airtablesim.DemoToken, schema, 200,
			`{"tables":[{"id":"` + s.Base().TableID() + `","name":"Lead Bugs"`},
		"without the scope": {"patOther.x", schema, 403,
			`{"error":{"type":"INVALID_PERMISSIONS",` +
				`"message":"You are not permitted to perform this operation"}}`},
		"without the scope, bases":   {"patOther.x", "/v0/meta/bases", 403, `"INVALID_PERMISSIONS"`},
		"without the scope, records": {"patOther.x", s.table, 200, "Row 01"},
	} {
		t.Run(name, func(t *testing.T) {
			other := *s
			other.t, other.token = t, c.token
			other.call("GET", c.path, nil).mustBe(t, c.status, c.want)
		})
	}
}

func TestConfigTokenReplacesDemoToken(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{Token: "patMine.x"})
	s.list(params{}).mustBe(t, 401, "UNAUTHORIZED")
	s.token = "patMine.x"
	s.list(params{}).mustBe(t, 200, "")
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	for _, path := range []string{"/", "/v0", "/v1/meta/whoami", "/v0/meta", "/v0/" + s.Base().ID(),
		s.table + "/a/b/c", "/v0//Lead%20Bugs"} {
		s.call("GET", path, nil).mustBe(t, 404, `{"error":"NOT_FOUND"}`)
	}
	for path, allow := range map[string]string{
		"/v0/meta/bases/" + s.Base().ID() + "/tables": "GET",
		s.table: "GET, POST, PATCH, PUT, DELETE",
	} {
		r := s.call("OPTIONS", path, nil)
		r.mustBe(t, 405, "METHOD_NOT_ALLOWED")
		if got := r.header.Get("Allow"); got != allow {
			t.Error(path, got)
		}
	}
	if c := s.Counters(); c.Calls[""] != 9 || c.Total() != 9 {
		t.Errorf("%+v", c)
	}
}

type schemaField struct {
	ID, Name, Type string
	Options        map[string]any
}

func (s *sim) fields(t *testing.T) (byName map[string]schemaField, primary string) {
	t.Helper()
	r := s.call("GET", "/v0/meta/bases/"+s.Base().ID()+"/tables", nil)
	r.mustBe(t, http.StatusOK, "")
	var schema struct {
		Tables []struct {
			PrimaryFieldID string
			Fields         []schemaField
			Views          []struct{ ID, Name, Type string }
		}
	}
	if err := json.Unmarshal([]byte(r.raw), &schema); err != nil || len(schema.Tables) != 1 ||
		len(schema.Tables[0].Views) != 1 {
		t.Fatal(err, r.raw)
	}
	byName = map[string]schemaField{}
	for _, f := range schema.Tables[0].Fields {
		byName[f.Name] = f
	}
	return byName, schema.Tables[0].PrimaryFieldID
}

func TestSchemaIsInferred(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	fields, primary := s.fields(t)
	for name, want := range map[string]string{
		"Name": "singleLineText", "Count": "number", "Kind": "singleSelect", "Done": "checkbox",
		"When": "dateTime", "Day": "date", "Tags": "multipleSelects",
		"Score": "formula", "Mail": "email", "Link": "url", "Text": "multilineText",
		"Who": "singleCollaborator", "Last Modified Time": "lastModifiedTime",
	} {
		if got := fields[name]; got.Type != want || got.ID != s.Base().FieldID(name) ||
			len(got.ID) != 17 {
			t.Errorf("%s: %+v, want %s", name, got, want)
		}
	}
	if len(fields) != 13 || primary != s.Base().FieldID("Name") {
		t.Error(len(fields), primary)
	}
	if result := fields["Score"].Options["result"].(map[string]any); result["type"] != "number" {
		t.Error(result)
	}
	if choices := fields["Kind"].Options["choices"].([]any); len(choices) != 2 ||
		choices[0].(map[string]any)["name"] != "Idea" {
		t.Error(choices)
	}
	tables := "/v0/meta/bases/" + s.Base().ID() + "/tables"
	s.call("GET", tables+"?include[]=visibleFieldIds", nil).mustBe(t, 200, `"visibleFieldIds":["fld`)
	s.call("GET", tables+"?include=visibleFieldIds", nil).mustBe(t, 200, `"visibleFieldIds":["fld`)
	s.call("GET", tables+"?include[]=secrets", nil).mustBe(t, 422, "INVALID_REQUEST_UNKNOWN")
	s.call("GET", tables+"?x=1", nil).mustBe(t, 422, "INVALID_REQUEST_UNKNOWN")
	s.call("GET", "/v0/meta/bases?offset=1", nil).mustBe(t, 422, "INVALID_REQUEST_UNKNOWN")
	s.call("GET", "/v0/meta/bases/appAAAAAAAAAAAAAA/tables", nil).mustBe(t, 403,
		"INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
}

func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	id := s.Base().FieldID("Count")
	s.RenameField("Count", "Number")
	s.AddField("Count", "formula")
	s.AddField("Hologram", "hologram")
	s.DropField("Mail")
	fields, _ := s.fields(t)
	if fields["Number"].ID != id || fields["Count"].ID == id ||
		fields["Hologram"].Type != "hologram" || fields["Mail"].ID != "" || len(fields) != 14 {
		t.Errorf("%+v", fields)
	}
	row := s.id("Row 02")
	s.Recompute(row, params{"Count": params{"error": "#ERROR!"}, "Hologram": []any{1, nil}})
	s.call("GET", s.table+"/"+row, nil).mustBe(t, 200,
		`"Count":{"error":"#ERROR!"},"Hologram":[1,null]}}`)
	s.list(params{"fields": []string{"Mail"}}).mustBe(t, 422, "UNKNOWN_FIELD_NAME")
	s.call("PATCH", s.table+"/"+row, params{"fields": params{"Hologram": "x"}}).mustBe(t, 422,
		"INVALID_VALUE_FOR_COLUMN")
}
