package feedback_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
)

// week returns the number of the week that begins on a Monday.
func week(t *testing.T, monday string) feedback.WeekNumber {
	t.Helper()
	number, ok := feedback.ParseWeek(monday)
	if !ok {
		t.Fatalf("%s is no Monday", monday)
	}
	return number
}

// weekly returns a value with counts in the weeks from first on; 0 is none.
func weekly(value string, first feedback.WeekNumber, counts ...int) feedback.Weekly {
	w := feedback.Weekly{Value: value, FirstSeen: time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)}
	for i, count := range counts {
		if count > 0 {
			number := first + feedback.WeekNumber(i)
			w.Weeks = append(w.Weeks, feedback.WeekCount{Week: number, Records: count})
		}
	}
	return w
}

func TestWeekOf(t *testing.T) {
	t.Parallel()
	for instant, monday := range map[string]string{
		"1970-01-04T23:59:59.999Z": "1969-12-29", "1970-01-05T00:00:00Z": "1970-01-05",
		"2025-06-02T00:00:00Z": "2025-06-02", "2025-06-08T23:59:59.999Z": "2025-06-02",
		"0001-01-01T00:00:00Z": "0001-01-01", "9999-12-31T00:00:00Z": "9999-12-27",
		"2025-06-02T01:00:00+02:00": "2025-05-26",
	} {
		at, err := time.Parse(time.RFC3339Nano, instant)
		if err != nil {
			t.Fatal(err)
		}
		if got := feedback.WeekOf(at).String(); got != monday {
			t.Errorf("%s is in the week of %s, want %s", instant, got, monday)
		}
	}
	for _, text := range []string{"", "2025-06-03", "2025-6-2", "2025-06-02T00:00:00Z", "x"} {
		if _, ok := feedback.ParseWeek(text); ok {
			t.Errorf("%q is taken for a Monday", text)
		}
	}
}

func TestLastWeek(t *testing.T) {
	t.Parallel()
	made := time.Date(2025, 6, 18, 12, 0, 0, 0, time.UTC) // a Wednesday: 2025-06-09 was over
	over := week(t, "2025-06-09")
	for name, c := range map[string]struct {
		weeks []feedback.WeekNumber
		want  feedback.WeekNumber
	}{
		"no records":                  {nil, over},
		"in the last week":            {[]feedback.WeekNumber{over}, over},
		"in the first of the weeks":   {[]feedback.WeekNumber{over - 25}, over},
		"before the weeks":            {[]feedback.WeekNumber{over - 40, over - 26}, over - 26},
		"in the week under way":       {[]feedback.WeekNumber{over + 1}, over},
		"under way and long before":   {[]feedback.WeekNumber{over + 1, over - 30}, over - 30},
		"in the future and in a week": {[]feedback.WeekNumber{over + 500, over - 3}, over},
	} {
		var all feedback.Weekly
		for _, number := range c.weeks {
			all.Weeks = append(all.Weeks, feedback.WeekCount{Week: number, Records: 1})
		}
		if got := feedback.LastWeek(all, made, 26); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTrends(t *testing.T) {
	t.Parallel()
	last := week(t, "2025-06-16")
	values := []feedback.Weekly{
		weekly("b", last-3, 9, 1, 0, 2), weekly("", last-1, 3), weekly("a", last, 3),
		weekly("before", last-9, 1), weekly("after", last+1, 1),
	}
	got := string(feedback.Trends(values, last, 3))
	want := `{"weeks":["2025-06-02","2025-06-09","2025-06-16"],"series":[` +
		`{"value":"","counts":[0,3,0],"total":3},{"value":"a","counts":[0,0,3],"total":3},` +
		`{"value":"b","counts":[1,0,2],"total":3}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(feedback.Trends(nil, last, 1)); got != `{"weeks":["2025-06-16"],"series":[]}` {
		t.Error(got)
	}
}

// TestTrendsOfManyValues adds up the values after the fiftieth.
func TestTrendsOfManyValues(t *testing.T) {
	t.Parallel()
	last := week(t, "2025-06-16")
	var values []feedback.Weekly
	for i := range 53 {
		values = append(values, weekly(fmt.Sprint("value ", i), last-1, 1, 100-i))
	}
	var report struct {
		Series []struct {
			Value  *string
			Counts []int
			Total  int
		}
	}
	if err := json.Unmarshal(feedback.Trends(values, last, 2), &report); err != nil {
		t.Fatal(err)
	}
	rest := report.Series[len(report.Series)-1]
	if len(report.Series) != 51 || rest.Value != nil || rest.Total != 3+50+49+48 ||
		!slices.Equal(rest.Counts, []int{3, 147}) || *report.Series[49].Value != "value 49" {
		t.Errorf("%d series, the last one %+v", len(report.Series), rest)
	}
}

type moversReport struct {
	Week, Rule string
	Movers     []struct {
		By, Value   string
		Count       int
		Expected, P float64
		FirstSeen   string `json:"first_seen"`
	}
}

func movers(
	t *testing.T, values []feedback.Weekly, all feedback.Weekly, of feedback.WeekNumber,
) (report moversReport) {
	t.Helper()
	groups := map[string][]feedback.Weekly{feedback.Area: values, feedback.Team: values}
	if err := json.Unmarshal(feedback.Movers(groups, all, of), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

func TestMoversRule(t *testing.T) {
	t.Parallel()
	now := week(t, "2025-06-02")
	all := weekly("", now-8, 1)
	for name, c := range map[string]struct {
		counts []int // of the eight weeks before, and of the week
		isOne  bool
	}{
		"as in the sample":       {[]int{2, 2, 2, 2, 2, 2, 2, 2, 61}, true},
		"new":                    {[]int{0, 0, 0, 0, 0, 0, 0, 0, 5}, true},
		"fewer than five":        {[]int{0, 0, 0, 0, 0, 0, 0, 0, 4}, false},
		"less than double":       {[]int{50, 50, 50, 50, 50, 50, 50, 50, 99}, false},
		"double":                 {[]int{50, 50, 50, 50, 50, 50, 50, 50, 100}, true},
		"likely by chance":       {[]int{2, 2, 2, 2, 2, 2, 2, 2, 7}, false}, // p = 0.0045
		"hardly by chance":       {[]int{2, 2, 2, 2, 2, 2, 2, 2, 9}, true},  // p = 0.00024
		"one earlier week alone": {[]int{40, 0, 0, 0, 0, 0, 0, 0, 16}, true},
	} {
		report := movers(t, []feedback.Weekly{weekly("value", now-8, c.counts...)}, all, now)
		if (len(report.Movers) == 1) != c.isOne {
			t.Errorf("%s: %+v", name, report.Movers)
		}
	}
	rows := []feedback.Weekly{weekly("value", now-8, 0, 0, 0, 0, 0, 0, 0, 0, 9)}
	late := weekly("", now-7, 1)
	if report := movers(t, rows, late, now); len(report.Movers) != 0 {
		t.Errorf("with seven weeks before: %+v", report.Movers)
	}
}

// TestMoversReport checks the order, and that only areas, types and environments are looked at.
func TestMoversReport(t *testing.T) {
	t.Parallel()
	now := week(t, "2025-06-02")
	all := weekly("", now-9, 1)
	report := movers(t, []feedback.Weekly{
		weekly("rose", now-8, 2, 2, 2, 2, 2, 2, 2, 2, 20), weekly("b new", now, 6),
		weekly("a new", now, 6),
		weekly("new and more", now, 9), weekly("fell", now-8, 9, 9, 9, 9, 9, 9, 9, 9, 1),
	}, all, now)
	var got []string
	for _, m := range report.Movers {
		got = append(got, fmt.Sprintf("%s %s %d %g", m.By, m.Value, m.Count, m.Expected))
	}
	want := []string{"area new and more 9 0", "area a new 6 0", "area b new 6 0", "area rose 20 2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if report.Week != "2025-06-02" || !strings.Contains(report.Rule, "0.001") ||
		report.Movers[0].FirstSeen != "2025-03-04T05:06:07.000Z" {
		t.Errorf("%+v", report)
	}
}

// TestMoversChance compares p with one minus the terms below.
func TestMoversChance(t *testing.T) {
	t.Parallel()
	now := week(t, "2025-06-02")
	for mean, count := range map[int]int{1: 6, 3: 11, 8: 20, 20: 40, 40: 80, 300: 600} {
		counts := append(slices.Repeat([]int{mean}, 8), count)
		values := []feedback.Weekly{weekly("value", now-8, counts...)}
		report := movers(t, values, weekly("", now-8, 1), now)
		below, term := 0.0, math.Exp(-float64(mean))
		for k := range count {
			below += term
			term *= float64(mean) / float64(k+1)
		}
		if len(report.Movers) != 1 {
			t.Fatalf("%d against %d is none", count, mean)
		}
		if p := report.Movers[0].P; math.Abs(p-(1-below)) > 1e-12 || p <= 0 {
			t.Errorf("%d against %d: p = %g, want %g", count, mean, p, 1-below)
		}
	}
}

func TestResponseCounts(t *testing.T) {
	t.Parallel()
	weeks := map[string]feedback.Times{
		"2025-06-09": {Records: 3, Counts: [5]int{1, 2, 0, 0, 3}},
		"2025-06-02": {Records: 2, Counts: [5]int{1, 0, 0, 0, 1}},
	}
	got := string(feedback.ResponseCounts(weeks))
	row := `{"weekLabel":"%s","count":%d,"timeToInProgressHoursAvg":%d,` +
		`"timeInProgressToDoneHoursAvg":%d,"timeReportedToReferredHoursAvg":0,` +
		`"timeReferredToDoneHoursAvg":0,"timeReportToResolutionHoursAvg":%d}`
	want := `{"rows":[` + fmt.Sprintf(row, "2025-06-02", 2, 1, 0, 1) + `,` +
		fmt.Sprintf(row, "2025-06-09", 3, 1, 2, 3) + `],"total":` +
		fmt.Sprintf(row, "Total", 5, 2, 2, 4) + `}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	none := map[string]feedback.Times{"2025-06-09": {Records: 3}}
	if got := string(feedback.ResponseCounts(none)); got != `{"rows":[],"total":null}` {
		t.Error(got)
	}
}
