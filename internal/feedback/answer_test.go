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

// created is the createdTime of the records that tests make: a Sunday evening.
var created = time.Date(2025, time.June, 1, 22, 30, 15, 123_000_000, time.UTC)

const url = "https://airtable.com/appA/tblB/recC"

func mapping(t testing.TB, fieldMap, teamMap string) feedback.Mapping {
	t.Helper()
	m, err := feedback.NewMapping(fieldMap, teamMap)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// read maps a record whose cells are given as a JSON object.
func read(t testing.TB, m feedback.Mapping, cells string) feedback.Feedback {
	t.Helper()
	record := feedback.Record{ID: "recC", CreatedTime: created}
	if err := json.Unmarshal([]byte(cells), &record.Fields); err != nil {
		t.Fatalf("%s: %v", cells, err)
	}
	return m.Map(record)
}

// cell is a record's only cell, as it is: it need not be JSON.
func cell(name, value string) map[string]json.RawMessage {
	return map[string]json.RawMessage{name: json.RawMessage(value)}
}

// answer is what the API answers for one record.
func answer(f feedback.Feedback, cells string) []byte {
	whole, err := feedback.Join(f.Summary(), f.Detail(url), []byte(cells))
	if err != nil {
		panic(err) // what this package writes it can join
	}
	return whole
}

// key is a value of a JSON object, as it is written.
func key(t testing.TB, object []byte, name string) string {
	t.Helper()
	var values map[string]json.RawMessage
	if err := json.Unmarshal(object, &values); err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	return string(values[name])
}

// keys are the names of a JSON object, in its order.
func keys(t rapid.TB, object []byte) []string {
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

// Whatever a text holds, its cell is the text.
func TestCSVHasTheTextsOfTheSummary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("a \"\\,\n\r\t\x00<\u2028é😀=-'{}:"))).Draw(t, "text")
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
			t.Errorf("%s is %q, %v, want %q", summary, line, err, want)
		}
	})
}

func TestDamagedSummaryIsAnError(t *testing.T) {
	t.Parallel()
	whole := feedback.Feedback{Created: made, Modified: made}
	sound := string(whole.Summary())
	if _, err := feedback.AllColumns.AppendCSV(nil, []byte(sound)); err != nil {
		t.Fatal(err)
	}
	for name, summary := range map[string]string{
		"empty":               "",
		"no keys":             "{}",
		"half a text":         `{"id":"a","description":"b`,
		"no text":             `{"id":"a","description":null}`,
		"cut before a value":  `{"id":"a","description":`,
		"no value":            `{"id":,` + sound[len(`{"id":"",`):],
		"cut inside":          sound[:50],
		"cut before the end":  sound[:len(sound)-1],
		"more behind the end": sound + "}",
		"another order":       `{"description":"b",` + sound[1:],
		"an unknown escape":   strings.Replace(sound, `"id":""`, `"id":"\x"`, 1),
	} {
		if _, err := feedback.AllColumns.AppendCSV(nil, []byte(summary)); err == nil {
			t.Errorf("%s: a line of CSV", name)
		}
	}
	for _, summary := range []string{"", "{}", `{"id":"a","description":"b`, `{"id":"a","description":null}`, `{"id":"a","description":`} {
		if _, err := feedback.Join([]byte(summary), whole.Detail(""), []byte(`{}`)); err == nil {
			t.Errorf("an answer of %s", summary)
		}
	}
}
