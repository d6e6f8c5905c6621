package httpapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"voc/internal/access"
	"voc/internal/job"
	"voc/internal/replica"
	"voc/internal/schedule"
)

// Config is what the API is made of. All fields but Platform are needed.
type Config struct {
	Replica   *replica.Replica
	Refresher Refresher
	Access    access.Policy
	Schedules Schedules
	// MonthlyCalls is how many calls to Airtable a UTC month may have; 0: no cap.
	MonthlyCalls int
	Quota        job.Quota // Airtable's limits, for the forecast of calls
	// Due is how many runs of each mode the rest of the UTC month will bring.
	Due      func(now time.Time) map[job.Mode]int
	Platform Platform
	Program  string // name and version: part of each ETag
	Now      func() time.Time
	Log      *slog.Logger
}

// Refresher has refreshes done. It must be safe for concurrent use.
type Refresher interface {
	// Ask has a run done, or joins one, and returns at once. Errors: job.ErrStopped,
	// job.ErrNotStarted.
	Ask(ctx context.Context, r job.Request) (job.Ticket, error)
	// Active lists the runs that are promised and not finished, the one under way first; one that waits has no start. unrecorded are receipts that
	// the store did not take.
	Active() (active, unrecorded []job.Run)
}

// Schedules say when refreshes are due.
type Schedules struct{ Full, Incremental, Sweep schedule.Schedule }

// API is the handler. It is safe for concurrent use.
type API struct {
	Config
	routes []route
	kept   *kept
	users  *access.SignIn

	full, incremental, sweep deadline
}

// New makes the handler.
func New(cfg Config) *API {
	a := &API{Config: cfg, kept: newKept(), users: access.NewSignIn(cfg.Access.Users)}
	a.full.schedule, a.incremental.schedule, a.sweep.schedule = cfg.Schedules.Full, cfg.Schedules.Incremental, cfg.Schedules.Sweep
	a.routes = a.table()
	return a
}

// ServeHTTP does what every answer needs, and finds who gives it.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r, id: strings.ToLower(rand.Text()[:16])}
	out := &response{ResponseWriter: w, head: r.Method == http.MethodHead, room: a.Platform.room()}
	out.Header().Set("X-Request-Id", q.id)
	out.Header().Set("X-Content-Type-Options", "nosniff")
	out.Header().Set("Vary", "Origin, Accept, Accept-Encoding")
	a.setCORS(out.Header(), r)
	defer a.recover(out, q)
	if err := a.serve(out, q); err != nil {
		a.fail(out, q, err)
	}
}

func (a *API) serve(w *response, r *request) error {
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	route, err := a.find(r)
	if err != nil {
		return err
	}
	if err := a.authorize(route.permission, r.Request); err != nil {
		return err
	}
	if err := r.readQuery(route.parameters); err != nil {
		return err
	}
	return route.handle(w, r)
}

// recover turns a panic into a 500. One with http.ErrAbortHandler is how fail cuts an answer off.
func (a *API) recover(w *response, r *request) {
	switch fault := recover(); fault {
	case nil:
	case http.ErrAbortHandler:
		panic(fault)
	default:
		a.fail(w, r, fmt.Errorf("%w: %v\n%s", errPanic, fault, debug.Stack()))
	}
}

// request is a request with what was read of it.
type request struct {
	*http.Request
	id     string
	values map[string][]string // checked query parameters
	name   string              // the {id} of the path
	csv    bool                // a list is wanted as CSV
}

// list is a header whose value is a list, which may be spread over several lines.
func (r *request) list(header string) string { return strings.Join(r.Header.Values(header), ",") }
