package build_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
)

// found returns the ids of the records that a search finds, newest first.
func found(t snaptest.T, file *snaptest.Snapshot, q string) []string {
	t.Helper()
	text, err := feedback.ParseText(q)
	snaptest.Check(t, err)
	ids := []string{}
	for _, summary := range snaptest.List(t, file, feedback.Filter{Text: text}, 0) {
		var record struct{ ID string }
		snaptest.Check(t, json.Unmarshal([]byte(summary), &record))
		ids = append(ids, record.ID)
	}
	return ids
}

// A search folds case and accents and covers all text properties of a record.
func TestFullTextSearch(t *testing.T) {
	t.Parallel()
	parent := snaptest.New(t, snaptest.Cells{
		"a": `{"Created":"2025-01-09","Initial Description":"The café's Übergröße",
			"Notes":"hidden behind the description"}`,
		"b": `{"Created":"2025-01-08","Notes":"CAFE au lait\r\nline two","Resolution Notes":"résolu"}`,
		"c": `{"Created":"2025-01-07","Area Impacted":["Credit card","Mortgage"],
			"Type of Issue":"Billing"}`,
		"d": `{"Created":"2025-01-06","Notes":"before\u0000after 😀 日本語 tiếng"}`,
		"e": `{"Created":"2025-01-05","Notes":"to be changed"}`,
		"f": `{"Created":"2025-01-04","Notes":"to be removed"}`,
	})
	draft, _ := snaptest.Start(t, parent, true)
	snaptest.Put(t, draft, snaptest.Cells{"e": `{"Created":"2025-01-05","Notes":"edited"}`})
	snaptest.Remove(t, draft, "f")
	file := snaptest.Open(t, snaptest.Seal(t, draft))
	for name, test := range map[string]struct {
		match string
		want  []string
	}{
		"an accent in the text":        {`cafe`, []string{"a", "b"}},
		"an accent in the word":        {`café`, []string{"a", "b"}},
		"case":                         {`CaFÉ`, []string{"a", "b"}},
		"an accent that is written up": {"cafe\u0301", []string{"a", "b"}},
		"an umlaut":                    {`ubergroße`, []string{"a"}},
		"a sharp s":                    {`ÜBERGRÖSSE`, []string{"a"}},
		"two accents on a letter":      {`tieng`, []string{"d"}},
		"notes behind a description":   {`hidden`, []string{"a"}},
		"resolution notes":             {`resolu`, []string{"b"}},
		"an area":                      {`mortgage`, []string{"c"}},
		"a type":                       {`billing`, []string{"c"}},
		"all words must occur":         {`cafe lait`, []string{"b"}},
		"words of two places":          {`mortgage billing`, []string{"c"}},
		"a phrase":                     {`"au lait"`, []string{"b"}},
		"a phrase in another order":    {`"lait au"`, []string{}},
		"a phrase over two areas":      {`"card mortgage"`, []string{"c"}},
		"a line's end separates":       {`lait line`, []string{"b"}},
		"a prefix":                     {`mort*`, []string{"c"}},
		"part of a word":               {`mort`, []string{}},
		"behind a NUL":                 {`after`, []string{"d"}},
		"Han":                          {`日本語`, []string{"d"}},
		"a part of a run of Han":       {`本語`, []string{"d"}},
		"other Han":                    {`英語`, []string{}},
		"a text that was changed":      {`changed`, []string{}},
		"what it was changed to":       {`edited`, []string{"e"}},
		"a record that was removed":    {`removed`, []string{}},
		"no description":               {`"no description provided"`, []string{"c"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(t, file, test.match)); diff != "" {
				t.Errorf("%s finds (-want +got):\n%s", test.match, diff)
			}
		})
	}
}

// week is a row of response_times.
type week struct {
	Environment, Week string
	Records           int
	Sums              [5]float64
	Counts            [5]int
}

func weeks(t snaptest.T, db *sql.DB) []week {
	t.Helper()
	rows, err := db.QueryContext(t.Context(),
		`SELECT environment, week, records, sum1, n1, sum2, n2, sum3, n3, sum4, n4, sum5, n5
		FROM response_times ORDER BY environment, week`)
	snaptest.Check(t, err)
	defer rows.Close()
	all := []week{}
	for rows.Next() {
		var w week
		s, n := &w.Sums, &w.Counts
		err := rows.Scan(&w.Environment, &w.Week, &w.Records, &s[0], &n[0], &s[1], &n[1],
			&s[2], &n[2], &s[3], &n[3], &s[4], &n[4])
		snaptest.Check(t, err)
		all = append(all, w)
	}
	snaptest.Check(t, rows.Err())
	return all
}

// Response times are summed and counted by environment and week.
func TestResponseTimes(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{
		"a": `{"Reported On":"2025-01-06","Created":"2025-03-01","Environment":"X",
			"Time to In Progress":1.5,"Time from Referred to Done":8}`,
		"b": `{"Reported On":"2025-01-12","Environment":"X","Time to In Progress":2.25,
			"Time From Report to Resolution":-1}`,
		"c": `{"Reported On":"2025-01-12","Environment":"X",
			"Time to In Progress":{"specialValue":"NaN"}}`,
		"d": `{"Reported On":"2025-01-13","Environment":"X","Time from In Progress to Done":3}`,
		"e": `{"Created":"2025-01-06","Time from Reported to Referred":4,
			"Time From Report to Resolution":5}`,
		"f": `{"Created":"2025-01-06","Environment":"It's \"X\"\u0000"}`,
	})
	want := []week{
		{"cw 1.0", "2025-01-06", 1, [5]float64{2: 4, 4: 5}, [5]int{2: 1, 4: 1}},
		{"it's \"x\"", "2025-01-06", 1, [5]float64{}, [5]int{}},
		{"x", "2025-01-06", 3, [5]float64{0: 3.75, 3: 8}, [5]int{0: 2, 3: 1}},
		{"x", "2025-01-13", 1, [5]float64{1: 3}, [5]int{1: 1}},
	}
	if diff := cmp.Diff(want, weeks(t, snaptest.Connect(t, file.Path(snapshot.Serve)))); diff != "" {
		t.Errorf("response times (-want +got):\n%s", diff)
	}
}

// Hours whose sum overflows a float must not fail a refresh.
func TestResponseTimesOverflow(t *testing.T) {
	t.Parallel()
	records := snaptest.Cells{}
	for i := range 5 {
		records[fmt.Sprint(i)] = fmt.Sprintf(
			`{"Created":"2025-01-06","Time to In Progress":%g}`, math.MaxFloat64)
	}
	serve := snaptest.Create(t, records).Parts[snapshot.Serve].Path
	got := weeks(t, snaptest.Connect(t, serve))
	if len(got) != 1 || got[0].Counts[0] != 5 {
		t.Errorf("got %+v", got)
	}
}

// The report on the customers' pulse has the five newest records of high priority, and counts
// values that differ in case, spaces or accents as one, under the spelling of most.
func TestPulse(t *testing.T) {
	t.Parallel()
	records := snaptest.Cells{}
	for i, cells := range []string{
		`"Priority":"3","Status":"open"`, `"Priority":"1","Status":"Open"`, `"Priority":"HIGHER"`,
		`"Priority":"high","Status":"Open"`, `"Priority":"High","Status":"OPEN "`,
		`"Priority":"1","Status":"ｏpen"`, `"Priority":"1","Status":"Geschloßen"`,
		`"Priority":"1","Status":"geschlossen"`,
	} {
		records[fmt.Sprint("rec", i)] = fmt.Sprintf(`{"Created":"2025-01-%02d",%s}`, 20-i, cells)
	}
	body, _, err := snaptest.New(t, records).Report(t.Context(), snapshot.PulseReport, nil)
	snaptest.Check(t, err)
	var report struct {
		Total  int                   `json:"total_feedback"`
		States map[string]int        `json:"status_distribution"`
		High   []struct{ ID string } `json:"high_priority_issues"`
	}
	snaptest.Check(t, json.Unmarshal(body, &report))
	var ids []string
	for _, issue := range report.High {
		ids = append(ids, issue.ID)
	}
	want := map[string]int{"Geschloßen": 2, "New": 1, "Open": 5}
	if diff := cmp.Diff(want, report.States) +
		cmp.Diff([]string{"rec1", "rec3", "rec4", "rec5", "rec6"}, ids); diff != "" || report.Total != 8 {
		t.Errorf("%d records (-want +got):\n%s", report.Total, diff)
	}
}
