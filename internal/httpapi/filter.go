package httpapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
)

// filter reads what the parameters select, and returns everything that is wrong with them.
func (r *request) filter() (feedback.Filter, badRequest) {
	var bad badRequest
	filter := feedback.Filter{Any: map[string][]string{}}
	for _, property := range feedback.Properties {
		if values, ok := r.values[property]; ok {
			filter.Any[property] = values
		}
	}
	for name, at := range map[string]*time.Time{
		"created_from": &filter.From, "created_to": &filter.To,
	} {
		given, ok := r.values[name]
		if !ok {
			continue
		}
		var err error
		if *at, err = parseInstant(given[0]); err != nil {
			bad = append(bad, parameterError{name, err.Error()})
		}
	}
	if !filter.From.IsZero() && !filter.To.IsZero() && filter.To.Before(filter.From) {
		bad = append(bad, parameterError{"created_to", "is before created_from"})
	}
	if given, ok := r.values["q"]; ok {
		var err error
		if filter.Text, err = feedback.ParseText(given[0]); err != nil {
			bad = append(bad, parameterError{"q", err.Error()})
		}
	}
	return filter, bad
}

var errInstant = errors.New("must be a date such as 2025-03-31, or a time such as " +
	"2025-03-31T09:30:00Z or 2025-03-31T09:30:00%2B02:00")

// parseInstant reads a date, which begins at 00:00 UTC, or a time in the format of RFC 3339.
func parseInstant(given string) (time.Time, error) {
	given = strings.ToUpper(given) // RFC 3339 §5.6 allows t and z
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		at, err := time.Parse(layout, given)
		if at.IsZero() {
			at = at.Add(-1) // Go's zero time is a bound like any other here, not a missing one
		}
		if err == nil {
			return at, nil
		}
	}
	return time.Time{}, errInstant
}

// sort reads the requested order.
func (r *request) sort(hasText bool) (feedback.Sort, badRequest) {
	given, ok := r.values["sort"]
	if !ok {
		return feedback.Newest, nil
	}
	sort := feedback.Sort(given[0])
	switch {
	case slices.Contains(feedback.Sorts, sort), sort == feedback.Relevance && hasText:
		return sort, nil
	case sort == feedback.Relevance:
		return "", badRequest{{"sort", "relevance requires q, the text to search for"}}
	}
	return "", badRequest{{"sort", fmt.Sprintf("must be relevance or one of %s, "+
		"with a - in front for descending order", strings.Join(feedback.SortKeys[:], ", "))}}
}

// columns reads the keys that the client wants of each record.
func (r *request) columns() (feedback.Columns, badRequest) {
	given, ok := r.values["fields"]
	if !ok {
		return feedback.AllColumns, nil
	}
	columns, err := feedback.ParseColumns(given[0])
	if err != nil {
		return 0, badRequest{{"fields", err.Error()}}
	}
	return columns, nil
}

// wantsCSV reports whether the client wants a list as CSV: the path or parameter decides, or else the
// Accept header. A client that accepts both equally gets JSON.
func (r *request) wantsCSV() (csv bool, bad badRequest) {
	given, ok := r.values["format"]
	if r.csv {
		return true, nil
	}
	if !ok {
		csv := respond.MediaWeight(r.Request, "text/csv")
		return csv > respond.MediaWeight(r.Request, "application/json"), nil
	}
	if given[0] != "csv" && given[0] != "json" {
		return false, badRequest{{"format", "must be csv or json"}}
	}
	return given[0] == "csv", nil
}
