package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"voc/internal/app"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/lambdahost"
	"voc/internal/lambdahost/invocation"
	"voc/internal/replica"
)

const (
	// initWithin bounds the wait for the first snapshot while the process starts: Lambda gives that ten seconds (developer guide, 2026).
	initWithin = 8 * time.Second
	// fetchWithin bounds the wait of a request for the store. One that has found something new and not fetched it by then answers from what there is.
	fetchWithin = 10 * time.Second
)

// host is the handler, made anew when a secret has changed.
type host struct {
	settings *lambdahost.Settings
	parts    app.Parts
	replica  *replica.Replica
	invoker  *invocation.Invoker

	mu      sync.Mutex
	version int
	api     *httpapi.API
}

// open makes the parts and fetches the snapshot, and the secrets meanwhile. A store that does not answer is for the requests to tell of; an environment that is wrong
// is an error.
func open(ctx context.Context, environ []string, log *slog.Logger) (*host, error) {
	settings, err := lambdahost.NewSettings(ctx, config.API, environ, log)
	if err != nil {
		return nil, err
	}
	work, err := app.NewWorkdir("") // never closed: it lasts as long as the process
	if err != nil {
		return nil, err
	}
	parts, err := app.Open(ctx, settings.Bare(), lambdahost.Credentials, work, log)
	if err != nil {
		return nil, err
	}
	invoker, err := invocation.New(ctx, parts.Store, parts.Config.Function, parts.Now)
	if err != nil {
		return nil, err
	}
	h := &host{settings: settings, parts: parts, replica: app.NewReplica(parts), invoker: invoker}
	h.prepare(ctx)
	return h, nil
}

func (h *host) prepare(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, initWithin)
	defer cancel()
	var secrets sync.WaitGroup
	secrets.Go(func() { h.settings.Read(ctx) })
	if err := h.replica.Sync(ctx); err != nil {
		h.parts.Log.WarnContext(ctx, "there is no snapshot yet; each request looks again", "error", err)
	}
	secrets.Wait()
}

// ServeHTTP answers by the secrets of now, and from a snapshot if one is to be had by now.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.fetchFirst(r.Context())
	h.current(r.Context()).ServeHTTP(w, r)
}

// fetchFirst looks at the store again for as long as there is nothing to serve: the start may have met a fault that is over.
func (h *host) fetchFirst(ctx context.Context) {
	view, release := h.replica.Acquire()
	release()
	if view.File != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	_ = h.replica.Sync(ctx) // the view says why it failed
}

func (h *host) current(ctx context.Context) *httpapi.API {
	state := h.settings.Read(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.api == nil || h.version != state.Version {
		parts := h.parts
		parts.Config = state.Config
		h.version, h.api = state.Version, app.NewAPI(parts, h.replica, h.invoker, httpapi.Platform{
			AnswerLimit: lambdahost.AnswerLimit, FetchWithin: fetchWithin, Warnings: state.Warnings,
		})
	}
	return h.api
}
