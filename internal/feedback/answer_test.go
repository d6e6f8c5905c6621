package feedback_test

import (
	"bytes"
	"encoding/json"
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
	return feedback.Join(f.Summary(), f.Detail(url), []byte(cells))
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
