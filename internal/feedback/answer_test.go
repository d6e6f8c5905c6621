package feedback_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voc/internal/feedback"
)

// created is the createdTime of the records in the tests: a Sunday evening.
var created = time.Date(2025, time.June, 1, 22, 30, 15, 123_000_000, time.UTC)

const url = "https://airtable.com/appA/tblB/recC"

// mapping returns the mapping for a table with the box.
func mapping(t testing.TB, fieldMap, teamMap string) feedback.Mapping {
	t.Helper()
	m, err := feedback.NewMapping(fieldMap, teamMap)
	if err != nil {
		t.Fatal(err)
	}
	return m.WithBox(true)
}

// mapCells maps a record with the cells of a JSON object.
func mapCells(t testing.TB, m feedback.Mapping, cells string) feedback.Feedback {
	t.Helper()
	record := feedback.Record{ID: "recC", CreatedTime: created}
	if err := json.Unmarshal([]byte(cells), &record.Fields); err != nil {
		t.Fatalf("%s: %v", cells, err)
	}
	return m.Map(record)
}

// cell returns the fields of a record with one cell. The value need not be JSON.
func cell(name, value string) map[string]json.RawMessage {
	return map[string]json.RawMessage{name: json.RawMessage(value)}
}

// response returns the response for one record.
func response(f feedback.Feedback, cells string) []byte {
	whole, err := feedback.Join(f.Summary(), f.Detail(url), []byte(cells))
	if err != nil {
		panic(err) // Join accepts what Summary and Detail render
	}
	return whole
}

// valueOf returns the value of a key of a JSON object, undecoded.
func valueOf(t testing.TB, object []byte, name string) string {
	t.Helper()
	var values map[string]json.RawMessage
	if err := json.Unmarshal(object, &values); err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	return string(values[name])
}

// keysOf returns the keys of a JSON object, in its order.
func keysOf(t rapid.TB, object []byte) []string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err == nil {
			err = decoder.Decode(&value)
		}
		if err != nil {
			t.Fatalf("%s: %v", object, err)
		}
		names = append(names, name.(string))
	}
	return names
}

// A cell has the text of the Summary, with any characters in it.
func TestAppendCSVKeepsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		characters := rapid.SampledFrom([]rune("a \"\\,\n\r\t\x00<\u2028é😀=-'{}:"))
		text := rapid.StringOf(characters).Draw(t, "text")
		summary := feedback.Feedback{ID: text, TriageRep: text}.Summary()
		line, err := feedback.AllColumns.AppendCSV([]byte("before"), summary)
		cell := strings.ReplaceAll(text, "\x00", "")
		if start := strings.TrimLeft(cell, " \u2028"); start != "" &&
			strings.ContainsAny(start[:1], "=+-@\t\r\n") {
			cell = "'" + cell
		}
		if strings.ContainsAny(cell, ",\"\r\n") {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		want := "before" + cell + ",,,,,,0001-01-01T00:00:00.000Z,,,,,,,N/A,," + cell + "\r\n"
		if err != nil || string(line) != want {
			t.Errorf("%s: %q, %v, want %q", summary, line, err, want)
		}
	})
}

func TestDamagedSummary(t *testing.T) {
	t.Parallel()
	whole := feedback.Feedback{Created: made, Modified: made}
	valid := string(whole.Summary())
	if _, err := feedback.AllColumns.AppendCSV(nil, []byte(valid)); err != nil {
		t.Fatal(err)
	}
	for name, summary := range map[string]string{
		"empty":              "",
		"no keys":            "{}",
		"unterminated text":  `{"id":"a","description":"b`,
		"null for a text":    `{"id":"a","description":null}`,
		"cut before a value": `{"id":"a","description":`,
		"no value":           `{"id":,` + valid[len(`{"id":"",`):],
		"cut inside":         valid[:50],
		"cut before the end": valid[:len(valid)-1],
		"more after the end": valid + "}",
		"another order":      `{"description":"b",` + valid[1:],
		"unknown escape":     strings.Replace(valid, `"id":""`, `"id":"\x"`, 1),
	} {
		if _, err := feedback.AllColumns.AppendCSV(nil, []byte(summary)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, summary := range []string{
		"", "{}", `{"id":"a","description":"b`, `{"id":"a","description":null}`,
		`{"id":"a","description":`,
	} {
		if _, err := feedback.Join([]byte(summary), whole.Detail(""), []byte(`{}`)); err == nil {
			t.Errorf("Join of %s: no error", summary)
		}
	}
}
