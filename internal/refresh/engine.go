package refresh

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot/build"
	"voc/internal/telemetry"
)

const (
	// runTimeout bounds a run. 500,000 records at Airtable's pace take a third of it. Without
	// it, a run would honor a response that asks to wait for a day, and every later run would
	// join that one.
	runTimeout = time.Hour

	// recordTimeout bounds how long writing the receipt of a failed run may take, in
	// particular when the run failed because its time was up.
	recordTimeout = 10 * time.Second
)

// Config configures an engine. All fields from MonthlyCalls on are optional.
type Config struct {
	Airtable *airtable.Client
	Store    *manifest.Store
	Base     string
	Table    string // name or id, as configured
	Mapping  feedback.Mapping
	Privacy  feedback.Privacy // what readers never see
	Years    feedback.Years
	Dir      string // private; each run makes a directory of its own in it
	Program  string // name and version, for the snapshot's description
	Log      *slog.Logger
	Now      func() time.Time // the host's clock: for receipts and run ids, never for the data

	// FreeDisk returns how many bytes are free on the disk of a directory, if that is known.
	FreeDisk     func(dir string) (free int64, known bool)
	MaxShrink    int // percentage of records that a run may remove unless it is accepted
	MonthlyCalls int // limit of calls to Airtable in a UTC month; 0: none
	// Accept is how an operator of this host accepts what the publish gate rejects, with {mode}
	// for the mode; "": voc refresh {mode} --accept.
	Accept string
	// Watched returns when the watchdog looked last, for the receipt; nil: unknown.
	Watched   func(context.Context) time.Time
	Telemetry telemetry.Recorder // records each run that has ended
	// Due returns how many runs of each mode the rest of the month will bring; nil: unknown.
	Due func(now time.Time) map[job.Mode]int
}

// Engine performs runs, one at a time. A rollback may run beside a refresh.
type Engine struct{ cfg Config }

// New returns an engine. It returns an error that names each field that is missing or out
// of range.
func New(cfg Config) (*Engine, error) {
	var errs []error
	for _, field := range []struct {
		name  string
		valid bool
	}{
		{"Airtable", cfg.Airtable != nil},
		{"Store", cfg.Store != nil},
		{"Base", cfg.Base != ""},
		{"Table", cfg.Table != ""},
		{"Dir", cfg.Dir != ""},
		{"Program", cfg.Program != ""},
		{"Log", cfg.Log != nil},
		{"Now", cfg.Now != nil},
		{"FreeDisk", cfg.FreeDisk != nil},
		{"MaxShrink", 0 <= cfg.MaxShrink && cfg.MaxShrink <= 100},
		{"MonthlyCalls", cfg.MonthlyCalls >= 0},
	} {
		if !field.valid {
			errs = append(errs, fmt.Errorf("refresh.Config: %s is missing or out of range", field.name))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Engine{cfg: cfg}, nil
}

// Run performs the run that q requests and returns its receipt, which states the outcome
// and is also in the store. watch, which may be nil, is called after each page from the
// run's goroutine.
//
// A run may do more than was requested: the first run of a store is full, and so is one
// after a change that an incremental would not apply to every record. A run that has been
// done is not repeated: its receipt is returned. Run returns an error only if the receipt
// could not be written. Run ends before the deadline of ctx, early enough to write the
// receipt.
func (e *Engine) Run(
	ctx context.Context, q job.Request, watch func(Progress),
) (receipt job.Run, err error) {
	a := e.newAttempt(q, watch)
	if e.cfg.Watched != nil {
		a.run.WatchedAt = job.At(e.cfg.Watched(ctx))
	}
	defer func() { e.record(ctx, a, receipt) }()
	work, cancel := withinLimit(ctx)
	defer cancel()
	s := steps{run: a.run}
	receipt, err = e.try(work, a, &s)
	for _, warning := range s.warnings() {
		e.cfg.Log.WarnContext(ctx, warning, "run", q.ID)
	}
	if err != nil {
		receipt = e.failed(work, a.finish(s.receipt(), e.cfg.Now()), err)
	}
	if err == nil {
		return receipt, e.countDryRun(ctx, a)
	}
	// The run changed nothing. If the process dies here, the lease expires and the next
	// run writes the receipt.
	if q.DryRun {
		return receipt, e.countDryRun(ctx, a)
	}
	if errors.Is(err, manifest.ErrForeign) && receipt.Fence == 0 {
		return receipt, nil // nothing is written to the store of another base
	}
	late, cancel := afterWork(ctx)
	defer cancel()
	if receipt, err = e.cfg.Store.Record(late, receipt); err != nil {
		return receipt, fmt.Errorf("write the receipt of run %s: %w", q.ID, err)
	}
	return receipt, nil
}

// record records the end of an attempt, unless the run was done before.
func (e *Engine) record(ctx context.Context, a attempt, run job.Run) {
	if run.Attempt != a.run.Attempt {
		return
	}
	failed := job.State{Runs: []job.Run{run}}.OpenErrors(run.Finished.Time)
	e.cfg.Telemetry.Run(ctx, telemetry.Run{
		ID: run.ID, Mode: string(run.Mode), Trigger: string(run.Trigger),
		Outcome: string(run.Outcome), Error: string(run.Error),
		Failed: len(failed) > 0, Final: run.Final,
		Took: run.Finished.Sub(run.Started.Time),
		Read: run.Read, Added: run.Added, Changed: run.Changed, Removed: run.Removed,
		Calls: run.AirtableCalls, Throttled: run.Throttled, Retries: run.Retries,
		SnapshotBefore: string(run.SnapshotBefore), SnapshotAfter: string(run.SnapshotAfter),
	})
}

// steps holds what the steps of a run have returned so far. The receipt is gathered from
// it, wherever the run ends.
type steps struct {
	run     job.Run // the receipt as the run started, with its fencing number
	parent  parent
	plan    plan
	staged  staged
	built   built
	verdict verdict
}

// try acquires the lease and does the run under it; a rollback needs none. s holds what the
// steps have returned, however the run ends. A panic fails the run and not the process,
// which may be serving: the same data would end it again after each restart.
func (e *Engine) try(ctx context.Context, a attempt, s *steps) (receipt job.Run, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			e.cfg.Log.ErrorContext(ctx, "panic in a refresh",
				"run", a.run.ID, "fault", fault, "stack", string(debug.Stack()))
			err = fmt.Errorf("a fault in voc ended the refresh, see its log: %v", fault)
		}
	}()
	dir, err := os.MkdirTemp(e.cfg.Dir, "run-")
	if err != nil {
		return s.run, fmt.Errorf("create a directory for the refresh: %w", err)
	}
	defer e.removeDir(dir)
	if a.request.Mode == job.Rollback {
		return e.rollback(ctx, a, dir)
	}
	lease, err := e.acquire(ctx, a)
	s.run = lease.run
	if err != nil || lease.done {
		return s.run, err
	}
	if a.request.DryRun {
		return e.refresh(ctx, a, lease.manifest, dir, s)
	}
	a.progress.show(s.receipt())
	ctx, release := e.renewLease(ctx, a)
	defer release()
	// If the process dies from here on, before the publication, the store has the lease
	// and nothing else. It expires, and the next run starts from the same parent.
	receipt, err = e.refresh(ctx, a, lease.manifest, dir, s)
	if err != nil && errors.Is(context.Cause(ctx), job.ErrFenced) {
		err = job.ErrFenced // whatever else failed because ctx ended
	}
	return receipt, err
}

// refresh is the pipeline: each step takes what those before it returned. Only the last
// one writes to the store. It returns the receipt as the store has it.
func (e *Engine) refresh(
	ctx context.Context, a attempt, m manifest.Manifest, dir string, s *steps,
) (receipt job.Run, err error) {
	if err := e.checkQuota(m, a, a.request.Mode); err != nil {
		return s.run, err
	}
	s.parent, err = e.openParent(ctx, m, dir)
	defer s.parent.close()
	if err != nil {
		return s.run, err
	}
	plan, err := e.planRun(ctx, a.request, s.parent)
	if err != nil {
		return s.run, err
	}
	s.plan = plan
	if plan.mode != a.request.Mode {
		e.cfg.Log.InfoContext(ctx, "the refresh does more than was requested", "run", a.run.ID,
			"mode", plan.mode, "because", cmp.Or(plan.reason, errNeedsAirtable.Error()))
	}
	a.progress.show(s.receipt())
	if err := e.checkQuota(m, a, plan.mode); err != nil {
		return s.run, err
	}
	if err := e.checkRoom(ctx, s.parent, plan.mode, dir); err != nil {
		return s.run, err
	}
	newDraft := build.Fork // with the parent's rows
	if plan.mode == job.Full {
		newDraft = build.New // empty
	}
	draft, err := newDraft(ctx, dir, s.parent.parts)
	if err != nil {
		return s.run, err
	}
	defer draft.Discard()
	s.staged, err = e.fetch(ctx, draft, s.parent, plan, func(soFar staged) {
		s.staged = soFar
		a.progress.page(s.receipt())
	})
	if err != nil {
		return s.run, err
	}
	if s.built, err = e.build(ctx, a.run.ID, s.parent, plan, s.staged); err != nil {
		return s.run, err
	}
	if s.verdict, err = e.gate(ctx, a.request, *s); err != nil {
		return s.run, err
	}
	// If the process dies during this step, the parent is current, or the new snapshot
	// with its receipt: see manifest.Store.Publish and Confirm.
	return e.publish(ctx, a, *s, dir)
}

func (e *Engine) removeDir(dir string) {
	if err := os.RemoveAll(dir); err != nil {
		e.cfg.Log.Warn("the refresh left files behind", "error", err)
	}
}

func (e *Engine) newAttempt(q job.Request, watch func(Progress)) attempt {
	return attempt{
		request: q, client: e.cfg.Airtable, before: e.cfg.Airtable.Counts(),
		progress: &progress{watch: watch},
		run: job.Run{
			ID: q.ID, Mode: q.Mode, Trigger: q.Trigger,
			Started: job.At(e.cfg.Now()), Attempt: rand.Text(),
		},
	}
}

// withinLimit returns the context of a run's work. It ends long enough before ctx to
// write a receipt.
func withinLimit(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := runTimeout
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		limit = min(limit, left-min(recordTimeout, left/4))
	}
	return context.WithTimeout(ctx, limit)
}

// afterWork returns the context for the receipt. It outlives a run that was canceled, but
// not the deadline of ctx, after which the host waits no longer.
func afterWork(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := recordTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)*3/4)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}
