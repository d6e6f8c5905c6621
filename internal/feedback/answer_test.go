package feedback_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"voc/internal/feedback"
	"voc/internal/voctest"
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

// Whatever a record holds, a row that is kept tells all that it is found, sorted and counted by.
func TestAnOutlineIsReadOutOfWhatWasWritten(t *testing.T) {
	t.Parallel()
	m, err := feedback.NewMapping("", sampleTeams)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range readSample(t, voctest.Sample(t)) {
		f := m.Map(feedback.Record{ID: r.ID, CreatedTime: r.CreatedTime, Fields: r.Fields})
		description, err := feedback.DescriptionIn(f.Summary())
		if err != nil || description != f.Description {
			t.Fatalf("%s: %v, %q, want %q", r.ID, err, description, f.Description)
		}
		got, err := feedback.Outline(f.Summary(), f.Detail("https://example.com"))
		if err != nil {
			t.Fatalf("%s: %v", r.ID, err)
		}
		want := feedback.Feedback{
			ID: f.ID, Priority: f.Priority, Team: f.Team, Environment: f.Environment, AreaImpacted: f.AreaImpacted, Created: f.Created, Week: f.Week, IssueNumber: f.IssueNumber,
			Status: f.Status, TypeOfIssue: f.TypeOfIssue, Source: f.Source, Areas: append([]string{}, f.Areas...), Modified: f.Modified,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-written +read):\n%s", r.ID, diff)
		}
	}
}

func TestWhatIsDamagedIsNotReadAsIfItWereNot(t *testing.T) {
	t.Parallel()
	whole := feedback.Feedback{Created: made, Modified: made}
	for name, pair := range map[string][2]string{
		"no summary":      {"", string(whole.Detail(""))},
		"no detail":       {string(whole.Summary()), ""},
		"half a summary":  {string(whole.Summary()[:50]), string(whole.Detail(""))},
		"half a text":     {`{"id":"a","description":"b`, string(whole.Detail(""))},
		"another instant": {`{"id":"a","created":"yesterday"}`, string(whole.Detail(""))},
	} {
		if _, err := feedback.Outline([]byte(pair[0]), []byte(pair[1])); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, summary := range []string{"", "{}", `{"id":"a","description":"b`, `{"id":"a","description":null}`, `{"id":"a","description":`} {
		if _, err := feedback.DescriptionIn([]byte(summary)); err == nil {
			t.Errorf("a description in %s", summary)
		}
		if _, err := feedback.Join([]byte(summary), whole.Detail(""), []byte(`{}`)); err == nil {
			t.Errorf("an answer of %s", summary)
		}
	}
}
