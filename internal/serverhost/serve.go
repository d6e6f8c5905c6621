package serverhost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"voc/internal/access"
	"voc/internal/app"
	"voc/internal/bound"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/refresh"
	"voc/internal/replica"
	"voc/internal/telemetry/prometheus"
)

// serveCmd serves the API and refreshes until it is stopped.
type serveCmd struct{}

// Run serves until ctx ends.
func (serveCmd) Run(ctx context.Context, p *Program) error {
	cfg, err := config.Load(p.Environ)
	if err != nil {
		return errEnvironment(err)
	}
	listener, err := listen("ADDR", cfg.Addr) // first, so that a port in use is the only output
	if err != nil {
		return err
	}
	defer listener.Close()
	s, err := p.openSession(ctx, cfg, p.Stdout)
	if err != nil {
		return err
	}
	defer s.close()
	url := "http://" + listener.Addr().String()
	metrics := prometheus.New()
	s.Metrics = metrics
	s.Watcher = app.NewWatcher(s.Parts, statusLink(listener.Addr()))
	replica := app.NewReplica(s.Parts).FetchFirst()
	defer replica.Close()
	engine, err := app.NewRefresh(s.Parts)
	if err != nil {
		return err
	}
	runner := refresh.NewRunner(engine, replica.Sync, newProgress(s.Log).show)
	runner.After(func(ctx context.Context, q job.Request, run job.Run) {
		app.AfterRun(ctx, s.Parts, q, run)
	})
	defer runner.Stop()
	address, ok := listener.Addr().(*net.TCPAddr)
	platform := httpapi.Platform{Loopback: ok && address.IP.IsLoopback()}
	if cfg.Access.Reads == access.PublicReads && !platform.Loopback {
		platform.Public = true
		s.Log.Warn(httpapi.PublicReads(cfg.Privacy))
	}
	api := app.NewAPI(s.Parts, replica, runner, platform)
	server := newServer(withMetrics(api, metrics.Handler(), s.Config.Access), bound.Connections)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(watchedListener{listener}) }()
	fmt.Fprintln(p.Stdout, "voc listens on", url)
	h := &serving{session: s, program: p, replica: replica, runner: runner, url: url}
	var background sync.WaitGroup
	defer background.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	background.Go(func() { h.refreshOnSchedule(ctx) })
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.Log.Info("stopping")
	background.Go(runner.Stop) // beside the responses: a platform kills the process after 10 s
	return shutDown(ctx, server, cmp.Or(p.Drain, defaultDrain))
}

// shutDown gives clients some time for the rest of their responses.
func shutDown(ctx context.Context, server *http.Server, drain time.Duration) error {
	drained, end := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer end()
	err := server.Shutdown(drained)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close() // a client that reads slowly must not delay the exit
	}
	return err
}

// defaultDrain is how long clients have for the rest of their responses when the server stops.
const defaultDrain = 9 * time.Second

// serving is a session of a server that listens.
type serving struct {
	*session
	program *Program
	replica *replica.Replica
	runner  *refresh.Runner
	url     string
}

// refreshOnSchedule loads data if there is none, or catches up a missed refresh, and then follows
// the schedule until ctx ends.
func (s *serving) refreshOnSchedule(ctx context.Context) {
	if err := s.replica.Sync(ctx); err != nil {
		s.Log.Error("the store cannot be read", "error", err)
	}
	view, release := s.replica.Acquire()
	release()
	s.Watcher.Begin(ctx)
	if view.Manifest.Hold != nil {
		s.Log.Warn(job.ErrHeld.Error())
	}
	if err := s.Store.Reap(ctx, s.Config.Airtable.BaseID); err != nil {
		s.Log.Warn("the run of a dead process could not be reaped", "error", err)
	}
	scheduler := newScheduler(s.Config.Schedule, func(r job.Request) error {
		_, err := s.start(ctx, s.Watcher.Promote(ctx, r))
		return err
	}, s.program.now, s.Log)
	if view.Exposed() {
		view = s.remap(ctx)
	}
	switch owner := view.Manifest.Owner; {
	case view.Exposed(): // the schedule's next run tries again
	case view.File == nil:
		s.loadFirst(ctx)
	case s.Config.Airtable.Table != owner.TableName && s.Config.Airtable.Table != owner.TableID:
		// The table was renamed, or another one is configured: the first run reports which.
		_, _ = s.start(ctx, job.Request{Mode: job.Incremental, Trigger: job.TriggerStart})
	case s.Config.Schedule.On:
		r, missed := s.Watcher.Calendar.CatchUp(view.Manifest, scheduler.now(), 0)
		if missed {
			s.Log.Info("catching up a missed refresh", "run", r.ID, "mode", r.Mode)
			_, _ = s.start(ctx, r) // a server that stops accepts no runs
		}
	}
	if ctx.Err() != nil {
		return
	}
	s.printBanner()
	var watchdog sync.WaitGroup
	defer watchdog.Wait()
	watchdog.Go(func() { s.watch(ctx) })
	if s.Config.Schedule.On {
		scheduler.run(ctx)
	}
}

// remap maps the current snapshot again, because it shows more than is allowed, and returns the
// view afterwards.
func (s *serving) remap(ctx context.Context) replica.View {
	s.Log.Warn("the current snapshot shows more than PRIVATE_FIELDS, READ_ACCESS and FIELD_MAP " +
		"allow, so it is not served: mapping its records again")
	ticket, err := s.start(ctx, job.Request{Mode: job.Remap, Trigger: job.TriggerStart})
	if err == nil {
		_, err = s.runner.Wait(ctx, ticket)
	}
	if err != nil && ctx.Err() == nil {
		s.Log.Error("the records could not be mapped again", "error", err)
	}
	view, release := s.replica.Acquire()
	release()
	return view
}

// loadFirst fills an empty store, whatever the schedule is.
func (s *serving) loadFirst(ctx context.Context) {
	if err := s.Store.Probe(ctx); errors.Is(err, manifest.ErrPromise) {
		s.Log.Error("nothing is loaded: set SNAPSHOT_STORE to a store with conditional writes",
			"error", err)
		return
	}
	s.Log.Info("the store is empty: loading all records")
	ticket, err := s.start(ctx, job.Request{Mode: job.Full, Trigger: job.TriggerStart})
	if err == nil {
		_, err = s.runner.Wait(ctx, ticket)
	}
	if err != nil && ctx.Err() == nil {
		s.Log.Error("the first refresh did not run", "error", err)
	}
}

// printBanner prints what is served and how to read it.
func (s *serving) printBanner() {
	out, url := s.program.Stdout, s.url
	view, release := s.replica.Acquire()
	defer release()
	if view.File == nil {
		fmt.Fprintf(out, "voc has nothing to serve yet: see %s/api/cache/\n", url)
		return
	}
	owner := view.Manifest.Owner
	meta, _ := view.File.Meta(context.Background()) // it was opened before it was served
	fmt.Fprintf(out, "voc serves %d records of table %q (%s), years %s, from %s\n",
		view.File.Records(), owner.TableName, owner.Base, meta.Years, s.Store)
	fmt.Fprintf(out, "  all      curl -s --compressed %s/api/feedback/\n", url)
	fmt.Fprintf(out, "  some     curl -s '%s/api/feedback/?priority=High&limit=5'\n", url)
	fmt.Fprintf(out, "  status   curl -s %s/api/cache/\n", url)
	fmt.Fprintf(out, "  the API  %s/api/docs\n", url)
	if len(s.Config.Access.AdminTokens) > 0 {
		fmt.Fprintf(out, "  refresh  curl -s -X POST -H 'Authorization: Bearer <one of ADMIN_TOKENS>' "+
			"%s/api/cache/update-incremental\n", url)
	}
	if s.Config.Access.Reads != access.PublicReads {
		fmt.Fprintln(out, "  reading needs a token: "+
			"add -H 'Authorization: Bearer <one of READ_TOKENS>'")
	}
}
