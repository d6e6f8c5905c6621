package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"voc/internal/bound"
	"voc/internal/httpapi/respond"
)

// ForgetAnswers empties the cache of answers.
func (a *API) ForgetAnswers() { a.writer = respond.NewWriter(a.Platform.maxBody()) }

// EnterSearchLanes takes all lanes of searches.
func (a *API) EnterSearchLanes() {
	for range bound.SearchLanes() {
		_ = a.searches.Enter(context.Background())
	}
}

// LeaveSearchLanes frees them.
func (a *API) LeaveSearchLanes() {
	for range bound.SearchLanes() {
		a.searches.Leave()
	}
}

// Search runs find as a search for a text.
func (a *API) Search(ctx context.Context, find func(context.Context) error) error {
	r := &request{Request: (&http.Request{}).WithContext(ctx)}
	return a.search(r, true, find)
}

// ProblemOf returns status and type of the problem that an error is to a client.
func ProblemOf(err error) string {
	p := newProblem(err)
	return fmt.Sprintf("%d %s", p.Status, p.Type)
}

// Route is a row of the route table, for tests that compare the documentation with it.
type Route struct {
	Method, Path string
	Parameters   map[string]bool // true may be repeated
	Access       string
}

// Routes lists the rows of the route table.
func (a *API) Routes() (all []Route) {
	for _, r := range a.table() {
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
