package httpapi

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/telemetry"
)

// endpoint answers the requests for one path.
type endpoint struct {
	api    *API
	routes []route // one for each method
	absent error   // why there are no routes
}

// ServeHTTP implements http.Handler.
func (e endpoint) ServeHTTP(w http.ResponseWriter, received *http.Request) {
	a := e.api
	r := &request{
		Request:  received,
		id:       strings.ToLower(rand.Text()[:16]),
		response: a.writer.To(w, received),
	}
	header := w.Header()
	header["X-Request-Id"] = []string{r.id}
	for _, fixed := range a.headers {
		header[fixed.name] = fixed.values
	}
	a.setCORS(header, received)
	defer e.record(r, a.Now())
	defer r.pin(nil)
	defer a.recover(r)
	answer, err := e.answer(r)
	if err == nil {
		err = r.response.Send(answer)
	}
	if err != nil {
		a.fail(r, answer.Source, err)
	}
}

// record records the response to a request that arrived at begun, by its route and never by its
// path or query.
func (e endpoint) record(r *request, begun time.Time) {
	route, method, sent := "none", "other", r.response.Sent()
	if len(e.routes) > 0 {
		route = e.routes[0].path
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions:
		method = r.Method
	}
	e.api.Telemetry.Request(r.Context(), telemetry.Request{
		ID: r.id, Method: method, Route: route, Status: sent.Status, Bytes: sent.Bytes,
		Cache: string(sent.Cache), Took: e.api.Now().Sub(begun),
	})
}

// answer checks a request and calls the handler of its route.
func (e endpoint) answer(r *request) (respond.Answer, error) {
	if r.Method == http.MethodOptions {
		return respond.Answer{Status: http.StatusNoContent}, nil
	}
	if err := e.api.Platform.checkHost(r.Request, e.api.Access.Proxies); err != nil {
		return respond.Answer{}, err
	}
	if e.absent != nil {
		return respond.Answer{}, e.absent
	}
	i := slices.IndexFunc(e.routes, func(route route) bool {
		return r.Method == route.method ||
			r.Method == http.MethodHead && route.method == http.MethodGet
	})
	if i < 0 {
		var allowed []string
		for _, route := range e.routes {
			allowed = append(allowed, route.method)
			if route.method == http.MethodGet {
				allowed = append(allowed, http.MethodHead)
			}
		}
		allowed = append(allowed, http.MethodOptions)
		return respond.Answer{}, wrongMethod{allow: strings.Join(allowed, ", ")}
	}
	route := e.routes[i]
	var err error
	switch route.permission {
	case reading:
		err = e.api.Access.CheckRead(r.Request)
	case admin:
		err = e.api.Access.CheckAdmin(r.Request)
	}
	if err != nil {
		return respond.Answer{}, err
	}
	if answer, ok := e.api.answerFromTag(r); ok {
		return answer, nil
	}
	if route.permission != page {
		if err := r.readQuery(route.parameters); err != nil {
			return respond.Answer{}, err
		}
	}
	return route.handle(r)
}

// recover turns a panic into a 500. http.ErrAbortHandler is the panic with which fail cuts a
// connection.
func (a *API) recover(r *request) {
	switch fault := recover(); fault {
	case nil:
	case http.ErrAbortHandler:
		panic(fault)
	default:
		err := fmt.Errorf("%w: %v\n%s", errPanic, fault, debug.Stack())
		a.fail(r, respond.Source{}, err)
	}
}

// fail answers with a problem about data from source, or cuts the connection if the answer has
// started: half of a body must not look complete. A client that went away is logged, but not as an
// error.
func (a *API) fail(r *request, source respond.Source, err error) {
	p := newProblem(err)
	a.refusals.count(err, a.Access.Proxies.ClientAddress(r.Request))
	gone := r.response.ClientGone() || r.Context().Err() != nil
	details := []any{"request", r.id, "path", r.URL.Path, "error", err}
	switch {
	case errors.Is(err, job.ErrNotStarted):
		a.Log.ErrorContext(r.Context(), "start refresh", details...)
	case p.Status != http.StatusInternalServerError:
	case gone && !errors.Is(err, errPanic):
		a.Log.DebugContext(r.Context(), "client went away", details...)
	default:
		a.Log.ErrorContext(r.Context(), "answer request", details...)
	}
	if r.response.Started() {
		panic(http.ErrAbortHandler)
	}
	if p.Status == http.StatusInternalServerError {
		p.RequestID = r.id
	}
	answer, _ := respond.JSON(p.Status, p) // texts and numbers always encode
	answer.Header, answer.Source = p.header, source
	_ = r.response.Send(answer) // a client that went away is not an error
}
