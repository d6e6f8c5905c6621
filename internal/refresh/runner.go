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

// Runner does one refresh at a time in a process. It is safe for concurrent use.
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

// Ask has a refresh done and returns at once. It joins a run that does at least as much, else it runs after the one that is under way. Error: ErrStopped.
func (r *Runner) Ask(mode catalog.Mode, trigger string) (Ticket, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return Ticket{}, ErrStopped
	}
	for _, j := range r.jobs {
		if j.request.Mode.Covers(mode) {
			return Ticket{RunID: j.request.ID, Mode: j.request.Mode, Joined: true, job: j}, nil
		}
	}
	j := &job{request: Request{ID: catalog.NewRunID(mode, time.Now()), Mode: mode, Trigger: trigger}, done: make(chan struct{})}
	r.jobs = append(r.jobs, j)
	if !r.working {
		r.working = true
		r.idle.Go(r.work)
	}
	return Ticket{RunID: j.request.ID, Mode: mode, job: j}, nil
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
		if err != nil {
			r.log.Error("the receipt of a refresh could not be kept", "error", err)
		}
		r.serve()
		r.end(j, receipt, err != nil)
	}
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
	r.jobs[0].started = time.Now()
	return r.jobs[0]
}

func (r *Runner) end(j *job, receipt catalog.Run, unrecorded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if unrecorded {
		r.unrecorded = slices.Insert(r.unrecorded, 0, receipt)[:1]
	} else {
		r.unrecorded = nil
	}
	r.jobs = r.jobs[1:]
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
	for _, j := range r.jobs {
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
