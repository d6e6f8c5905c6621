package feedback

import (
	"cmp"
	"slices"
)

// The weeks of the report on trends, and of the newest week with movers.
const (
	DefaultTrendWeeks = 26
	MaxTrendWeeks     = 104
)

// maxTrends is how many values of a property the report on trends shows by themselves.
const maxTrends = 50

// TrendProperties are the properties by which trends are reported.
var TrendProperties = [...]string{Area, TypeOfIssue, Environment, Team, Priority, Status}

type trend struct {
	Value  *string `json:"value"` // null: all values that are not shown by themselves
	Counts []int   `json:"counts"`
	Total  int     `json:"total"`
}

// Trends renders how many records of each value were created in each of n weeks up to last: the
// most frequent value first, then by value. Values without a record in these weeks are left out.
func Trends(values []Weekly, last WeekNumber, n int) []byte {
	first := last - WeekNumber(n) + 1
	weeks := make([]string, n)
	for i := range weeks {
		weeks[i] = (first + WeekNumber(i)).String()
	}
	series := []trend{}
	for _, value := range values {
		t := trend{Value: &value.Value, Counts: make([]int, n)}
		for _, c := range value.Weeks {
			if c.Week >= first && c.Week <= last {
				t.Counts[c.Week-first] = c.Records
				t.Total += c.Records
			}
		}
		if t.Total > 0 {
			series = append(series, t)
		}
	}
	slices.SortFunc(series, func(a, b trend) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(*a.Value, *b.Value))
	})
	if len(series) > maxTrends {
		rest := trend{Counts: make([]int, n)}
		for _, t := range series[maxTrends:] {
			rest.Total += t.Total
			for i, count := range t.Counts {
				rest.Counts[i] += count
			}
		}
		series = append(series[:maxTrends:maxTrends], rest)
	}
	return encode(struct {
		Weeks  []string `json:"weeks"`
		Series []trend  `json:"series"`
	}{weeks, series})
}
