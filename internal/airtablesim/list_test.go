package airtablesim_test

import (
	"net/url"
	"strings"
	"testing"

	"voc/internal/airtablesim"
)

func TestListParameters(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	for name, c := range map[string]struct {
		get  string
		post params
		want string // the rows
	}{
		"none: an order that tells nothing": {"", params{}, "12 11 10 09 08 07 06 05 04 03 02 01"},
		"view by name": {"view=Grid+view", params{"view": "Grid view"},
			"01 02 03 04 05 06 07 08 09 10 11 12"},
		"pageSize":   {"pageSize=2", params{"pageSize": 2}, "12 11"},
		"maxRecords": {"maxRecords=3", params{"maxRecords": 3}, "12 11 10"},
		"sort": {"sort[0][field]=Count",
			params{"sort": []params{{"field": "Count"}}}, "03 05 06 02 08 01 10 09 04 07 11 12"},
		"sort twice, descending": {"sort[0][field]=Kind&sort[0][direction]=desc&" +
			"sort[1][field]=Count&sort[1][direction]=asc",
			params{"sort": []params{{"field": "Kind", "direction": "desc"},
				{"field": "Count", "direction": "asc"}}}, "06 02 08 10 04 12 03 05 01 09 07 11"},
		"sort puts blank first": {"sort%5B0%5D%5Bfield%5D=Day&maxRecords=2",
			params{"sort": []params{{"field": "Day"}}, "maxRecords": 2}, "05 01"},
		"sort by text": {"sort[0][field]=Name&maxRecords=2",
			params{"sort": []params{{"field": "Name"}}, "maxRecords": 2}, "01 02"},
		"sort by time": {"sort[0][field]=When&maxRecords=2",
			params{"sort": []params{{"field": "When"}}, "maxRecords": 2}, "12 06"},
		"sort wins over the view": {
			"view=Grid+view&sort[0][field]=Name&sort[0][direction]=desc&maxRecords=1",
			params{"view": "Grid view", "maxRecords": 1,
				"sort": []params{{"field": "Name", "direction": "desc"}}}, "12"},
		"filterByFormula": {"filterByFormula=" + url.QueryEscape(`AND({Kind}="Idea",Done)`),
			params{"filterByFormula": `AND({Kind}="Idea",Done)`}, "09 03"},
		"formula and the view": {"view=Grid+view&filterByFormula=Done",
			params{"view": "Grid view", "filterByFormula": "Done"}, "03 06 09 12"},
		"formula on an errored field": {"filterByFormula=Score%3C1",
			params{"filterByFormula": "Score<1"}, "03 01"},
		"an empty formula": {"filterByFormula=&maxRecords=1",
			params{"filterByFormula": "", "maxRecords": 1}, "12"},
		"json, the cell format": {"cellFormat=json&maxRecords=1",
			params{"cellFormat": "json", "maxRecords": 1}, "12"},
		"zone and locale, without use": {"timeZone=UTC&userLocale=de&maxRecords=1",
			params{"timeZone": "UTC", "userLocale": "de", "maxRecords": 1}, "12"},
		"date dependencies, of none": {"includeDateDependencyMetadata=true&maxRecords=1",
			params{"includeDateDependencyMetadata": true, "maxRecords": 1}, "12"},
	} {
		t.Run(name, func(t *testing.T) {
			got, want := s.call("GET", s.table+"?"+c.get, nil), s.list(c.post)
			got.mustBe(t, 200, "")
			if got.names() != c.want || want.names() != c.want {
				t.Errorf("GET %s\nPOST %s\nwant %s", got.names(), want.names(), c.want)
			}
		})
	}
}

func TestListReturnsRequestedFields(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	name, count := s.Base().FieldID("Name"), s.Base().FieldID("Count")
	for _, query := range []string{"fields[]=Count&fields[]=Name", "fields[0]=Name&fields[1]=Count",
		"fields=Name&fields=Count", "fields%5B%5D=" + name + "&fields%5B%5D=" + count} {
		s.call("GET", s.table+"?maxRecords=1&"+query, nil).mustBe(t, 200,
			`"fields":{"Name":"Row 12","Count":11}}`)
	}
	byID := `"fields":{"` + name + `":"Row 12"}}`
	for _, yes := range []string{"1", "true"} {
		s.call("GET", s.table+"?maxRecords=1&fields[]=Name&returnFieldsByFieldId="+yes, nil).mustBe(t,
			200, byID)
	}
	s.list(params{"maxRecords": 1, "fields": []string{name}, "returnFieldsByFieldId": true}).mustBe(t,
		200, byID)
	s.list(params{"maxRecords": 1, "fields": []string{name}, "returnFieldsByFieldId": false}).mustBe(t,
		200, `{"Name":`)
}

func TestListBytes(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	p := params{"filterByFormula": `RECORD_ID()='` + s.id("Row 10") + `'`,
		"recordMetadata": []string{"commentCount"}, "fields": []string{"Name", "Text", "Done", "Tags",
			"Score"}}
	s.list(p).mustBe(t, 200,
		`{"records":[{"id":"recc0000000000010","createdTime":"2025-02-10T08:00:00.000Z",`+
			`"fields":{"Name":"Row 10","Tags":["red"],"Score":2.5},"commentCount":0}]}`)
	delete(p, "recordMetadata")
	p["filterByFormula"] = `FIND("02",Name)`
	r := s.list(p)
	r.mustBe(t, 200,
		`"fields":{"Name":"Row 02","Tags":["red"],"Score":{"specialValue":"NaN"},`+
			`"Text":"<b>plain & simple</b>"}}]}`)
	if got := r.header.Get("Date"); got != "Mon, 23 Nov 2026 12:00:00 GMT" {
		t.Error("Date:", got)
	}
}

func TestListRejectsUnknownParameters(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	const invalid = "INVALID_REQUEST_UNKNOWN"
	const unknown = `"UNKNOWN_FIELD_NAME","message":"Unknown field name: \"`
	const formula = `"INVALID_FILTER_BY_FORMULA",` +
		`"message":"The formula for filtering records is invalid: `
	for query, want := range map[string]string{
		"pagesize=1": invalid, "pageSize=0": invalid, "pageSize=101": invalid, "pageSize=x": invalid,
		"pageSize=": invalid, "pageSize=1&pageSize=2": invalid, "pageSize[]=1": invalid,
		"maxRecords=0": invalid, "cellFormat=string&timeZone=UTC&userLocale=en": invalid,
		"returnFieldsByFieldId=maybe": invalid, "recordMetadata[]=likes": invalid,
		"sort=Name": invalid, "sort[]=Name": invalid, "sort[0][by]=Name": invalid,
		"sort[0][field]=Name&sort[0][direction]=up": invalid, "sort[1][field]=Name": invalid,
		"fields[0][x]=1&fields[0]=Name": invalid, "sort[0][field][x]=1": invalid,
		"fields[99999]=Name": invalid, "%zz=1": invalid, "view[]=x": invalid,
		"fields[]=Nope": unknown + `Nope\""`, "fields=": unknown + `\""`, "sort[0][field]=Nope": unknown +
			`Nope\""`,
		"view=Nope": `"VIEW_NAME_NOT_FOUND"`, "view=viwAAAAAAAAAAAAAA": `"VIEW_ID_NOT_FOUND"`,
		"filterByFormula=Nope({Nope})": formula +
			`Unknown function names: nope"`, "filterByFormula={Nope}=1": formula +
			`Unknown field names: nope"`,
		"filterByFormula=" + s.Base().FieldID("Name"): formula +
			`Unknown field names: fld`, "filterByFormula=1)": formula +
			`Invalid formula. Please check your formula text."`,
		"filterByFormula=+": formula + "Invalid formula",
	} {
		t.Run(query, func(t *testing.T) {
			s.call("GET", s.table+"?"+query, nil).mustBe(t, 422, want)
		})
	}
	for _, body := range []params{
		{"pagesize": 1}, {"pageSize": "1"}, {"pageSize": 1.5}, {"pageSize": nil}, {"fields": []string{}},
		{"fields": "Name"}, {"fields": []int{1}}, {"sort": []string{"Name"}},
		{"sort": []params{{"field": "Name",
			"x": 1}}}, {"sort": []params{{"direction": "asc"}}}, {"returnFieldsByFieldId": 1},
		{"offset": nil}, {"view": 1}, {"recordMetadata": []string{}},
	} {
		s.list(body).mustBe(t, 422, invalid)
	}
}

func TestListRejectsInvalidJSON(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	for _, body := range []string{"", "{", "pageSize=1", `{"pageSize":1}}`} {
		s.call("POST", s.table+"/listRecords", body).mustBe(t, 400, "INVALID_REQUEST_BODY")
	}
	s.call("POST", s.table+"/listRecords", "[]").mustBe(t, 422, "INVALID_REQUEST_UNKNOWN")
	s.call("POST", s.table+"/listRecords", `"`+strings.Repeat("a", 3<<20)+`"`).mustBe(t, 413,
		"REQUEST_TOO_LARGE")
	s.call("GET", s.table+"?filterByFormula="+strings.Repeat("1", 16_000), nil).mustBe(t, 414, "")
}
