package feedback_test

import (
	"strings"
	"testing"
	"time"

	"voc/internal/feedback"
)

func TestTextOfValue(t *testing.T) {
	t.Parallel()
	m := mapping(t, "", "")
	for name, test := range map[string]struct{ value, want string }{
		"text":                      {`"a"`, `"a"`},
		"text with spaces":          {`" a "`, `" a "`},
		"text with CR, NUL, emoji":  {`"a\r\u0000\ud83d\ude00"`, `"a\r\u0000😀"`},
		"half an emoji":             {`"a\ud83d"`, `"a�"`},
		"empty":                     {`""`, `""`},
		"white space":               {`" \t\r\n\u00a0\u2003"`, `""`},
		"whole number":              {`12`, `"12"`},
		"number with a zero":        {`1.50`, `"1.5"`},
		"number with an exponent":   {`1.5e3`, `"1500"`},
		"large number":              {`1e21`, `"1e+21"`},
		"largest without exponent":  {`123456789012345680000`, `"123456789012345680000"`},
		"small number":              {`0.0000001`, `"1e-7"`},
		"more digits than a float":  {`0.1000000000000000055511151231257827`, `"0.1"`},
		"zero":                      {`0`, `"0"`},
		"negative zero":             {`-0.0`, `"0"`},
		"number beyond a float":     {`1e400`, `""`},
		"true":                      {`true`, `"true"`},
		"false":                     {`false`, `""`},
		"null":                      {`null`, `""`},
		"list":                      {`["a",1,true]`, `"a, 1, true"`},
		"list with absent elements": {`[null,"a",""," ",false,{},[],1e400,"b"]`, `"a, b"`},
		"list of absent elements":   {`[null,{"error":"#ERROR!"}]`, `""`},
		"list in a list":            {`[["a","b"],[["c"]]]`, `"a, b, c"`},
		"empty list":                {`[]`, `""`},
		"collaborator":              {`{"id":"usr1","email":"a@example.com","name":"Ann"}`, `"Ann"`},
		"without a name":            {`{"id":"usr1","email":"a@example.com"}`, `"a@example.com"`},
		"a name of another type":    {`{"name":5,"email":"a@example.com"}`, `"a@example.com"`},
		"blank name and email":      {`{"name":" ","email":""}`, `""`},
		"not a number":              {`{"specialValue":"NaN"}`, `""`},
		"error":                     {`{"error":"#ERROR!"}`, `""`},
		"attachment":                {`[{"id":"att1","url":"https://x","filename":"a.png"}]`, `""`},
		"button":                    {`{"label":"Go","url":null}`, `""`},
		"choice":                    {`{"id":"sel1","name":"Open","color":"red"}`, `"Open"`},
		"choices":                   {`[{"id":"sel1","name":"a"},{"name":"b"}]`, `"a, b"`},
		"AI field": {
			`{"state":"generated","value":"It crashed.","isStale":false}`, `"It crashed."`,
		},
		"stale AI field": {
			`{"state":"error","errorType":"x","value":"then","isStale":true}`, `"then"`,
		},
		"AI field without a value": {`{"state":"empty","value":null,"isStale":true}`, `""`},
		"AI field with a number":   {`{"state":"generated","value":7}`, `"7"`},
		"lookup of AI fields": {
			`[{"state":"generated","value":"a"},null,{"state":"loading"}]`, `"a"`,
		},
		"barcode": {`{"text":"4006381333931","type":"ean13"}`, `"4006381333931"`},
		"lookup by linked record": {
			`{"linkedRecordIds":["rec2","rec1",5],` +
				`"valuesByLinkedRecordId":{"rec1":["a",null],"rec2":[{"id":"sel1","name":"b"}]}}`,
			`"b, a"`,
		},
		"lookup without records": {`{"linkedRecordIds":[],"valuesByLinkedRecordId":{}}`, `""`},
		"lookup with an error":   {`["a",{"error":"#ERROR!"},{"specialValue":"Infinity"}]`, `"a"`},
		"error with a name":      {`{"error":"#ERROR!","name":"a","value":"b"}`, `""`},
		"unknown object":         {`{"somethingNew":{"value":"a"}}`, `""`},
		"deeper than the limit": {
			strings.Repeat(`[`, 20_000) + `"a"` + strings.Repeat(`]`, 20_000), `""`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := m.Map(feedback.Record{Fields: cell("Resolution Notes", test.value)})
			if got := valueOf(t, response(f, `{}`), "resolution_notes"); got != test.want {
				t.Errorf("%.80s: %s, want %s", test.value, got, test.want)
			}
		})
	}
}

func TestInvalidJSONIsAbsent(t *testing.T) {
	t.Parallel()
	for _, value := range []string{``, ` `, `{`, `"a`, `nul`, "\xff"} {
		f := mapping(t, "", "").Map(feedback.Record{Fields: cell("Status", value)})
		if f.Status != "New" {
			t.Errorf("%q: status %q, want New", value, f.Status)
		}
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	const invalid = `"2025-06-01T22:30:15.123Z"` // the record's createdTime
	for name, test := range map[string]struct{ value, want string }{
		"Airtable's own":           {`"2025-03-04T05:06:07.000Z"`, `"2025-03-04T05:06:07.000Z"`},
		"without a fraction":       {`"2025-03-04T05:06:07Z"`, `"2025-03-04T05:06:07.000Z"`},
		"finer than a millisecond": {`"2025-03-04T05:06:07.1239999Z"`, `"2025-03-04T05:06:07.123Z"`},
		"with an offset":           {`"2025-03-04T01:06:07.5+02:00"`, `"2025-03-03T23:06:07.500Z"`},
		"offset without a colon":   {`"2025-03-04T01:06:07+0200"`, `"2025-03-03T23:06:07.000Z"`},
		"only a date":              {`"2025-03-04"`, `"2025-03-04T00:00:00.000Z"`},
		"without a zone":           {`"2025-03-04T05:06:07.25"`, `"2025-03-04T05:06:07.250Z"`},
		"minutes without a zone":   {`"2025-03-04T05:06"`, `"2025-03-04T05:06:00.000Z"`},
		"minutes with a zone":      {`"2025-03-04T05:06Z"`, `"2025-03-04T05:06:00.000Z"`},
		"a space instead of T":     {`"2025-03-04 05:06:07"`, `"2025-03-04T05:06:07.000Z"`},
		"a space and minutes":      {`"2025-03-04 05:06"`, `"2025-03-04T05:06:00.000Z"`},
		"a space and an offset":    {`"2025-03-04 05:06:07-01:00"`, `"2025-03-04T06:06:07.000Z"`},
		"spaces around":            {`" 2025-03-04\n"`, `"2025-03-04T00:00:00.000Z"`},
		"a list of one":            {`["2025-03-04"]`, `"2025-03-04T00:00:00.000Z"`},
		"a leap day":               {`"2024-02-29"`, `"2024-02-29T00:00:00.000Z"`},
		"the first year":           {`"0001-01-01"`, `"0001-01-01T00:00:00.000Z"`},
		"the last year":            {`"9999-12-31T23:59:59.999Z"`, `"9999-12-31T23:59:59.999Z"`},
		"not a leap year":          {`"2025-02-29"`, invalid},
		"day before month":         {`"31/12/2025"`, invalid},
		"words":                    {`"next week"`, invalid},
		"a number":                 {`20250304`, invalid},
		"a list of two":            {`["2025-03-04","2025-03-05"]`, invalid},
		"year 0":                   {`"0000-05-01"`, invalid},
		"year 10000 in UTC":        {`"9999-12-31T23:59:59-01:00"`, invalid},
		"an error":                 {`{"error":"#ERROR!"}`, invalid},
	} {
		t.Run(name, func(t *testing.T) {
			f := mapCells(t, mapping(t, "", ""), `{"Created":`+test.value+`}`)
			if got := valueOf(t, f.Summary(), "created"); got != test.want {
				t.Errorf("%s: %s, want %s", test.value, got, test.want)
			}
		})
	}
}

func TestCreatedTimeInUTC(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, time.June, 2, 1, 30, 0, 123_999_999, time.FixedZone("east", 3*60*60))
	f := mapping(t, "", "").Map(feedback.Record{ID: "recC", CreatedTime: at})
	checkFeedback(t, f)
	got := valueOf(t, f.Summary(), "created") + " " + valueOf(t, f.Summary(), "week")
	if got != `"2025-06-01T22:30:00.123Z" "2025-05-26"` {
		t.Errorf("got %s", got)
	}
}

func TestReportWeek(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ cells, want string }{
		"Reported On": {`{"Reported On":"2025-05-11","Created":"2025-06-03"}`, "2025-05-05"},
		"a time without a zone": {
			`{"Reported On":"2025-05-11T23:59","Created":"2025-06-03"}`, "2025-05-05",
		},
		"an invalid date":          {`{"Reported On":"soon","Created":"2025-06-03"}`, "2025-06-02"},
		"only Created":             {`{"Created":"2025-06-03"}`, "2025-06-02"},
		"the record's createdTime": {`{}`, "2025-05-26"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mapCells(t, mapping(t, "", ""), test.cells).ReportWeek; got != test.want {
				t.Errorf("%s: week %s, want %s", test.cells, got, test.want)
			}
		})
	}
}

// Hours are finite and not negative, and only numbers count.
func TestHours(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value string
		want  float64
	}{
		"fraction":       {`25.2833`, 25.2833},
		"whole number":   {`9`, 9},
		"large":          {`1e300`, 1e300},
		"zero":           {`0`, 0},
		"negative zero":  {`-0`, 0},
		"negative":       {`-2`, 0},
		"beyond a float": {`1e400`, 0},
		"too small":      {`1e-400`, 0},
		"text":           {`"5"`, 0},
		"not a number":   {`{"specialValue":"NaN"}`, 0},
		"infinite":       {`{"specialValue":"Infinity"}`, 0},
		"error":          {`{"error":"#ERROR!"}`, 0},
		"true":           {`true`, 0},
		"list of one":    {`[5]`, 5},
		"lookup":         {`[null,12.5]`, 12.5},
		"list of two":    {`[5,6]`, 0},
		"list of text":   {`["5"]`, 0},
		"list of errors": {`[{"error":"#ERROR!"}]`, 0},
		"empty list":     {`[]`, 0},
		"AI field":       {`{"state":"generated","value":5}`, 0},
		"null":           {`null`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := mapCells(t, mapping(t, "", ""), `{"Time to In Progress":`+test.value+`}`)
			if f.Hours[0] != test.want {
				t.Errorf("%s: %v hours, want %v", test.value, f.Hours[0], test.want)
			}
		})
	}
}

func TestDurationFields(t *testing.T) {
	t.Parallel()
	f := mapCells(t, mapping(t, "", ""), `{
		"Time to In Progress": 1,
		"Time from In Progress to Done": 2,
		"Time from Reported to Referred": 3,
		"Time from Referred to Done": 4,
		"Time From Report to Resolution": 5
	}`)
	if f.Hours != [5]float64{1, 2, 3, 4, 5} {
		t.Errorf("got %v", f.Hours)
	}
	want := [...]string{
		"timeToInProgressHoursAvg", "timeInProgressToDoneHoursAvg",
		"timeReportedToReferredHoursAvg", "timeReferredToDoneHoursAvg",
		"timeReportToResolutionHoursAvg",
	}
	if feedback.Durations != want {
		t.Errorf("keys of the report: %v", feedback.Durations)
	}
}
