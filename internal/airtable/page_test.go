package airtable_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtable"
)

func TestDecodePage(t *testing.T) {
	t.Parallel()
	const page = ` { "offset" : "itr1/rec2", "somethingNew":{"a":[1,{"records":[]}]},
		"records":[
			{"id":"rec1","createdTime":"2022-09-12T21:03:48.400Z","fields":{
			 "Name":"Zoë \u00e9 <b>","n":1.50,"big":12345678901234567890,
			 "bad":{"error":"#ERROR!"},"list":[null,{"specialValue":"NaN"}],"nothing":null},
			 "commentCount":3},
			{"id":"rec2","createdTime":"2022-09-12T21:03:48.000Z","fields":{}}]}
	`
	records, offset, err := airtable.DecodePage(strings.NewReader(page))
	if err != nil || offset != "itr1/rec2" || len(records) != 2 {
		t.Fatalf("got %d records, offset %q, %v", len(records), offset, err)
	}
	if got, want := records[0].CreatedTime, time.Date(2022, 9, 12, 21, 3, 48, 4e8,
		time.UTC); !got.Equal(want) {
		t.Errorf("created %s, want %s", got, want)
	}
	want := map[string]string{"Name": `"Zoë \u00e9 <b>"`, "n": "1.50", "big": "12345678901234567890",
		"bad": `{"error":"#ERROR!"}`, "list": `[null,{"specialValue":"NaN"}]`, "nothing": "null"}
	for name, value := range want {
		if got := string(records[0].Fields[name]); got != value {
			t.Errorf("cell %s is %s, want %s untouched", name, got, value)
		}
	}
	if len(records[0].Fields) != len(want) || len(records[1].Fields) != 0 {
		t.Errorf("records have %d and %d cells", len(records[0].Fields), len(records[1].Fields))
	}
}

func TestDecodePageRejectsInvalidBodies(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":               "",
		"HTML":                  "<!doctype html><title>Sorry</title>",
		"a list":                `[{"id":"rec1"}]`,
		"a word":                `"records"`,
		"an error":              `{"error":{"type":"NOT_FOUND"}}`,
		"records missing":       `{"offset":"itr/1"}`,
		"records null":          `{"records":null}`,
		"records an object":     `{"records":{}}`,
		"a record null":         `{"records":[null]}`,
		"a record without id":   `{"records":[{"fields":{}}]}`,
		"a record of text":      `{"records":["rec1"]}`,
		"fields a list":         `{"records":[{"id":"rec1","fields":[]}]}`,
		"offset a number":       `{"records":[],"offset":7}`,
		"cut in a record":       `{"records":[{"id":"rec1","fie`,
		"cut after a record":    `{"records":[{"id":"rec1","fields":{}}`,
		"cut before the end":    `{"records":[{"id":"rec1","fields":{}}]`,
		"cut before the offset": `{"records":[{"id":"rec1","fields":{}}],`,
		"cut in the offset":     `{"records":[{"id":"rec1","fields":{}}],"offset":"itr`,
		"more after the end":    `{"records":[]}{"records":[]}`,
		"garbage after the end": `{"records":[]}<html>`,
		"a bracket too many":    `{"records":[]}]`,
		"wrong bracket":         `{"records":[}}`,
		"a comma too many":      `{"records":[{"id":"rec1"},]}`,
		"a comma missing":       `{"records":[{"id":"rec1"}{"id":"rec2"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			records, offset, err := airtable.DecodePage(strings.NewReader(body))
			if err == nil || records != nil || offset != "" {
				t.Errorf("%d records, offset %q, error %v; want an error alone",
					len(records), offset, err)
			}
		})
	}
}

// One odd createdTime is absent, or read if its meaning is beyond doubt. It fails no page.
func TestDecodePageWithOddCreatedTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ created, want string }{
		"empty":                  {`""`, ""},
		"null":                   {`null`, ""},
		"a number":               {`1748736000000`, ""},
		"an object":              {`{"$date":"2025-06-01"}`, ""},
		"a list":                 {`["2025-06-01"]`, ""},
		"words":                  {`"soon"`, ""},
		"people's form":          {`"6/1/2025 2:30pm"`, ""},
		"no such day":            {`"2025-02-30"`, ""},
		"the year 10000":         {`"9999-12-31T23:59:59-01:00"`, ""},
		"a date":                 {`"2025-06-01"`, "2025-06-01T00:00:00Z"},
		"no zone":                {`"2025-06-01T10:00:00.5"`, "2025-06-01T10:00:00.5Z"},
		"a space":                {`" 2025-06-01 10:00:00"`, "2025-06-01T10:00:00Z"},
		"an offset":              {`"2025-06-01T10:00:00+02:00"`, "2025-06-01T08:00:00Z"},
		"Airtable's usual form":  {`"2025-06-01T10:00:00.000Z"`, "2025-06-01T10:00:00Z"},
		"an escape that is text": {`"2025\u002d06-01"`, "2025-06-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"records":[{"id":"rec1","createdTime":` + test.created +
				`,"fields":{}},{"id":"rec2"}]}`
			records, _, err := airtable.DecodePage(strings.NewReader(body))
			if err != nil || len(records) != 2 {
				t.Fatalf("%d records, %v", len(records), err)
			}
			got := ""
			if at := records[0].CreatedTime; !at.IsZero() {
				got = at.UTC().Format(time.RFC3339Nano)
			}
			if got != test.want || !records[1].CreatedTime.IsZero() {
				t.Errorf("%s: %q, want %q", test.created, got, test.want)
			}
		})
	}
}

// TestErrorDoesNotQuotePage holds that no error quotes a page, since it holds what
// customers wrote.
func TestErrorDoesNotQuotePage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := steps(respond(200, `{"records":[{"id":"rec1","fields":{"Notes":"a private matter"`))
		_, err := walk(t.Context(), f.client())
		contains(t, err.Error(), "200 with an unusable body: it is cut short")
		if strings.Contains(fmt.Sprintf("%+v", err), "private") {
			t.Errorf("%v quotes the page", err)
		}
	})
}

// FuzzDecodePage compares the streaming decoder with encoding/json: what it accepts is
// valid JSON with the same records.
func FuzzDecodePage(f *testing.F) {
	for _, seed := range []string{
		`{"records":[{"id":"rec1","createdTime":"2022-09-12T21:03:48.000Z","fields":{"A":1}}],` +
			`"offset":"itr/1"}`,
		`{"records":[]}`, `{"records":[],"records":[{"id":"r"}]}`,
		`{"offset":null,"records":[{"id":"r","fields":null}]}`,
		`{"records":[{"id":"r"},]}`, `{"records":[]}}`, `{"Records":[]}`,
		`{"records":[{"ID":"r"}],"x":}`, `{`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		records, offset, err := airtable.DecodePage(bytes.NewReader(body))
		var plain map[string]json.RawMessage
		if invalid := json.Unmarshal(body, &plain); invalid != nil {
			if err == nil {
				t.Fatalf("accepts %q, which is %v", body, invalid)
			}
			return
		}
		if err != nil {
			return // DecodePage is stricter than JSON: see the tests above
		}
		var wantOffset string
		var wantRecords []struct {
			ID          string
			CreatedTime any
			Fields      map[string]json.RawMessage
		}
		json.Unmarshal(plain["offset"], &wantOffset)
		if err := json.Unmarshal(plain["records"], &wantRecords); err != nil {
			t.Fatalf("accepts %q, whose records are %v", body, err)
		}
		if !bytes.Contains(body, []byte(`"offset"`)) && offset != "" {
			t.Errorf("offset %q without a property", offset)
		}
		if len(records) != len(wantRecords) {
			t.Fatalf("%d records, want %d", len(records), len(wantRecords))
		}
		for i, record := range records {
			if record.ID != wantRecords[i].ID || !reflect.DeepEqual(record.Fields, wantRecords[i].Fields) {
				t.Errorf("record %+v, want %+v", record, wantRecords[i])
			}
			if at := record.CreatedTime.UTC(); at.Year() < 1 || at.Year() > 9999 {
				t.Errorf("created %s", at)
			}
		}
	})
}

// BenchmarkDecodePage decodes a page of realistic size: 100 records of about 1.6 kB and
// 25 cells.
func BenchmarkDecodePage(b *testing.B) {
	var page bytes.Buffer
	page.WriteString(`{"records":[`)
	for i := range 100 {
		if i > 0 {
			page.WriteByte(',')
		}
		fmt.Fprintf(&page, `{"id":"rec%014d","createdTime":"2025-03-01T12:00:00.000Z",`, i)
		fmt.Fprintf(&page, `"fields":{"Notes":%q`, strings.Repeat("The page stays blank. ", 40))
		for field := range 24 {
			fmt.Fprintf(&page, `,"fld%014d":["Consumer Loan",%d]`, field, i)
		}
		page.WriteString("}}")
	}
	page.WriteString(`],"offset":"itrSJ1l4jlPyxEG6c/rec00000000000099"}`)
	b.SetBytes(int64(page.Len()))
	b.ReportAllocs()
	for b.Loop() {
		records, _, err := airtable.DecodePage(bytes.NewReader(page.Bytes()))
		if err != nil || len(records) != 100 {
			b.Fatal(len(records), err)
		}
	}
}
