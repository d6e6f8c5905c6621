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
		"created at no time":    `{"records":[{"id":"rec1","createdTime":"soon","fields":{}}]}`,
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
		var wantRecords []airtable.Record
		json.Unmarshal(plain["offset"], &wantOffset)
		if err := json.Unmarshal(plain["records"], &wantRecords); err != nil {
			t.Fatalf("accepts %q, whose records are %v", body, err)
		}
		if !bytes.Contains(body, []byte(`"offset"`)) && offset != "" {
			t.Errorf("offset %q without a property", offset)
		}
		if len(records) != len(wantRecords) ||
			len(records) > 0 && !reflect.DeepEqual(records, wantRecords) {
			t.Errorf("records %+v, want %+v", records, wantRecords)
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
