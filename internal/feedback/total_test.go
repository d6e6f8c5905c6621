package feedback_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"voc/internal/feedback"
)

// FuzzMap puts any bytes into the fields that a mapping reads: first into all, then only
// into the first choices, with another value in the fallbacks.
func FuzzMap(f *testing.F) {
	for _, value := range []string{
		``, `null`, `true`, `0`, `-0`, `1e400`, `"1"`, `"N/A"`, `"Unassigned"`,
		`"2025-03-04T05:06:07.12345+01:00"`, `"0001-01-01T00:00:00+23:59"`,
		`"9999-12-31T23:59:59.9999-12:00"`, `["a",null,["b"]]`,
		`{"name":"\u0000\ud800<\u2028"}`, `{"error":"#ERROR!"}`, "\"\xff\"", "{", "[[[[", `"\u`,
		`{"name":{"name":1},"email":[]}`, `{"state":"generated","value":{"text":["a"]}}`,
		`{"linkedRecordIds":["rec1"],"valuesByLinkedRecordId":{"rec1":[{"specialValue":"NaN"}]}}`,
	} {
		f.Add([]byte(value), []byte(`"b"`))
	}
	m := mapping(f, "", `{"a":"Team <A>"}`)
	f.Fuzz(func(t *testing.T, value, fallback []byte) {
		all, first := map[string]json.RawMessage{}, map[string]json.RawMessage{}
		for _, name := range feedback.Keys() {
			for i, field := range m.Names(name) {
				all[field] = value
				if i == 0 {
					first[field] = value
				} else {
					first[field] = fallback
				}
			}
		}
		checkMap(t, m, all)
		checkMap(t, m, first)
	})
}

// FuzzColumns reads lists of keys, and applies what it accepts to a record.
func FuzzColumns(f *testing.F) {
	for _, seed := range []string{
		"", "id", "status,created", "status,status", "id,", ",", "ID", "week\x00",
	} {
		f.Add(seed)
	}
	summary := mapCells(f, mapping(f, "", ""), odd).Summary()
	f.Fuzz(func(t *testing.T, keys string) {
		columns, err := feedback.ParseColumns(keys)
		if err != nil {
			return
		}
		text, err := columns.AppendJSON(nil, summary)
		if err != nil || !json.Valid(text) || !strings.HasPrefix(string(text), `{"id":`) {
			t.Errorf("%q: %s, %v", keys, text, err)
		}
		line, err := columns.AppendCSV(nil, summary)
		if err != nil || !strings.HasSuffix(string(line), "\r\n") {
			t.Errorf("%q: %q, %v", keys, line, err)
		}
	})
}

func TestMapAcceptsAnyJSON(t *testing.T) {
	t.Parallel()
	m := mapping(t, "", `{"a":"Team <A>"}`)
	rapid.Check(t, func(t *rapid.T) {
		cells := map[string]json.RawMessage{}
		for _, name := range feedback.Keys() {
			for _, field := range m.Names(name) {
				cells[field] = value(3).Draw(t, field)
			}
		}
		checkMap(t, m, cells)
	})
}

// value draws JSON of a limited depth. Values that Airtable sends are more frequent than
// others.
func value(depth int) *rapid.Generator[json.RawMessage] {
	return rapid.Custom(func(t *rapid.T) json.RawMessage {
		known := rapid.SampledFrom([]any{
			nil, true, false, 1, "1", " ", "N/A", "Unassigned", "a",
			"2025-03-04", "2025-03-04T05:06:07.000Z",
			map[string]string{"error": "#ERROR!"}, map[string]string{"specialValue": "NaN"},
			map[string]string{"id": "usr1", "email": "e", "name": "n"},
		})
		most := 5
		if depth == 0 {
			most = 3
		}
		var drawn any
		switch rapid.IntRange(0, most).Draw(t, "kind") {
		case 0, 1:
			drawn = known.Draw(t, "known")
		case 2:
			drawn = rapid.String().Draw(t, "text")
		case 3:
			drawn = rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "number")
		case 4:
			drawn = rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "list")
		case 5:
			names := rapid.SampledFrom([]string{"name", "email", "id", "error", ""})
			drawn = rapid.MapOfN(names, value(depth-1), 0, 3).Draw(t, "object")
		}
		raw, err := json.Marshal(drawn)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	})
}

// checkMap checks that a record is mapped, and that its responses are valid JSON in UTF-8
// with the contract's keys in order.
func checkMap(t rapid.TB, m feedback.Mapping, cells map[string]json.RawMessage) {
	t.Helper()
	f := m.Map(feedback.Record{ID: "recC", CreatedTime: created, Fields: cells})
	const fields = `{"a":[1]}`
	for _, object := range []struct {
		text []byte
		keys []string
	}{
		{f.Summary(), listKeys},
		// The first two are copies from Summary, the last is fields.
		{f.Detail(url), detailKeys[2 : len(detailKeys)-1]},
		{response(f, fields), slices.Concat(listKeys, detailKeys)},
	} {
		if !json.Valid(object.text) || !utf8.Valid(object.text) {
			t.Fatalf("%q: not JSON in UTF-8: %q", cells, object.text)
		}
		if diff := cmp.Diff(object.keys, keysOf(t, object.text)); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", cells, diff)
		}
	}
	checkFeedback(t, f)
}

// checkFeedback checks what snapshots rely on: they sort by the text of created and sum
// hours.
func checkFeedback(t rapid.TB, f feedback.Feedback) {
	t.Helper()
	for name, at := range map[string]time.Time{"created": f.Created, "modified": f.Modified} {
		if at.Location() != time.UTC ||
			len(at.Format(feedback.TimeFormat)) != len(feedback.TimeFormat) ||
			!at.Equal(at.Truncate(time.Millisecond)) {
			t.Errorf("%s is %v", name, at)
		}
	}
	for name, week := range map[string]string{"week": f.Week, "report week": f.ReportWeek} {
		if monday, err := time.Parse(time.DateOnly, week); err != nil || monday.Weekday() != time.Monday {
			t.Errorf("%s is %q", name, week)
		}
	}
	for i, hours := range f.Hours {
		if !(hours >= 0) || math.IsInf(hours, 0) {
			t.Errorf("%s is %v", feedback.Durations[i], hours)
		}
	}
	for _, text := range append([]string{
		f.Description, f.Priority, f.Team, f.Environment, f.AreaImpacted, f.Status, f.Source,
		f.TriageRep,
	}, f.Areas...) {
		if strings.TrimSpace(text) == "" || !utf8.ValidString(text) {
			t.Errorf("a required text is %q in %+v", text, f)
		}
	}
}
