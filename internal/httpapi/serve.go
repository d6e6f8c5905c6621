package httpapi

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"voc/internal/httpapi/respond"
	"voc/internal/job"
)

// endpoint answers the requests for one path.
type endpoint struct {
	api    *API
	routes []route // one for each method
	absent error   // why there are no routes
}

// ServeHTTP implements http.Handler.
func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.api.serve(w, r, e) }

// request is a request to an endpoint, with its response.
type request struct {
	*http.Request
	id       string
	response respond.Response
	values   map[string][]string // the checked query parameters
	csv      bool                // the client wants a list as CSV
	release  func()              // of the view that the answer is made from; nil: none
}

// pin holds a view until the response is written. Any earlier view is released.
func (r *request) pin(release func()) {
	if r.release != nil {
		r.release()
	}
	r.release = release
}

// serve answers a request to an endpoint.
func (a *API) serve(w http.ResponseWriter, received *http.Request, e endpoint) {
	r := &request{
		Request:  received,
		id:       strings.ToLower(rand.Text()[:16]),
		response: a.writer.To(w, received),
	}
	header := w.Header()
	header.Set("X-Request-Id", r.id)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex")
	header.Set("Vary", "Origin, Accept, Accept-Encoding")
	a.setCORS(header, received)
	defer r.pin(nil)
	defer a.recover(r)
	answer, err := a.answer(r, e)
	if err == nil {
		err = r.response.Send(answer)
	}
	if err != nil {
		a.fail(r, answer.Source, err)
	}
}

// answer checks a request and calls the handler of its route.
func (a *API) answer(r *request, e endpoint) (respond.Answer, error) {
	if r.Method == http.MethodOptions {
		return respond.Answer{Status: http.StatusNoContent}, nil
	}
	if err := a.Platform.checkHost(r.Request); err != nil {
		return respond.Answer{}, err
	}
	route, err := e.route(r.Method)
	if err != nil {
		return respond.Answer{}, err
	}
	if err := a.authorize(route.permission, r.Request); err != nil {
		return respond.Answer{}, err
	}
	if err := r.readQuery(route.parameters); err != nil {
		return respond.Answer{}, err
	}
	return route.handle(r)
}

// route returns the route for a method. Errors: absent, wrongMethod.
func (e endpoint) route(method string) (route, error) {
	if e.absent != nil {
		return route{}, e.absent
	}
	var allowed []string
	for _, route := range e.routes {
		if method == route.method || method == http.MethodHead && route.method == http.MethodGet {
			return route, nil
		}
		allowed = append(allowed, route.method)
		if route.method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	return route{}, wrongMethod{allow: strings.Join(append(allowed, http.MethodOptions), ", ")}
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

// fail answers with a problem, or cuts the connection if the answer has started: half of a body
// must not look complete. A client that went away is logged, but not as an error.
func (a *API) fail(r *request, source respond.Source, err error) {
	p := newProblem(err)
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
	_ = r.response.Send(p.answer(r.id, source)) // a client that went away is not an error
}
