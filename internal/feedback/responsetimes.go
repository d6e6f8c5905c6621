package feedback

import (
	"cmp"
	"math"
	"slices"
)

// AllEnvironments is the name that stands for every environment in the response-time report.
const AllEnvironments = "All Environments"

// Times sums up the durations of some records: of those above zero the sum in hours and how many they are. Records counts all.
type Times struct {
	Records int
	Sums    [len(Durations)]float64
	Counts  [len(Durations)]int
}

// Add takes in the records of other.
func (t *Times) Add(other Times) {
	t.Records += other.Records
	for i := range Durations {
		t.Sums[i] += other.Sums[i]
		t.Counts[i] += other.Counts[i]
	}
}

// Any says whether a record has a duration.
func (t Times) Any() bool { return t.Counts != [len(Durations)]int{} }

// timesRow is a row of the report.
type timesRow struct {
	Week               string  `json:"weekLabel"`
	Count              int     `json:"count"`
	ToInProgress       float64 `json:"timeToInProgressHoursAvg"`
	InProgressToDone   float64 `json:"timeInProgressToDoneHoursAvg"`
	ReportedToReferred float64 `json:"timeReportedToReferredHoursAvg"`
	ReferredToDone     float64 `json:"timeReferredToDoneHoursAvg"`
	ReportToResolution float64 `json:"timeReportToResolutionHoursAvg"`
}

func (t Times) row(label string) timesRow {
	return timesRow{label, t.Records, t.average(0), t.average(1), t.average(2), t.average(3), t.average(4)}
}

// average is over records, 0 where none has the duration. A sum that no float holds is taken for the largest that one does, so that the report stays JSON.
func (t Times) average(i int) float64 {
	if t.Counts[i] == 0 {
		return 0
	}
	return min(t.Sums[i], math.MaxFloat64) / float64(t.Counts[i])
}

// ResponseTimes is the report over the weeks, by their Mondays: an average is one over records, never one of averages. Where no record has a duration there are no rows.
func ResponseTimes(weeks map[string]Times) []byte {
	var all Times
	rows := make([]timesRow, 0, len(weeks))
	for week, times := range weeks {
		rows = append(rows, times.row(week))
	}
	slices.SortFunc(rows, func(a, b timesRow) int { return cmp.Compare(a.Week, b.Week) })
	for _, row := range rows { // in their order, so that the sums are the same each time
		all.Add(weeks[row.Week])
	}
	report := struct {
		Rows     []timesRow `json:"rows"`
		Weighted *timesRow  `json:"weighted"`
	}{Rows: []timesRow{}}
	if all.Any() {
		weighted := all.row("Weighted Average")
		report.Rows, report.Weighted = rows, &weighted
	}
	return encode(report)
}

// Environments is the list of the environments that have response times. It sorts names.
func Environments(names []string) []byte {
	slices.Sort(names)
	if names == nil {
		names = []string{}
	}
	return encode(struct {
		Environments []string `json:"environments"`
	}{names})
}
