package serverhost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"voc/internal/access"
	"voc/internal/app"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/refresh"
	"voc/internal/replica"
)

// The server's limits: a client that is slow to ask or to read must not hold a connection for ever.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 5 * time.Minute // the whole list over a slow line
	idleTimeout   = 2 * time.Minute
	headerLimit   = 64 << 10 // bytes
	defaultDrain  = 10 * time.Second
)

// serveCmd is the command that serves and refreshes until it is stopped.
type serveCmd struct{}

// Run serves until ctx ends.
func (serveCmd) Run(ctx context.Context, p *Program) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	listener, err := listen("ADDR", cfg.Addr) // first, so that a port that is taken is all that is said
	if err != nil {
		return err
	}
	defer listener.Close()
	s, err := p.open(ctx, cfg, p.Stdout)
	if err != nil {
		return err
	}
	defer s.close()
	replica := app.NewReplica(s.Parts)
	defer replica.Close()
	engine := app.NewRefresh(s.Parts)
	engine.Progress = logProgress(s.Log)
	runner := refresh.NewRunner(engine, replica.Sync)
	defer runner.Stop()
	server := newServer(app.NewAPI(s.Parts, replica, runner, httpapi.Platform{}))
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	url := "http://" + listener.Addr().String()
	fmt.Fprintln(p.Stdout, "voc listens on", url)
	h := &serving{session: s, program: p, replica: replica, runner: runner, url: url}
	var begun sync.WaitGroup
	defer begun.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begun.Go(func() { h.begin(ctx) })
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.Log.Info("stopping")
	runner.Stop()
	last, end := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(p.Drain, defaultDrain))
	defer end()
	err = server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close() // a client that reads slowly must not hold up the end
	}
	return err
}

func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: headerLimit, DisableGeneralOptionsHandler: true,
	}
}

// serving is a session of a server that listens.
type serving struct {
	*session
	program *Program
	replica *replica.Replica
	runner  *refresh.Runner
	url     string
}

// begin loads data where there is none, catches up what was missed, and goes on by the schedule.
func (s *serving) begin(ctx context.Context) {
	replica, runner := s.replica, s.runner
	if err := replica.Sync(ctx); err != nil {
		s.Log.Error("the store can not be read", "error", err)
	}
	view, release := replica.Acquire()
	release()
	if err := s.Store.Reap(ctx, s.Config.Airtable.BaseID); err != nil {
		s.Log.Warn("a run that a dead process has left could not be ended", "error", err)
	}
	ask := func(q job.Request) (refresh.Promise, error) {
		ticket, err := runner.Start(ctx, q)
		if err == nil {
			go again(ctx, ticket.Wait, func() (waiting, error) {
				next, err := runner.Start(ctx, q)
				return next.Wait, err
			})
		}
		return ticket, err
	}
	scheduler := newScheduler(s.Config.Schedule, ask, s.Log)
	scheduler.now = s.program.now
	switch owner := view.Manifest.Owner; {
	case view.File == nil:
		s.firstLoad(ctx, ask)
	case s.Config.Airtable.Table != owner.TableName && s.Config.Airtable.Table != owner.TableID:
		_, _ = ask(job.Request{Mode: job.Incremental, Trigger: job.TriggerStart}) // it was renamed, or it is another table: that must show now
	case s.Config.Schedule.On:
		scheduler.catchUp(view.Manifest, scheduler.now())
	}
	if ctx.Err() != nil {
		return
	}
	s.welcome()
	if s.Config.Schedule.On {
		scheduler.run(ctx)
	}
}

// firstLoad fills an empty store at once, whatever the schedule says.
func (s *serving) firstLoad(ctx context.Context, ask func(job.Request) (refresh.Promise, error)) {
	s.Log.Info("there is nothing to serve: loading all records")
	ticket, err := ask(job.Request{Mode: job.Full, Trigger: job.TriggerStart})
	if err == nil {
		_, err = ticket.Wait(ctx)
	}
	if err != nil && ctx.Err() == nil {
		s.Log.Error("the first refresh did not run", "error", err)
	}
}

// welcome says where to find what.
func (s *serving) welcome() {
	out, url := s.program.Stdout, s.url
	view, release := s.replica.Acquire()
	defer release()
	if view.File == nil {
		fmt.Fprintf(out, "voc has nothing to serve yet: %s/api/cache/ says why\n", url)
		return
	}
	fmt.Fprintf(out, "voc serves %d records of table %q (%s), years %s, from %s\n", view.File.Records(), view.Manifest.Owner.TableName,
		view.Manifest.Owner.Base, view.File.Meta().Years, s.Store)
	fmt.Fprintf(out, "  all      curl -s --compressed %s/api/feedback/\n", url)
	fmt.Fprintf(out, "  some     curl -s '%s/api/feedback/?priority=High&limit=5'\n", url)
	fmt.Fprintf(out, "  status   curl -s %s/api/cache/\n", url)
	fmt.Fprintf(out, "  the API  %s/api/docs\n", url)
	if len(s.Config.Access.AdminTokens) > 0 {
		fmt.Fprintf(out, "  refresh  curl -s -X POST -H 'Authorization: Bearer <one of ADMIN_TOKENS>' %s/api/cache/update-incremental\n", url)
	}
	if s.Config.Access.Reads != access.PublicReads {
		fmt.Fprintln(out, "  reading needs a token: add -H 'Authorization: Bearer <one of READ_TOKENS>'")
	}
}
