package httpapi

import "slices"

// ForgetAnswers is for benchmarks of what is done when no answer is kept.
func (a *API) ForgetAnswers() { a.kept = newKept() }

// Route is a line of the router, for tests that hold the documentation against it.
type Route struct {
	Method, Path string
	Parameters   map[string]bool // true may be repeated
	Access       string
}

// Routes lists the router's lines.
func (a *API) Routes() (all []Route) {
	for _, r := range a.routes {
		all = append(all, Route{r.method, r.path, r.parameters, [...]string{"open", "reader", "admin"}[r.permission]})
	}
	return all
}

// ProblemCodes lists the codes that answers may have, once each.
func ProblemCodes() (codes []string) {
	codes = []string{"bad-parameter", "wrong-method", "too-many-tries", "internal", "malformed-request", "head-too-large"}
	for _, k := range known {
		codes = append(codes, k.code)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
