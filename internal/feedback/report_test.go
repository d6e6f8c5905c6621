package feedback_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
)

func TestFacetsOrder(t *testing.T) {
	t.Parallel()
	facets := feedback.Facets{Total: 9, Choices: map[string][]feedback.Choice{
		feedback.Team: {{"b", 2}, {"a", 2}, {"c", 5}, {"", 2}},
		feedback.Week: {{"2025-01-13", 1}, {"2024-12-30", 5}, {"2025-01-06", 3}},
	}}
	want := `{"total":9,"team":[{"value":"c","count":5},{"value":"","count":2},` +
		`{"value":"a","count":2},{"value":"b","count":2}],` +
		`"priority":[],"environment":[],"status":[],"source":[],"area":[],"type_of_issue":[],` +
		`"week":[{"value":"2024-12-30","count":5},{"value":"2025-01-06","count":3},` +
		`{"value":"2025-01-13","count":1}]}`
	if diff := cmp.Diff(want, string(facets.JSON())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestResponseTimes(t *testing.T) {
	t.Parallel()
	const half = 8.988465674311579e+307 // of the largest float64
	for name, test := range map[string]struct {
		weeks map[string]feedback.Times
		want  string
	}{
		"no records": {nil, `{"rows":[],"weighted":null}`},
		"records without durations": {
			map[string]feedback.Times{"2025-01-06": {Records: 3}}, `{"rows":[],"weighted":null}`,
		},
		"weeks ascending, weighted by records": {
			map[string]feedback.Times{
				"2025-01-13": {Records: 1, Sums: [5]float64{10}, Counts: [5]int{1}},
				"2025-01-06": {Records: 4, Sums: [5]float64{1, 0, 0, 0, 0.1}, Counts: [5]int{3, 0, 0, 0, 1}},
				"2025-01-20": {Records: 2},
			},
			`{"rows":[` +
				timesRow("2025-01-06", 4, 0.3333333333333333, 0, 0, 0, 0.1) + `,` +
				timesRow("2025-01-13", 1, 10, 0, 0, 0, 0) + `,` +
				timesRow("2025-01-20", 2, 0, 0, 0, 0, 0) + `],` +
				`"weighted":` + timesRow("Weighted Average", 7, 2.75, 0, 0, 0, 0.1) + `}`,
		},
		"an infinite sum is limited": {
			map[string]feedback.Times{
				"2025-01-06": {
					Records: 2, Sums: [5]float64{1: math.Inf(1)}, Counts: [5]int{1: 2},
				},
			},
			`{"rows":[` + timesRow("2025-01-06", 2, 0, half, 0, 0, 0) + `],` +
				`"weighted":` + timesRow("Weighted Average", 2, 0, half, 0, 0, 0) + `}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(feedback.ResponseTimes(test.weeks))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// timesRow renders a row of the report: the week, the count and the five averages.
func timesRow(week string, numbers ...any) string {
	return fmt.Sprintf(`{"weekLabel":%q,"count":%v,"timeToInProgressHoursAvg":%v,`+
		`"timeInProgressToDoneHoursAvg":%v,"timeReportedToReferredHoursAvg":%v,`+
		`"timeReferredToDoneHoursAvg":%v,"timeReportToResolutionHoursAvg":%v}`,
		append([]any{week}, numbers...)...)
}

func TestEnvironments(t *testing.T) {
	t.Parallel()
	got := string(feedback.Environments([]string{"b", "a", "B"}))
	if got != `{"environments":["B","a","b"]}` {
		t.Error(got)
	}
	if got := string(feedback.Environments(nil)); got != `{"environments":[]}` {
		t.Error(got)
	}
}

// pulse is the customer-pulse report, decoded.
type pulse struct {
	Total        int            `json:"total_feedback"`
	Priorities   map[string]int `json:"priority_distribution"`
	Environments map[string]int `json:"environment_distribution"`
	States       map[string]int `json:"status_distribution"`
	Trends       struct {
		Data       [][]any
		Percentage float64 `json:"trend_percentage"`
		Direction  string  `json:"trend_direction"`
	} `json:"monthly_trends"`
	High    []map[string]string `json:"high_priority_issues"`
	Updated string              `json:"last_updated"`
}

var made = time.Date(2026, time.November, 23, 11, 59, 0, 0, time.UTC)

// pulseOf returns the report of records created at dates, the newest first.
func pulseOf(t *testing.T, created ...string) (p pulse) {
	t.Helper()
	report := feedback.Pulse{Made: made, Months: map[string]int{}}
	for _, day := range created {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		report.Months[day[:len("2006-01")]]++
		if report.Newest.IsZero() && !at.After(made) {
			report.Newest = at
		}
		report.Oldest = at
	}
	if err := json.Unmarshal(report.JSON(), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEmptyPulse(t *testing.T) {
	t.Parallel()
	want := `{"total_feedback":0,"priority_distribution":{},"environment_distribution":{},` +
		`"status_distribution":{},` +
		`"monthly_trends":{"data":[],"trend_percentage":0,"trend_direction":"stable"},` +
		`"high_priority_issues":[],"last_updated":"2026-11-23T11:59:00.000Z"}`
	if diff := cmp.Diff(want, string(feedback.Pulse{Made: made}.JSON())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The months end with that of the newest record that is not later than the snapshot.
func TestPulseTrend(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		created   []string // newest first
		months    string   // the first, the last, then the counts
		percent   float64
		direction string
	}{
		"one record": {[]string{"2026-11-02"}, "2026-11 2026-11 1", 0, "stable"},
		"two months": {
			[]string{"2026-11-02", "2026-10-31", "2026-10-30"}, "2026-10 2026-11 2 1", 0, "stable",
		},
		"a month without records": {
			[]string{"2026-11-02", "2026-09-30"}, "2026-09 2026-11 1 0 1", -100, "down",
		},
		"a third more": {
			[]string{
				"2026-11-04", "2026-10-04", "2026-10-03", "2026-10-02", "2026-10-01",
				"2026-09-03", "2026-09-02", "2026-09-01",
			},
			"2026-09 2026-11 3 4 1", 33.3, "up",
		},
		"equal counts": {
			[]string{"2026-11-04", "2026-10-03"}, "2026-10 2026-11 1 1", 0, "stable",
		},
		"more than a year": {
			[]string{"2026-11-04", "2025-12-01", "2025-11-30", "2020-01-01"},
			"2025-12 2026-11 1 0 0 0 0 0 0 0 0 0 0 1", 0, "stable",
		},
		"only old records": {
			[]string{"2020-02-29", "2020-01-31"}, "2020-01 2020-02 1 1", 0, "stable",
		},
		"dates in the future": {
			[]string{"2099-01-01", "2026-11-24", "2026-10-03", "2026-09-03"}, "2026-09 2026-10 1 1", 0,
			"stable",
		},
		"only a date in the future": {[]string{"2099-01-01"}, "", 0, "stable"},
	} {
		t.Run(name, func(t *testing.T) {
			trends := pulseOf(t, test.created...).Trends
			got := ""
			if n := len(trends.Data); n > 0 {
				got = fmt.Sprint(trends.Data[0][0], " ", trends.Data[n-1][0])
			}
			for _, month := range trends.Data {
				got += fmt.Sprint(" ", month[1])
			}
			if got != test.months || trends.Percentage != test.percent ||
				trends.Direction != test.direction {
				t.Errorf("%s, %v, %s, want %s, %v, %s", got, trends.Percentage, trends.Direction,
					test.months, test.percent, test.direction)
			}
		})
	}
}

// The report truncates descriptions, and has the counts of the facets.
func TestPulseHighPriorityIssues(t *testing.T) {
	t.Parallel()
	emoji := strings.Repeat("🙂", 100)
	report := feedback.Pulse{Made: made, Facets: feedback.Facets{
		Total: 8, Choices: map[string][]feedback.Choice{
			feedback.Priority: {{"High", 6}, {"HIGHER", 1}, {"Low", 1}},
		},
	}}
	for i, f := range []feedback.Feedback{
		{Priority: "High", Description: emoji},
		{Priority: "high", Description: emoji + "x"},
		{Priority: "High", Description: "c", Environment: "X"},
	} {
		f.ID, f.Created = fmt.Sprint("rec", i+1), made.Add(-time.Duration(i+1)*time.Hour)
		report.High = append(report.High, f)
	}
	var p pulse
	if err := json.Unmarshal(report.JSON(), &p); err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{
		{"id": "rec1", "description": emoji, "environment": "", "created": "2026-11-23T10:59:00.000Z"},
		{
			"id": "rec2", "description": emoji + "...", "environment": "",
			"created": "2026-11-23T09:59:00.000Z",
		},
		{"id": "rec3", "description": "c", "environment": "X", "created": "2026-11-23T08:59:00.000Z"},
	}
	if diff := cmp.Diff(want, p.High); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	counts := map[string]int{"Low": 1, "High": 6, "HIGHER": 1}
	if diff := cmp.Diff(counts, p.Priorities); diff != "" || p.Total != 8 {
		t.Errorf("%d records (-want +got):\n%s", p.Total, diff)
	}
}

func TestCollate(t *testing.T) {
	t.Parallel()
	for key, sorted := range map[string][]string{
		feedback.Status:   {"", "1", "_", "a", "Ab", "b", "É", "z"},
		feedback.Priority: {"High", "Medium", "low", "", "1", "a", "highest", "Z"},
	} {
		for i := range sorted[1:] {
			if a, b := sorted[i], sorted[i+1]; feedback.Collate(key, a) >= feedback.Collate(key, b) {
				t.Errorf("%s: %q is not before %q", key, a, b)
			}
		}
	}
	for _, same := range [][2]string{
		{"HIGH", "high"}, {"K", "\u212a"}, {"Σ", "ς"}, {"É", "é"}, {"É", "e"},
	} {
		for _, key := range []string{feedback.Priority, feedback.Status} {
			if feedback.Collate(key, same[0]) != feedback.Collate(key, same[1]) {
				t.Errorf("%s: %q and %q differ", key, same[0], same[1])
			}
		}
	}
}
