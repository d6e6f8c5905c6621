package httpapi_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/voctest"
)

var newMapping = sync.OnceValues(func() (feedback.Mapping, error) {
	m, err := feedback.NewMapping("", `{"Billing": "Money"}`)
	return m.WithBox(true), err
})

// mapping is the mapping of all records here. seal reports its error.
func mapping() feedback.Mapping {
	m, _ := newMapping()
	return m
}

// fixture is a sealed snapshot, or why there is none: publish then fails the test that
// publishes it.
type fixture struct {
	snapshot.Sealed
	err error
}

// The snapshots that tests share. Each is sealed when a test first uses it.
var (
	few    = sync.OnceValue(func() fixture { return seal("few", records(48, "first")) })
	others = sync.OnceValue(func() fixture { return seal("others", records(50, "second")) })
	none   = sync.OnceValue(func() fixture { return seal("none", nil) })
	some   = shared("some", voctest.Records)
	whole  = shared("whole", voctest.Whole)
)

// shared seals records of package voctest when a test first uses them.
func shared(name string, lines func(testing.TB) [][]byte) func(testing.TB) fixture {
	var once sync.Once
	var sealed fixture
	return func(tb testing.TB) fixture {
		tb.Helper()
		all := decodeRecords(tb, lines(tb))
		once.Do(func() { sealed = seal(name, all) })
		return sealed
	}
}

// records returns n records of about a kilobyte, so that most of them are streamed. They differ
// in the fields of the filters; word is in every description.
func records(n int, word string) (all []feedback.Record) {
	teams := []string{"Alpha", "beta", "Ökoteam", "Alpha, Beta & Co", ""}
	environments := []string{"CW 2.0", "Kiosk", ""}
	for i := range n {
		fields := map[string]any{
			"Initial Description": strings.Repeat(fmt.Sprintf("%s <b>%d</b> 日本語 🙂 & more. ", word, i), 24),
			"Priority":            i%3 + 1, "Team Routed": teams[i%len(teams)],
			"Environment": environments[i%len(environments)],
			"Area Impacted": []string{
				"Billing",
			}, "Created": noon.Add(-time.Duration(i/2) * time.Hour), "Issue": i,
		}
		if i%7 == 0 {
			fields["Priority"] = "Urgent"
		}
		if i == 1 {
			fields["Initial Description"] = "short"
		}
		all = append(
			all, feedback.Record{ID: fmt.Sprintf("rec%014d", i), CreatedTime: noon, Fields: raw(fields)},
		)
	}
	return all
}

func raw(fields map[string]any) map[string]json.RawMessage {
	cells := map[string]json.RawMessage{}
	for name, value := range fields {
		cells[name] = must(json.Marshal(value))
	}
	return cells
}

// sampleRecords are the records of the snapshot some.
func sampleRecords(tb testing.TB) []feedback.Record {
	tb.Helper()
	return decodeRecords(tb, voctest.Records(tb))
}

func decodeRecords(tb testing.TB, lines [][]byte) []feedback.Record {
	tb.Helper()
	all := make([]feedback.Record, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal(line, &all[i]); err != nil {
			tb.Fatalf("record %d of the sample: %v", i+1, err)
		}
	}
	return all
}

// naive answers a list by a linear scan: it maps each record and encodes the matching ones, newest
// first. The API must return the same bytes.
func naive(all []feedback.Record, matches func(feedback.Feedback) bool) (body []byte, total int) {
	var found []feedback.Feedback
	for _, r := range all {
		if f := mapping().Map(r); matches(f) {
			found = append(found, f)
		}
	}
	slices.SortFunc(found, newest)
	rows := make([][]byte, len(found))
	for i, f := range found {
		rows[i] = f.Summary()
	}
	return slices.Concat([]byte("["), bytes.Join(rows, []byte(",\n")), []byte("]\n")), len(found)
}

// newest compares in the order of the list.
func newest(a, b feedback.Feedback) int {
	return cmp.Or(b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID))
}

// list decodes a list.
func (a answer) list(t testing.TB) (rows []row) {
	t.Helper()
	a.is(t, 200)
	a.decode(t, &rows)
	return rows
}

type row struct {
	ID, Description, Team, Priority, Environment string
}
