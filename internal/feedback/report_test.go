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

func TestFacetsAreSortedByCountThenValueAndWeeksByTime(t *testing.T) {
	t.Parallel()
	facets := feedback.Facets{Total: 9, Choices: map[string][]feedback.Choice{
		feedback.Team: {{"b", 2}, {"a", 2}, {"c", 5}, {"", 2}},
		feedback.Week: {{"2025-01-13", 1}, {"2024-12-30", 5}, {"2025-01-06", 3}},
	}}
	want := `{"total":9,"team":[{"value":"c","count":5},{"value":"","count":2},{"value":"a","count":2},{"value":"b","count":2}],` +
		`"priority":[],"environment":[],"status":[],"source":[],"area":[],"type_of_issue":[],` +
		`"week":[{"value":"2024-12-30","count":5},{"value":"2025-01-06","count":3},{"value":"2025-01-13","count":1}]}`
	if diff := cmp.Diff(want, string(facets.JSON())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestResponseTimesAreAveragesOverRecords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		weeks map[string]feedback.Times
		want  string
	}{
		"no record":                    {nil, `{"rows":[],"weighted":null}`},
		"records without any duration": {map[string]feedback.Times{"2025-01-06": {Records: 3}}, `{"rows":[],"weighted":null}`},
		"weeks weigh by their records, ascending": {
			map[string]feedback.Times{
				"2025-01-13": {Records: 1, Sums: [5]float64{10}, Counts: [5]int{1}},
				"2025-01-06": {Records: 4, Sums: [5]float64{1, 0, 0, 0, 0.1}, Counts: [5]int{3, 0, 0, 0, 1}},
				"2025-01-20": {Records: 2},
			},
			`{"rows":[` +
				`{"weekLabel":"2025-01-06","count":4,"timeToInProgressHoursAvg":0.3333333333333333,"timeInProgressToDoneHoursAvg":0,"timeReportedToReferredHoursAvg":0,"timeReferredToDoneHoursAvg":0,"timeReportToResolutionHoursAvg":0.1},` +
				`{"weekLabel":"2025-01-13","count":1,"timeToInProgressHoursAvg":10,"timeInProgressToDoneHoursAvg":0,"timeReportedToReferredHoursAvg":0,"timeReferredToDoneHoursAvg":0,"timeReportToResolutionHoursAvg":0},` +
				`{"weekLabel":"2025-01-20","count":2,"timeToInProgressHoursAvg":0,"timeInProgressToDoneHoursAvg":0,"timeReportedToReferredHoursAvg":0,"timeReferredToDoneHoursAvg":0,"timeReportToResolutionHoursAvg":0}],` +
				`"weighted":{"weekLabel":"Weighted Average","count":7,"timeToInProgressHoursAvg":2.75,"timeInProgressToDoneHoursAvg":0,"timeReportedToReferredHoursAvg":0,"timeReferredToDoneHoursAvg":0,"timeReportToResolutionHoursAvg":0.1}}`,
		},
		"a sum beyond all measure stays JSON": {
			map[string]feedback.Times{"2025-01-06": {Records: 2, Sums: [5]float64{1: math.Inf(1)}, Counts: [5]int{1: 2}}},
			`{"rows":[{"weekLabel":"2025-01-06","count":2,"timeToInProgressHoursAvg":0,"timeInProgressToDoneHoursAvg":8.988465674311579e+307,"timeReportedToReferredHoursAvg":0,"timeReferredToDoneHoursAvg":0,"timeReportToResolutionHoursAvg":0}],` +
				`"weighted":{"weekLabel":"Weighted Average","count":2,"timeToInProgressHoursAvg":0,"timeInProgressToDoneHoursAvg":8.988465674311579e+307,"timeReportedToReferredHoursAvg":0,"timeReferredToDoneHoursAvg":0,"timeReportToResolutionHoursAvg":0}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(feedback.ResponseTimes(test.weeks))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnvironmentsAreSortedAndNoneIsAnEmptyList(t *testing.T) {
	t.Parallel()
	if got := string(feedback.Environments([]string{"b", "a", "B"})); got != `{"environments":["B","a","b"]}` {
		t.Error(got)
	}
	if got := string(feedback.Environments(nil)); got != `{"environments":[]}` {
		t.Error(got)
	}
}

// pulse is the customer-pulse report, read.
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

// taken is the pulse of records created at such dates, the newest first.
func taken(t *testing.T, created ...string) (p pulse) {
	t.Helper()
	report := feedback.NewPulse(made)
	for i, day := range created {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		report.Add(feedback.Feedback{ID: fmt.Sprint("rec", i), Priority: "High", Environment: "X", Status: "New", Description: "d", Created: at})
	}
	if err := json.Unmarshal(report.JSON(), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestThePulseOfNothing(t *testing.T) {
	t.Parallel()
	want := `{"total_feedback":0,"priority_distribution":{},"environment_distribution":{},"status_distribution":{},` +
		`"monthly_trends":{"data":[],"trend_percentage":0,"trend_direction":"stable"},"high_priority_issues":[],"last_updated":"2026-11-23T11:59:00.000Z"}`
	if diff := cmp.Diff(want, string(feedback.NewPulse(made).JSON())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMonthsRunToTheNewestRecordThatIsNotLaterThanTheSnapshot(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		created   []string // newest first
		months    string   // the first, the last, and counts
		percent   float64
		direction string
	}{
		"one record":                 {[]string{"2026-11-02"}, "2026-11 2026-11 1", 0, "stable"},
		"two months":                 {[]string{"2026-11-02", "2026-10-31", "2026-10-30"}, "2026-10 2026-11 2 1", 0, "stable"},
		"a month of none":            {[]string{"2026-11-02", "2026-09-30"}, "2026-09 2026-11 1 0 1", -100, "down"},
		"a third more":               {[]string{"2026-11-04", "2026-10-04", "2026-10-03", "2026-10-02", "2026-10-01", "2026-09-03", "2026-09-02", "2026-09-01"}, "2026-09 2026-11 3 4 1", 33.3, "up"},
		"as many":                    {[]string{"2026-11-04", "2026-10-03"}, "2026-10 2026-11 1 1", 0, "stable"},
		"more than a year":           {[]string{"2026-11-04", "2025-12-01", "2025-11-30", "2020-01-01"}, "2025-12 2026-11 1 0 0 0 0 0 0 0 0 0 0 1", 0, "stable"},
		"the newest is long ago":     {[]string{"2020-02-29", "2020-01-31"}, "2020-01 2020-02 1 1", 0, "stable"},
		"a date that is yet to come": {[]string{"2099-01-01", "2026-11-24", "2026-10-03", "2026-09-03"}, "2026-09 2026-10 1 1", 0, "stable"},
		"none that has come":         {[]string{"2099-01-01"}, "", 0, "stable"},
	} {
		t.Run(name, func(t *testing.T) {
			trends := taken(t, test.created...).Trends
			got := ""
			if n := len(trends.Data); n > 0 {
				got = fmt.Sprint(trends.Data[0][0], " ", trends.Data[n-1][0])
			}
			for _, month := range trends.Data {
				got += fmt.Sprint(" ", month[1])
			}
			if got != test.months || trends.Percentage != test.percent || trends.Direction != test.direction {
				t.Errorf("%s, %v, %s, want %s, %v, %s", got, trends.Percentage, trends.Direction, test.months, test.percent, test.direction)
			}
		})
	}
}

func TestThePulseShowsTheFiveNewestHighAndShortensWhatIsLong(t *testing.T) {
	t.Parallel()
	report := feedback.NewPulse(made)
	emoji := strings.Repeat("🙂", 100)
	for i, f := range []feedback.Feedback{
		{Priority: "Low"}, {Priority: "High", Description: emoji}, {Priority: "high", Description: emoji + "x"}, {Priority: "HIGHER"}, {Priority: "High", Description: "a"},
		{Priority: "High", Description: "b"}, {Priority: "High", Description: "c", Environment: "X"}, {Priority: "High", Description: "d"},
	} {
		f.ID, f.Created = fmt.Sprint("rec", i), made.Add(-time.Duration(i)*time.Hour)
		report.Add(f)
	}
	var p pulse
	if err := json.Unmarshal(report.JSON(), &p); err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{
		{"id": "rec1", "description": emoji, "environment": "", "created": "2026-11-23T10:59:00.000Z"},
		{"id": "rec2", "description": emoji + "...", "environment": "", "created": "2026-11-23T09:59:00.000Z"},
		{"id": "rec4", "description": "a", "environment": "", "created": "2026-11-23T07:59:00.000Z"},
		{"id": "rec5", "description": "b", "environment": "", "created": "2026-11-23T06:59:00.000Z"},
		{"id": "rec6", "description": "c", "environment": "X", "created": "2026-11-23T05:59:00.000Z"},
	}
	if diff := cmp.Diff(want, p.High); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	counts := map[string]int{"Low": 1, "High": 5, "high": 1, "HIGHER": 1}
	if diff := cmp.Diff(counts, p.Priorities); diff != "" || p.Total != 8 {
		t.Errorf("%d records (-want +got):\n%s", p.Total, diff)
	}
}

func TestTextsAreSortedWithoutCaseAndPrioritiesByTheirWeight(t *testing.T) {
	t.Parallel()
	for key, sorted := range map[string][]string{
		feedback.Status:   {"", "1", "_", "a", "Ab", "b", "É", "z"},
		feedback.Priority: {"High", "Medium", "low", "", "1", "a", "highest", "Z"},
	} {
		for i := range sorted[1:] {
			if a, b := sorted[i], sorted[i+1]; feedback.Collate(key, a) >= feedback.Collate(key, b) {
				t.Errorf("%s: %q does not come before %q", key, a, b)
			}
		}
	}
	for _, same := range [][2]string{{"HIGH", "high"}, {"K", "\u212a"}, {"Σ", "ς"}, {"É", "é"}, {"É", "e"}} {
		for _, key := range []string{feedback.Priority, feedback.Status} {
			if feedback.Collate(key, same[0]) != feedback.Collate(key, same[1]) {
				t.Errorf("%s: %q and %q differ", key, same[0], same[1])
			}
		}
	}
}
