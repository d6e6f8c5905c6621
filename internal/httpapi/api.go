package httpapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"voc/internal/access"
	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/replica"
	"voc/internal/schedule"
)

// Config is what an API is made of. All fields but Platform and MonthlyCalls are required.
type Config struct {
	Replica      *replica.Replica
	Refresher    Refresher
	Access       access.Policy
	Schedules    Schedules
	MonthlyCalls int       // the cap on Airtable calls per UTC month; 0: none
	Quota        job.Quota // Airtable's limits, for the forecast of calls
	// Due returns how many runs of each mode are due in the rest of the UTC month.
	Due      func(now time.Time) map[job.Mode]int
	Platform Platform
	Program  string // name and version: part of each ETag
	Now      func() time.Time
	Log      *slog.Logger
}

// Refresher starts refreshes. It must be safe for concurrent use.
type Refresher interface {
	// Ask starts a run or joins one, and returns at once. Errors: job.ErrStopped,
	// job.ErrNotStarted.
	Ask(ctx context.Context, r job.Request) (job.Ticket, error)
	// Active returns the runs that have been accepted and have not finished, the current one
	// first; a waiting run has no start time. unrecorded are receipts that could not be stored.
	Active() (active, unrecorded []job.Run)
}

// Schedules are the times at which refreshes are due.
type Schedules struct{ Full, Incremental, Sweep schedule.Schedule }

// Platform holds the limits of a request-scoped host such as Lambda. The zero Platform has none.
type Platform struct {
	// AnswerLimit is how many bytes the body of a response may have in base64, in which the
	// platform carries it; 0: any. A larger response is a 413.
	AnswerLimit int

	// FetchWithin limits how long a request waits for the store, because no work continues after
	// the response; 0: a fetch continues even if its request ends.
	FetchWithin time.Duration

	// Warnings are shown to the operator in /api/cache/.
	Warnings []string
}

// maxBody is how many bytes a body may have before base64; 0: any.
func (p Platform) maxBody() int64 { return int64(p.AnswerLimit) / 4 * 3 }

// API is the handler. It is safe for concurrent use.
type API struct {
	Config
	routes []route
	mux    *http.ServeMux
	writer *respond.Writer
	users  *access.SignIn

	full, incremental, sweep deadline
}

// New returns the handler.
func New(cfg Config) *API {
	a := &API{
		Config: cfg,
		writer: respond.NewWriter(cfg.Platform.maxBody()),
		users:  access.NewSignIn(cfg.Access.Users),
	}
	a.full.schedule = cfg.Schedules.Full
	a.incremental.schedule = cfg.Schedules.Incremental
	a.sweep.schedule = cfg.Schedules.Sweep
	a.routes = a.table()
	a.mux = a.newMux()
	return a
}

// ServeHTTP finds the endpoint of a request and has it answered. Each path has two spellings, with
// and without a trailing slash; http.ServeMux would redirect from others, which are a 404 here.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case !strings.HasPrefix(path, "/"), strings.Contains(path, "//"),
		strings.Contains(strings.ToUpper(r.URL.RawPath), "%2F"): // no name has a slash
		a.serve(w, r, endpoint{absent: errNoRoute})
		return
	case strings.Contains(path, "/."): // "." and ".." are names like others
		escaped := *r.URL
		escaped.RawPath = strings.ReplaceAll(r.URL.EscapedPath(), ".", "%2E")
		r = r.WithContext(r.Context())
		r.URL = &escaped
	}
	a.mux.ServeHTTP(w, r)
}

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
