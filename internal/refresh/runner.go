package refresh

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"voc/internal/catalog"
)

// ErrStopped is the cause of runs that end because their Runner is stopped.
var ErrStopped = errors.New("stopped")

// serveTimeout bounds how long a run may wait for its snapshot to be served: fetching one takes seconds.
const serveTimeout = 2 * time.Minute

// Runner does one refresh at a time in a process, and rollbacks at once. It is safe for concurrent use.
type Runner struct {
	engine *Engine
	watch  func(Progress) // of the engine as it was given; may be nil
	served func(context.Context) error
	log    *slog.Logger
	ctx    context.Context
	stop   context.CancelCauseFunc
	idle   sync.WaitGroup

	mu         sync.Mutex
	working    bool          // a goroutine takes jobs off
	jobs       []*job        // the first one runs
	rollbacks  []*job        // these run beside it
	unrecorded []catalog.Run // receipts that the store did not take, newest first
}

// job is a run that was promised.
type job struct {
	request  Request
	started  time.Time
	progress Progress
	done     chan struct{}
	receipt  catalog.Run // once done is closed
}

// Ticket is what a caller gets for a refresh that will be done.
type Ticket struct {
	RunID  string
	Mode   catalog.Mode // of the run that does it, which may do more than was asked
	Joined bool         // it was under way, or promised, already
	job    *job
}

// NewRunner makes a runner, which takes over the engine. After each run it calls served, which is to make this process serve what the run
// published; only then is the run over.
func NewRunner(engine *Engine, served func(context.Context) error) *Runner {
	r := &Runner{engine: engine, watch: engine.Progress, served: served, log: engine.Log}
	r.ctx, r.stop = context.WithCancelCause(context.Background())
	engine.Progress = r.progressed
	return r
}

// Ask has a refresh done and returns at once. It joins a run that does at least as much, of this process or of another host, else it runs after the one that is under way. Where another host's
// run is joined, this process waits for it too, and does the work itself if that run comes to nothing. A request without an id gets one. Error: ErrStopped.
func (r *Runner) Ask(ctx context.Context, q Request) (Ticket, error) {
	m, err := r.engine.Catalog.Load(ctx)
	if err == nil { // else it is for the run itself to tell of
		q.asked = &asked{hold: m.HeldBy()}
	}
	if q.ID == "" {
		q.ID = catalog.NewRunID(q.Mode, r.engine.Now())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return Ticket{}, ErrStopped
	}
	for _, j := range r.jobs {
		if j.request.does(q) {
			return Ticket{RunID: j.request.ID, Mode: j.request.Mode, Joined: true, job: j}, nil
		}
	}
	lease, running := m.Running()
	elsewhere := running && !slices.ContainsFunc(r.jobs, func(j *job) bool { return j.request.ID == lease.Run.ID })
	j := r.enqueue(q)
	if elsewhere && lease.Run.Mode.Covers(q.Mode) && (lease.Accept || !q.Accept) {
		return Ticket{RunID: lease.Run.ID, Mode: lease.Run.Mode, Joined: true, job: j}, nil
	}
	return Ticket{RunID: q.ID, Mode: q.Mode, job: j}, nil
}

// does says whether a run that was promised does at least as much as another one that is asked for now. One from before a rollback does not: that ends it.
func (q Request) does(other Request) bool {
	sameHold := q.asked == nil || other.asked == nil || q.asked.hold == other.asked.hold
	return sameHold && q.Mode.Covers(other.Mode) && (q.Accept || !other.Accept)
}

func (r *Runner) enqueue(q Request) *job {
	j := &job{request: q, done: make(chan struct{})}
	r.jobs = append(r.jobs, j)
	if !r.working {
		r.working = true
		r.idle.Go(r.work)
	}
	return j
}

// Rollback has an older snapshot made current, at once: it waits for no run. One that is under way loses its lease by it, and those that wait do not begin. Error: ErrStopped.
func (r *Runner) Rollback(q Request) (Ticket, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return Ticket{}, ErrStopped
	}
	q.Mode = catalog.Rollback
	if q.ID == "" {
		q.ID = catalog.NewRunID(q.Mode, r.engine.Now())
	}
	j := &job{request: q, started: r.engine.Now(), done: make(chan struct{})}
	r.rollbacks = append(r.rollbacks, j)
	r.idle.Go(func() {
		receipt, err := r.engine.Run(r.ctx, j.request)
		r.settle(err)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.rollbacks = slices.DeleteFunc(r.rollbacks, func(other *job) bool { return other == j })
		r.close(j, receipt, err != nil)
	})
	return Ticket{RunID: q.ID, Mode: q.Mode, job: j}, nil
}

// Wait waits for the run and returns its receipt.
func (t Ticket) Wait(ctx context.Context) (catalog.Run, error) {
	select {
	case <-t.job.done:
		return t.job.receipt, nil
	case <-ctx.Done():
		return catalog.Run{}, ctx.Err()
	}
}

// work does the jobs that are there, and those that come meanwhile.
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

// serve has the result served. Where that does not work, the next look at the store may; the run is over all the same.
func (r *Runner) serve() {
	ctx, cancel := context.WithTimeout(r.ctx, serveTimeout)
	defer cancel()
	if err := r.served(ctx); err != nil && r.ctx.Err() == nil {
		r.log.Error("the snapshot in the store can not be served", "error", err)
	}
}

func (r *Runner) begin() *job {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.working = len(r.jobs) > 0; !r.working {
		return nil
	}
	r.jobs[0].started = r.engine.Now()
	return r.jobs[0]
}

func (r *Runner) end(j *job, receipt catalog.Run, unrecorded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobs = r.jobs[1:]
	r.close(j, receipt, unrecorded)
}

// close ends a job; r.mu is held.
func (r *Runner) close(j *job, receipt catalog.Run, unrecorded bool) {
	r.unrecorded = nil
	if unrecorded {
		r.unrecorded = []catalog.Run{receipt}
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
	r.jobs[0].progress, r.jobs[0].request.Mode = p, p.Mode
}

// Active lists the runs that this process has promised and not finished, as receipts without an end: first the one that runs, if any, then the one that
// waits, which has no start. Unrecorded is the last receipt, if the store did not take it.
func (r *Runner) Active() (active []catalog.Run, unrecorded []catalog.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, j := range slices.Concat(r.rollbacks, r.jobs) {
		active = append(active, catalog.Run{
			ID: j.request.ID, Mode: j.request.Mode, Trigger: j.request.Trigger, Started: catalog.At(j.started),
			Pages: j.progress.Pages, Read: j.progress.Records,
		})
	}
	return active, slices.Clone(r.unrecorded)
}

// Stop abandons the run that is under way, refuses new ones, and waits for the end. What is served stays as it is.
func (r *Runner) Stop() {
	r.mu.Lock()
	r.stop(ErrStopped)
	r.mu.Unlock()
	r.idle.Wait()
}
