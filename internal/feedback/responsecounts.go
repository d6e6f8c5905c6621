package feedback

import (
	"cmp"
	"slices"
)

// ResponseCounts renders how many records stand behind each average of the report by ResponseTimes:
// those with the duration. Its rows are those of that report.
func ResponseCounts(weeks map[string]Times) []byte {
	var all Times
	rows := make([]countsRow, 0, len(weeks))
	for week, times := range weeks {
		all.Add(times)
		rows = append(rows, times.counts(week))
	}
	slices.SortFunc(rows, func(a, b countsRow) int { return cmp.Compare(a.Week, b.Week) })
	report := struct {
		Rows  []countsRow `json:"rows"`
		Total *countsRow  `json:"total"`
	}{Rows: []countsRow{}}
	if all.Any() {
		total := all.counts("Total")
		report.Rows, report.Total = rows, &total
	}
	return encode(report)
}

// countsRow has the keys of timesRow.
type countsRow struct {
	Week               string `json:"weekLabel"`
	Count              int    `json:"count"`
	ToInProgress       int    `json:"timeToInProgressHoursAvg"`
	InProgressToDone   int    `json:"timeInProgressToDoneHoursAvg"`
	ReportedToReferred int    `json:"timeReportedToReferredHoursAvg"`
	ReferredToDone     int    `json:"timeReferredToDoneHoursAvg"`
	ReportToResolution int    `json:"timeReportToResolutionHoursAvg"`
}

func (t Times) counts(label string) countsRow {
	n := t.Counts
	return countsRow{label, t.Records, n[0], n[1], n[2], n[3], n[4]}
}
