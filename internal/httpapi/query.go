package httpapi

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"voc/internal/bound"
	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
)

// listQuery holds the parameters of a list.
type listQuery struct {
	filter  feedback.Filter
	sort    feedback.Sort
	columns feedback.Columns
	limit   int    // 0: all
	after   cursor // zero: the first page
}

// listQuery reads the parameters of a list. Its error names every one that is wrong.
func (r *request) listQuery() (listQuery, error) {
	filter, bad := r.filter()
	query := listQuery{filter: filter, sort: feedback.Newest, columns: feedback.AllColumns}
	if given, ok := r.values["sort"]; ok {
		query.sort = feedback.Sort(given[0])
		isRelevance := query.sort == feedback.Relevance
		switch {
		case isRelevance && r.values["q"] == nil:
			bad = append(bad, parameterError{"sort", "relevance requires q, the text to search for"})
		case !isRelevance && !slices.Contains(feedback.Sorts, query.sort):
			bad = append(bad, parameterError{"sort", fmt.Sprintf("must be relevance or one of %s, "+
				"with a - in front for descending order", strings.Join(feedback.SortKeys[:], ", "))})
		}
	}
	if given, ok := r.values["fields"]; ok {
		var err error
		if query.columns, err = feedback.ParseColumns(given[0]); err != nil {
			bad = append(bad, parameterError{"fields", err.Error()})
		}
	}
	// The path decides on the format, then the parameter, then the Accept header. A client that
	// accepts both equally gets JSON.
	switch given, ok := r.values["format"]; {
	case strings.TrimSuffix(r.URL.Path, "/") == csvPath:
		r.csv = true
	case !ok:
		csv := respond.MediaWeight(r.Request, "text/csv")
		r.csv = csv > respond.MediaWeight(r.Request, "application/json")
	case given[0] != "csv" && given[0] != "json":
		bad = append(bad, parameterError{"format", "must be csv or json"})
	default:
		r.csv = given[0] == "csv"
	}
	limit, badLimit := r.number("limit", bound.PageRecords, 0)
	query.limit, bad = limit, append(bad, badLimit...)
	if r.values["cursor"] != nil && r.values["limit"] == nil {
		bad = append(bad, parameterError{"cursor", "requires limit, the length of a page"})
	}
	if bad == nil {
		return query, nil
	}
	slices.SortStableFunc(bad, func(a, b parameterError) int {
		return strings.Compare(a.Parameter, b.Parameter)
	})
	return query, bad
}

// filter reads what the parameters select, and returns everything that is wrong with them.
func (r *request) filter() (feedback.Filter, badRequest) {
	var bad badRequest
	filter := feedback.Filter{Any: map[string][]string{}}
	for _, property := range feedback.Properties {
		if values, ok := r.values[property]; ok {
			filter.Any[property] = values
		}
	}
	for _, bound := range [...]struct {
		name string
		at   *time.Time
	}{{"created_from", &filter.From}, {"created_to", &filter.To}} {
		given, ok := r.values[bound.name]
		if !ok {
			continue
		}
		var err error
		if *bound.at, err = parseInstant(given[0]); err != nil {
			bad = append(bad, parameterError{bound.name, err.Error()})
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

// number reads a parameter that counts something; fallback is for a client that does not say.
func (r *request) number(name string, most, fallback int) (int, badRequest) {
	given, ok := r.values[name]
	if !ok {
		return fallback, nil
	}
	n, err := strconv.ParseUint(given[0], 10, 31)
	if err != nil || n < 1 || int(n) > most {
		return 0, badRequest{{name, fmt.Sprintf("must be a whole number from 1 to %d", most)}}
	}
	return int(n), nil
}
