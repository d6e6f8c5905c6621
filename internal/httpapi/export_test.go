package httpapi

import (
	"slices"

	"voc/internal/httpapi/respond"
)

// ForgetAnswers empties the cache of answers.
func (a *API) ForgetAnswers() { a.writer = respond.NewWriter(a.Platform.maxBody()) }

// Route is a row of the route table, for tests that compare the documentation with it.
type Route struct {
	Method, Path string
	Parameters   map[string]bool // true may be repeated
	Access       string
}

// Routes lists the rows of the route table.
func (a *API) Routes() (all []Route) {
	for _, r := range a.routes {
		access := [...]string{"open", "reader", "admin", "open"}[r.permission]
		all = append(all, Route{r.method, r.path, r.parameters, access})
	}
	return all
}

// ProblemCodes lists the codes of all problems, once each. malformed-request is one of
// lambdahost, misconfigured one of the API function.
func ProblemCodes() (codes []string) {
	codes = []string{
		"bad-parameter",
		"wrong-method",
		"too-many-tries",
		"internal",
		"malformed-request",
		"misconfigured",
	}
	for _, p := range problems {
		codes = append(codes, p.code)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
