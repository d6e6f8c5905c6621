package httpapi

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"voc/internal/catalog"
	"voc/internal/schedule"
)

// lookEvery is how old the last look at the store may be before a data route looks again: the contract promises another process's snapshot within it.
const lookEvery = 15 * time.Second

// Config is what the API is made of. All fields are needed.
type Config struct {
	Replica   *catalog.Replica
	Refresher Refresher
	Access    Access
	Schedules Schedules
	Program   string // name and version: part of each ETag
	Now       func() time.Time
	Log       *slog.Logger
}

// Refresher has refreshes done. It must be safe for concurrent use.
type Refresher interface {
	// Ask has a run done, or joins one, and returns at once.
	Ask(ctx context.Context, mode catalog.Mode) (Ticket, error)
	// Active lists the runs that are promised and not finished, the one under way first; one that waits has no start. unrecorded are receipts that
	// the store did not take.
	Active() (active, unrecorded []catalog.Run)
}

// Ticket is the promise of a run.
type Ticket struct {
	RunID  string
	Mode   catalog.Mode
	Joined bool
}

// Schedules say when refreshes are due.
type Schedules struct{ Full, Incremental schedule.Schedule }

// API is the handler. It is safe for concurrent use.
type API struct {
	Config
	routes []route
	gate   gate
	cors   cors

	full, incremental deadline
}

// New makes the handler.
func New(cfg Config) *API {
	a := &API{Config: cfg, gate: newGate(cfg.Access), cors: newCORS(cfg.Access.Origins)}
	a.full.schedule, a.incremental.schedule = cfg.Schedules.Full, cfg.Schedules.Incremental
	a.routes = a.table()
	return a
}

// ServeHTTP does what every answer needs, and finds who gives it.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r, id: strings.ToLower(rand.Text()[:16])}
	out := &response{ResponseWriter: w}
	out.Header().Set("X-Request-Id", q.id)
	out.Header().Set("X-Content-Type-Options", "nosniff")
	out.Header().Set("Vary", "Origin, Accept, Accept-Encoding")
	a.cors.apply(out.Header(), r)
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
	if err := a.gate.check(route.access, r.Header.Get("Authorization")); err != nil {
		return err
	}
	if err := r.readQuery(route.parameters); err != nil {
		return err
	}
	return route.handle(w, r)
}

// recover turns a panic into a 500, or cuts the connection when the answer has begun: half an answer must not look whole.
func (a *API) recover(w *response, r *request) {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler || w.begun {
		a.Log.Error("an answer was cut off", "request", r.id, "path", r.URL.Path, "fault", fault)
		panic(http.ErrAbortHandler)
	}
	a.Log.Error("a request panicked", "request", r.id, "path", r.URL.Path, "fault", fault)
	a.fail(w, r, errPanic)
}

// request is a request with what was read of it.
type request struct {
	*http.Request
	id     string
	values map[string][]string // checked query parameters
	name   string              // the {id} of the path
}

// response knows whether an answer has begun.
type response struct {
	http.ResponseWriter
	begun bool
}

func (w *response) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the server's own writer.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
