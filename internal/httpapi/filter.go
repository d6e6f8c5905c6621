package httpapi

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"voc/internal/feedback"
)

// filter reads what the parameters select. Everything that is wrong is told at once.
func (r *request) filter() (feedback.Filter, badRequest) {
	var bad badRequest
	filter := feedback.Filter{Any: map[string][]string{}}
	for _, property := range feedback.Properties {
		if values, ok := r.values[property]; ok {
			filter.Any[property] = values
		}
	}
	for name, at := range map[string]*time.Time{"created_from": &filter.From, "created_to": &filter.To} {
		given, ok := r.values[name]
		if !ok {
			continue
		}
		var err error
		if *at, err = instant(given[0]); err != nil {
			bad = append(bad, parameterError{name, err.Error()})
		}
	}
	if !filter.From.IsZero() && !filter.To.IsZero() && filter.To.Before(filter.From) {
		bad = append(bad, parameterError{"created_to", "lies before created_from"})
	}
	if given, ok := r.values["q"]; ok {
		var err error
		if filter.Text, err = feedback.ParseText(given[0]); err != nil {
			bad = append(bad, parameterError{"q", err.Error()})
		}
	}
	return filter, bad
}

// instant reads a date, which begins at 00:00 UTC, or an instant as RFC 3339 has it.
func instant(given string) (time.Time, error) {
	given = strings.ToUpper(given) // RFC 3339 §5.6 lets T and Z be small
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		at, err := time.Parse(layout, given)
		if at.IsZero() {
			at = at.Add(-1) // Go's zero time is a bound like others, and not the absence of one
		}
		if err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("must be a date, such as 2025-03-31, or an instant, such as 2025-03-31T09:30:00Z or 2025-03-31T09:30:00%%2B02:00")
}

// sort reads the order that is wanted.
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
		return "", badRequest{{"sort", "relevance needs q: there is nothing to be relevant to"}}
	}
	return "", badRequest{{"sort", fmt.Sprintf("must be one of %s, with a - before it for descending, or relevance", strings.Join(feedback.SortKeys[:], ", "))}}
}
