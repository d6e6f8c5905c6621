package refresh

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"voc/internal/job"
)

// serveTimeout bounds how long a run may wait for its snapshot to be served: fetching one
// takes seconds.
const serveTimeout = 2 * time.Minute

// Runner does one refresh at a time in a process, and rollbacks at once. It is safe for
// concurrent use.
type Runner struct {
	engine *Engine
	watch  func(Progress) // of the engine as it was given; may be nil
	served func(context.Context) error
	log    *slog.Logger
	ctx    context.Context
	stop   context.CancelCauseFunc
	idle   sync.WaitGroup

	mu         sync.Mutex
	working    bool      // a goroutine takes tasks off
	tasks      []*task   // the first one runs
	rollbacks  []*task   // these run beside it
	unrecorded []job.Run // receipts that the store did not take, newest first
}

// task is a run that was promised.
type task struct {
	request  job.Request
	started  time.Time
	progress Progress
	done     chan struct{}
	receipt  job.Run // once done is closed
}

// Promise is a run that will be done.
type Promise struct {
	job.Ticket
	task *task
}

// NewRunner makes a runner, which takes over the engine. After each run it calls served,
// which is to make this process serve what the run published; only then is the run over.
func NewRunner(engine *Engine, served func(context.Context) error) *Runner {
	r := &Runner{engine: engine, watch: engine.Progress, served: served, log: engine.Log}
	r.ctx, r.stop = context.WithCancelCause(context.Background())
	engine.Progress = r.progressed
	return r
}

// Ask is Start for callers that do not wait for the run. It implements httpapi.Refresher.
func (r *Runner) Ask(ctx context.Context, q job.Request) (job.Ticket, error) {
	promise, err := r.Start(ctx, q)
	return promise.Ticket, err
}

// Start has a run done and returns at once. A rollback starts immediately. A refresh
// joins a run that does its work, of this process or of another host; else it starts
// after the one that is running. If it joins another host's run, this process waits for
// that run too, and does the work itself if the run fails. A request without an id gets
// one. Error: job.ErrStopped.
func (r *Runner) Start(ctx context.Context, q job.Request) (Promise, error) {
	if q.ID == "" {
		q.ID = job.NewRunID(q.Mode, r.engine.Now())
	}
	if q.Mode == job.Rollback {
		return r.rollback(q)
	}
	m, err := r.engine.Store.Load(ctx)
	if err == nil { // else the run itself reports it
		q.Hold = m.KnownHold()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return Promise{}, job.ErrStopped
	}
	for _, j := range r.tasks {
		if q.JoinedBy(j.request) {
			return Promise{job.Ticket{RunID: j.request.ID, Mode: j.request.Mode, Joined: true}, j}, nil
		}
	}
	lease, running := m.Running()
	elsewhere := running && !slices.ContainsFunc(r.tasks, func(j *task) bool { return j.request.ID == lease.Run.ID })
	j := r.enqueue(q)
	if elsewhere && q.JoinedBy(lease.Request()) {
		return Promise{job.Ticket{RunID: lease.Run.ID, Mode: lease.Run.Mode, Joined: true}, j}, nil
	}
	return Promise{job.Ticket{RunID: q.ID, Mode: q.Mode}, j}, nil
}

func (r *Runner) enqueue(q job.Request) *task {
	j := &task{request: q, done: make(chan struct{})}
	r.tasks = append(r.tasks, j)
	if !r.working {
		r.working = true
		r.idle.Go(r.work)
	}
	return j
}

// rollback has an older snapshot made current. It waits for no run: the one that is
// running loses its lease, and those that wait do not start. Error: job.ErrStopped.
func (r *Runner) rollback(q job.Request) (Promise, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return Promise{}, job.ErrStopped
	}
	j := &task{request: q, started: r.engine.Now(), done: make(chan struct{})}
	r.rollbacks = append(r.rollbacks, j)
	r.idle.Go(func() {
		receipt, err := r.engine.Run(r.ctx, j.request)
		r.settle(err)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.rollbacks = slices.DeleteFunc(r.rollbacks, func(other *task) bool { return other == j })
		r.close(j, receipt, err != nil)
	})
	return Promise{job.Ticket{RunID: q.ID, Mode: q.Mode}, j}, nil
}

// Wait waits for the run and returns its receipt.
func (p Promise) Wait(ctx context.Context) (job.Run, error) {
	select {
	case <-p.task.done:
		return p.task.receipt, nil
	case <-ctx.Done():
		return job.Run{}, ctx.Err()
	}
}

// work does the tasks that are there, and those that come meanwhile.
func (r *Runner) work() {
	for j := r.begin(); j != nil; j = r.begin() {
		receipt, err := r.engine.Run(r.ctx, j.request)
		r.settle(err)
		r.end(j, receipt, err != nil)
	}
}

// settle has the result of a run served.
func (r *Runner) settle(err error) {
	if err != nil {
		r.log.Error("the receipt of a refresh could not be kept", "error", err)
	}
	r.serve()
}

// serve has the result served. Where that does not work, the next look at the store may;
// the run is over all the same.
func (r *Runner) serve() {
	ctx, cancel := context.WithTimeout(r.ctx, serveTimeout)
	defer cancel()
	if err := r.served(ctx); err != nil && r.ctx.Err() == nil {
		r.log.Error("the snapshot in the store can not be served", "error", err)
	}
}

func (r *Runner) begin() *task {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.working = len(r.tasks) > 0; !r.working {
		return nil
	}
	r.tasks[0].started = r.engine.Now()
	return r.tasks[0]
}

func (r *Runner) end(j *task, receipt job.Run, unrecorded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks = r.tasks[1:]
	r.close(j, receipt, unrecorded)
}

// close ends a task; r.mu is held.
func (r *Runner) close(j *task, receipt job.Run, unrecorded bool) {
	r.unrecorded = nil
	if unrecorded {
		r.unrecorded = []job.Run{receipt}
	}
	j.receipt = receipt
	close(j.done)
}

func (r *Runner) progressed(p Progress) {
	if r.watch != nil {
		r.watch(p)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks[0].progress, r.tasks[0].request.Mode = p, p.Mode
}

// Active lists the runs that this process has promised and not finished, as receipts
// without an end: first the one that runs, if any, then the one that waits, which has no
// start. Unrecorded is the last receipt, if the store did not take it.
func (r *Runner) Active() (active []job.Run, unrecorded []job.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, j := range slices.Concat(r.rollbacks, r.tasks) {
		active = append(active, job.Run{
			ID: j.request.ID, Mode: j.request.Mode, Trigger: j.request.Trigger, Started: job.At(j.started),
			Pages: j.progress.Pages, Read: j.progress.Records,
		})
	}
	return active, slices.Clone(r.unrecorded)
}

// Stop abandons the run that is under way, refuses new ones, and waits for the end. What
// is served stays as it is.
func (r *Runner) Stop() {
	r.mu.Lock()
	r.stop(job.ErrStopped)
	r.mu.Unlock()
	r.idle.Wait()
}
