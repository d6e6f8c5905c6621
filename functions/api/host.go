package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"voc/internal/access"
	"voc/internal/app"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/lambdahost"
	"voc/internal/lambdahost/invocation"
	"voc/internal/replica"
)

// host serves the API with the current secrets.
type host struct {
	settings *lambdahost.Settings
	parts    app.Parts
	replica  *replica.Replica
	invoker  *invocation.Invoker

	mu      sync.Mutex
	version int // of the settings that api has
	api     *httpapi.API
	remaps  string // id of the exposed snapshot for which a remap was started
}

// newHandler returns the API, or one that reports the variables that are wrong.
func newHandler(ctx context.Context, environ []string, log *slog.Logger) (http.Handler, error) {
	h, err := open(ctx, environ, log)
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		log.ErrorContext(ctx, "the environment is wrong", "error", err)
		origins, _ := access.ParseOrigins(os.Getenv("CORS_ORIGINS")) // reported by err
		return misconfigured{variables: wrong.Variables(), origins: origins}, nil
	}
	return h, err
}

// open makes the parts, and fetches the snapshot and the secrets at the same time. Its error is
// one of the environment; a store that does not respond is reported by the requests.
func open(ctx context.Context, environ []string, log *slog.Logger) (*host, error) {
	settings, err := lambdahost.NewSettings(ctx, config.API, environ, log)
	if err != nil {
		return nil, err
	}
	parts, err := app.Open(ctx, settings.WithoutSecrets(),
		app.Host{Credentials: lambdahost.Credentials, Log: log})
	if err != nil {
		return nil, err
	}
	invoker, err := invocation.New(ctx, parts.Store, parts.Config.Function, parts.Now)
	if err != nil {
		return nil, err
	}
	h := &host{
		settings: settings, parts: parts, invoker: invoker,
		replica: app.NewReplica(parts).Within(fetchTimeout),
	}
	ctx, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	var secrets sync.WaitGroup
	secrets.Go(func() { h.settings.Read(ctx) })
	if err := h.replica.Sync(ctx); err != nil {
		log.WarnContext(ctx, "no snapshot at startup; each request tries again", "error", err)
	}
	secrets.Wait()
	if parts.Config.Access.Reads == access.PublicReads {
		log.WarnContext(ctx, httpapi.PublicReads(parts.Config.Privacy))
	}
	h.remap(ctx)
	return h, nil
}

// remap starts a run that maps the current snapshot again if that shows more than is allowed: once
// for a snapshot, and not while such a run is running.
func (h *host) remap(ctx context.Context) {
	view, release := h.replica.Acquire()
	release()
	h.mu.Lock()
	defer h.mu.Unlock()
	current := string(view.Manifest.Current)
	if run, _ := view.Running(); !view.Exposed() || h.remaps == current || run.Mode == job.Remap {
		return
	}
	_, err := h.invoker.Ask(ctx, job.Request{Mode: job.Remap, Trigger: job.TriggerStart})
	if err != nil {
		h.parts.Log.ErrorContext(ctx, "the run that maps the records again was not started", "error", err)
		return
	}
	h.remaps = current
}

const (
	// initTimeout bounds the wait for the first snapshot: Lambda allows ten seconds for
	// initialisation (developer guide, 2026).
	initTimeout = 8 * time.Second
	// fetchTimeout bounds a request's wait for the store, and each fetch of a part. A request that
	// has found a new snapshot and not fetched it by then is served from the open one.
	fetchTimeout = 10 * time.Second
)

// ServeHTTP serves a request from the replica, which it syncs first if no snapshot is open: the
// fault at startup may have passed.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	view, release := h.replica.Acquire()
	release()
	if view.File == nil {
		ctx, cancel := context.WithTimeout(r.Context(), fetchTimeout)
		_ = h.replica.Sync(ctx) // the replica's view has the error
		h.remap(ctx)
		cancel()
	}
	h.current(r.Context()).ServeHTTP(w, r)
}

// current returns the API for the current settings.
func (h *host) current(ctx context.Context) *httpapi.API {
	state := h.settings.Read(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.api == nil || h.version != state.Version {
		parts := h.parts
		parts.Config = state.Config
		h.version, h.api = state.Version, app.NewAPI(parts, h.replica, h.invoker, httpapi.Platform{
			AnswerLimit:    lambdahost.AnswerLimit,
			FetchWithin:    fetchTimeout,
			Public:         parts.Config.Access.Reads == access.PublicReads,
			SecretWarnings: state.Warnings,
		})
	}
	return h.api
}
