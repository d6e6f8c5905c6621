package refresh

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"voc/internal/job"
)

const (
	// serveTimeout bounds how long a run may wait for its snapshot to be served: fetching
	// one takes seconds.
	serveTimeout = 2 * time.Minute
	// endedKept is how many ended runs a Runner remembers for Wait.
	endedKept = 100
)

// ErrUnknownRun is returned for the ticket of a run that this process did not promise,
// or that ended long ago.
var ErrUnknownRun = errors.New("this process did not promise the run")

// Runner performs one refresh at a time in a process, and rollbacks immediately. It is
// safe for concurrent use.
type Runner struct {
	engine *Engine
	served func(context.Context) error
	watch  func(Progress)                              // may be nil
	after  func(context.Context, job.Request, job.Run) // may be nil
	log    *slog.Logger
	ctx    context.Context
	stop   context.CancelCauseFunc
	idle   sync.WaitGroup

	mu         sync.Mutex
	working    bool      // a goroutine runs the tasks
	tasks      []*task   // the first one runs
	rollbacks  []*task   // they run beside it
	ended      []*task   // newest first
	unrecorded []job.Run // the last receipt, if the store did not accept it
}

// task is a run that was promised.
type task struct {
	request  job.Request
	joined   string // another host's run that a ticket names in its place; "": none
	started  time.Time
	progress Progress
	done     chan struct{}
	receipt  job.Run // once done is closed
}

// NewRunner returns a runner of engine's runs. After each run it calls served, which makes
// this process serve what the run published; only then has the run ended. watch, which may
// be nil, is called after each page of a refresh.
func NewRunner(
	engine *Engine, served func(context.Context) error, watch func(Progress),
) *Runner {
	r := &Runner{engine: engine, served: served, watch: watch, log: engine.cfg.Log}
	r.ctx, r.stop = context.WithCancelCause(context.Background())
	return r
}

// After has f called after each run that has ended, beside the next one. It must be called before
// Ask.
func (r *Runner) After(f func(context.Context, job.Request, job.Run)) { r.after = f }

// Ask promises a run and returns at once. A rollback starts immediately: the running
// refresh loses its lease, and waiting ones are fenced. A refresh joins a run of this
// process or of another host that does its work; otherwise it starts after those that were
// promised before. If it joins another host's run, this process waits for that run, and
// does the work if the run fails. A request without an id gets one. Error: job.ErrStopped.
func (r *Runner) Ask(ctx context.Context, q job.Request) (job.Ticket, error) {
	if q.ID == "" {
		q.ID = job.NewRunID(q.Mode, r.engine.cfg.Now())
	}
	var lease job.Lease
	var running bool
	if q.Mode != job.Rollback {
		if m, err := r.engine.cfg.Store.Load(ctx); err == nil { // else the run reports it
			q.Hold = m.KnownHold()
			lease, running = m.RunningAt(m.ReadAt)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return job.Ticket{}, job.ErrStopped
	}
	t := &task{request: q, done: make(chan struct{})}
	if q.Mode == job.Rollback {
		t.started = r.engine.cfg.Now()
		r.rollbacks = append(r.rollbacks, t)
		r.idle.Go(func() { r.run(t) })
		return job.Ticket{RunID: q.ID, Mode: q.Mode}, nil
	}
	elsewhere := running
	for _, promised := range r.tasks {
		if q.JoinedBy(promised.request) {
			return job.Ticket{
				RunID: promised.request.ID, Mode: promised.request.Mode, Joined: true,
			}, nil
		}
		elsewhere = elsewhere && promised.request.ID != lease.Run.ID
	}
	for _, ended := range r.ended { // since the manifest was read
		elsewhere = elsewhere && ended.request.ID != lease.Run.ID
	}
	ticket := job.Ticket{RunID: q.ID, Mode: q.Mode}
	if elsewhere && q.JoinedBy(lease.Request()) {
		ticket = job.Ticket{RunID: lease.Run.ID, Mode: lease.Run.Mode, Joined: true}
		t.joined = lease.Run.ID
	}
	r.tasks = append(r.tasks, t)
	if !r.working {
		r.working = true
		r.idle.Go(r.work)
	}
	return ticket, nil
}

// Wait waits until the run of a ticket of this runner has ended, and returns its receipt.
// If the run joined another host's run, it is the receipt of the joining run. Error:
// ErrUnknownRun.
func (r *Runner) Wait(ctx context.Context, ticket job.Ticket) (job.Run, error) {
	r.mu.Lock()
	tasks := slices.Concat(r.rollbacks, r.tasks, r.ended)
	i := slices.IndexFunc(tasks, func(t *task) bool {
		return t.request.ID == ticket.RunID || t.joined == ticket.RunID
	})
	r.mu.Unlock()
	if i < 0 {
		return job.Run{}, ErrUnknownRun
	}
	select {
	case <-tasks[i].done:
		return tasks[i].receipt, nil
	case <-ctx.Done():
		return job.Run{}, ctx.Err()
	}
}

// Active returns the runs that this process has promised and that have not ended, as
// receipts without an end: rollbacks, the refresh that is running, and those that wait,
// which have no start. unrecorded is the last receipt, if the store did not accept it.
func (r *Runner) Active() (active, unrecorded []job.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range slices.Concat(r.rollbacks, r.tasks) {
		active = append(active, job.Run{
			ID: t.request.ID, Mode: t.request.Mode, Trigger: t.request.Trigger,
			Started: job.At(t.started), Pages: t.progress.Pages, Read: t.progress.Records,
		})
	}
	return active, slices.Clone(r.unrecorded)
}

// Stop cancels the current run, rejects new ones, and waits for its end. What is served
// does not change.
func (r *Runner) Stop() {
	r.mu.Lock()
	r.stop(job.ErrStopped)
	r.mu.Unlock()
	r.idle.Wait()
}

// work runs the tasks, one after the other, until there are none.
func (r *Runner) work() {
	for {
		r.mu.Lock()
		if r.working = len(r.tasks) > 0; !r.working {
			r.mu.Unlock()
			return
		}
		t := r.tasks[0]
		t.started = r.engine.cfg.Now()
		r.mu.Unlock()
		r.run(t)
	}
}

// run does the run of a task, has the result served, and ends the task. If the result
// cannot be served now, a later sync may: the run has ended all the same.
func (r *Runner) run(t *task) {
	receipt, unrecorded := r.engine.Run(r.ctx, t.request, func(p Progress) {
		if r.watch != nil {
			r.watch(p)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		t.progress, t.request.Mode = p, p.Mode
	})
	if unrecorded != nil {
		r.log.Error("the receipt of a refresh could not be written", "error", unrecorded)
	}
	ctx, cancel := context.WithTimeout(r.ctx, serveTimeout)
	defer cancel()
	if err := r.served(ctx); err != nil && r.ctx.Err() == nil {
		r.log.Error("the snapshot in the store cannot be served", "error", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unrecorded = nil
	if unrecorded != nil {
		r.unrecorded = []job.Run{receipt}
	}
	t.receipt = receipt
	isEnded := func(other *task) bool { return other == t }
	r.tasks, r.rollbacks = slices.DeleteFunc(r.tasks, isEnded), slices.DeleteFunc(r.rollbacks, isEnded)
	r.ended = append([]*task{t}, r.ended[:min(len(r.ended), endedKept-1)]...)
	close(t.done)
	if r.after != nil {
		r.idle.Go(func() { r.after(r.ctx, t.request, receipt) })
	}
}
