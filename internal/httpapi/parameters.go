package httpapi

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"voc/internal/bound"
	"voc/internal/feedback"
)

// parameters are those that a route knows, with whether they may be repeated.
type parameters map[string]bool

var (
	filterParameters = parameters{}.with(true, feedback.Properties[:]...).
				with(false, "created_from", "created_to", "q")
	csvParameters    = filterParameters.with(false, "sort", "limit", "cursor", "fields")
	listParameters   = csvParameters.with(false, "format")
	timesParameters  = parameters{"environment": true}
	trendsParameters = parameters{"by": false, "weeks": false}
	moversParameters = parameters{"week": false}
	runsParameters   = parameters{"limit": false}
)

// with returns the parameters and some more.
func (p parameters) with(repeatable bool, names ...string) parameters {
	all := maps.Clone(p)
	for _, name := range names {
		all[name] = repeatable
	}
	return all
}

// ignored are the cache busters of the existing dashboard.
var ignored = []string{"t", "_"}

// readQuery checks the query against the parameters of the route. Its error names every one that is
// wrong.
func (r *request) readQuery(known parameters) error {
	if len(r.URL.RawQuery) > bound.QueryBytes {
		return errLongQuery
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badRequest{{"(query)", "is not URL-encoded: " + err.Error()}}
	}
	for _, name := range ignored {
		delete(values, name)
	}
	isNotUTF8 := func(v string) bool { return !utf8.ValidString(v) }
	hasNUL := func(v string) bool { return strings.Contains(v, "\x00") }
	var bad badRequest
	for _, name := range slices.Sorted(maps.Keys(values)) {
		repeatable, ok := known[name]
		switch {
		case !ok && len(known) == 0:
			bad = append(bad, parameterError{name, "is unknown; this path has no parameters"})
		case !ok:
			names := strings.Join(slices.Sorted(maps.Keys(known)), ", ")
			bad = append(bad, parameterError{name, "is unknown; use " + names})
		case !repeatable && len(values[name]) > 1:
			bad = append(bad, parameterError{name, "may be given only once"})
		case slices.ContainsFunc(values[name], isNotUTF8):
			bad = append(bad, parameterError{name, "is not UTF-8"})
		case slices.ContainsFunc(values[name], hasNUL):
			bad = append(bad, parameterError{name, "contains a NUL"})
		}
	}
	if bad != nil {
		return bad
	}
	for _, given := range values {
		slices.Sort(given) // their order does not change the answer, nor its ETag
	}
	r.values = values
	return nil
}
