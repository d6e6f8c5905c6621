package feedback

import (
	"cmp"
	"math"
	"slices"
)

// AllEnvironments is the value that selects every environment in the response-time
// report.
const AllEnvironments = "All Environments"

// Times are the totals of the durations of some records: for each duration the sum in
// hours and the number of the values above zero. Records counts all records.
type Times struct {
	Records int
	Sums    [len(Durations)]float64
	Counts  [len(Durations)]int
}

// ResponseTimes renders the report by week, with Mondays as keys. Averages are over
// records, never over averages. If no record has a duration, there are no rows.
func ResponseTimes(weeks map[string]Times) []byte {
	var all Times
	rows := make([]timesRow, 0, len(weeks))
	for week, times := range weeks {
		rows = append(rows, times.row(week))
	}
	slices.SortFunc(rows, func(a, b timesRow) int { return cmp.Compare(a.Week, b.Week) })
	for _, row := range rows { // sorted, because the order of addition changes a float's sum
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

// Add adds the totals of other.
func (t *Times) Add(other Times) {
	t.Records += other.Records
	for i := range Durations {
		t.Sums[i] += other.Sums[i]
		t.Counts[i] += other.Counts[i]
	}
}

// Any reports whether any record has a duration.
func (t Times) Any() bool { return t.Counts != [len(Durations)]int{} }

// Environments renders the list of the environments that have response times. It sorts
// names in place.
func Environments(names []string) []byte {
	slices.Sort(names)
	if names == nil {
		names = []string{}
	}
	return encode(struct {
		Environments []string `json:"environments"`
	}{names})
}

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

// row returns the averages over records, 0 where no record has the duration. A sum beyond
// the largest float64 counts as that, so that the report stays valid JSON.
func (t Times) row(label string) timesRow {
	var averages [len(Durations)]float64
	for i, count := range t.Counts {
		if count > 0 {
			averages[i] = min(t.Sums[i], math.MaxFloat64) / float64(count)
		}
	}
	return timesRow{
		label, t.Records, averages[0], averages[1], averages[2], averages[3], averages[4],
	}
}
