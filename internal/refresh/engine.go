package refresh

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

// runTimeout bounds a run. 500,000 records at Airtable's pace take a third of it; without it, an answer that says to wait for a day would be waited for, and every later run
// would join this one.
const runTimeout = time.Hour

// recordTimeout bounds how long the receipt of a failed run may take to be written, in particular when the run failed because its time was up.
const recordTimeout = 10 * time.Second

// Engine does runs, one at a time. All fields but Progress and Due are needed.
type Engine struct {
	Airtable *airtable.Client
	Store    *manifest.Store
	Base     string
	Table    string // name or id, as configured
	Mapping  feedback.Mapping
	Years    feedback.Years
	Dir      string // private; each run makes a folder of its own in it
	Program  string // name and version, for the snapshot's description
	Log      *slog.Logger
	Now      func() time.Time // the host's clock: dates of receipts and ids, never of the data
	Progress func(Progress)   // called after each page, from the run's goroutine

	MaxShrink    int                                  // percent of the records that a run may remove without being asked
	MonthlyCalls int                                  // to Airtable in a UTC month; 0: no cap
	Due          func(now time.Time) map[job.Mode]int // how many runs of each mode the rest of the month will bring; nil: unknown
}

// Progress is how far a run has come.
type Progress struct {
	Mode           job.Mode // of what it does, which may be more than was asked
	Pages, Records int
}

// quota has Airtable's limits for the estimate of calls.
var quota = job.Quota{PageSize: airtable.PageSize, PerSecond: airtable.RequestsPerSecond}

// run is one run under way.
type run struct {
	*Engine
	request  job.Request
	receipt  job.Run
	dir      string
	before   airtable.Counts
	shown    atomic.Pointer[job.Run] // the receipt so far, for whoever renews the lease
	manifest manifest.Manifest       // as it was when the run began

	owner    manifest.Owner    // of the store; zero: it is empty
	current  manifest.Snapshot // zero: the store is empty
	parent   *snapshot.File    // nil: none that can be read
	outdated bool              // parent is an older one than current
	plan     plan
	draft    *build.Draft
}

// Run does what was asked and returns its receipt, which says how it ended and is in the store too. It may do more than was asked: the first run of a store is full, and so is one that follows a change
// which an incremental would not carry into every record. A run that was done before is not done again: its receipt is what it was. The error is of the receipt itself, when it could not be written.
//
// It ends before the deadline of ctx, early enough to say so.
func (e *Engine) Run(ctx context.Context, q job.Request) (job.Run, error) {
	r := e.newRun(q)
	defer r.cleanUp()
	work, cancel := withinLimit(ctx)
	defer cancel()
	err := r.try(work)
	if err == nil {
		return r.receipt, r.countDry(ctx)
	}
	r.finish()
	r.judge(work, err)
	if q.DryRun {
		return r.receipt, r.countDry(ctx)
	}
	if errors.Is(err, manifest.ErrForeign) && r.receipt.Fence == 0 {
		return r.receipt, nil // nothing is written where another base's data is
	}
	late, cancel := afterWork(ctx)
	defer cancel()
	receipt, err := e.Store.Record(late, r.receipt)
	if err != nil {
		return receipt, fmt.Errorf("keep the receipt of run %s: %w", q.ID, err)
	}
	return receipt, nil
}

func (e *Engine) newRun(q job.Request) *run {
	return &run{Engine: e, request: q, before: e.Airtable.Counts(), receipt: job.Run{
		ID: q.ID, Mode: q.Mode, Trigger: q.Trigger, Started: job.At(e.Now()), Attempt: rand.Text(),
	}}
}

// withinLimit gives the context of a run's work, which ends so long before ctx that there is time to leave a receipt.
func withinLimit(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := runTimeout
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		limit = min(limit, left-min(recordTimeout, left/4))
	}
	return context.WithTimeout(ctx, limit)
}

// afterWork gives the context for the receipt, which outlives a run that was ended, but not the deadline of ctx: whoever set that does not wait.
func afterWork(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := recordTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)*3/4)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}

// try does the run. A panic is its failure and not that of the process, which may be serving: the same data would bring it down again after each restart.
func (r *run) try(ctx context.Context) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			r.Log.ErrorContext(ctx, "panic in a refresh", "run", r.receipt.ID, "fault", fault, "stack", string(debug.Stack()))
			err = fmt.Errorf("a fault in this program ended the refresh, its log says where: %v", fault)
		}
	}()
	if r.dir, err = os.MkdirTemp(r.Dir, "run-"); err != nil {
		return fmt.Errorf("make a folder for the refresh: %w", err)
	}
	switch {
	case r.request.Mode == job.Rollback:
		return r.rollback(ctx)
	case r.request.DryRun:
		load := r.Store.Load
		if r.request.Accept {
			load = r.Store.LoadForRepair
		}
		if r.manifest, err = load(ctx); err != nil {
			return err
		}
		return r.do(ctx)
	}
	return r.leased(ctx)
}

func (r *run) do(ctx context.Context) (err error) {
	if err := r.affordable(); err != nil {
		return err
	}
	if err := r.openParent(ctx); err != nil {
		return err
	}
	if r.plan, err = r.makePlan(ctx); err != nil {
		return err
	}
	r.receipt.Warnings = append(r.receipt.Warnings, r.plan.warnings...)
	r.decideMode(ctx)
	if err := r.affordable(); err != nil { // as what it has become
		return err
	}
	if err := r.stage(ctx); err != nil {
		return err
	}
	diff, err := r.draft.Diff(ctx)
	if err != nil {
		return err
	}
	r.receipt.Added, r.receipt.Changed = diff.Added, diff.Changed
	r.receipt.Removed, r.receipt.Unchanged = diff.Removed, diff.Unchanged
	if !diff.Any() && !r.plan.remake && r.parent != nil {
		return r.confirm(ctx)
	}
	return r.publish(ctx)
}

// openParent fetches the current snapshot, or the newest good one where that can not be read: it still knows the fields, the table and the records, so
// that none of them is lost sight of, and the run becomes a full.
func (r *run) openParent(ctx context.Context) error {
	m := r.manifest
	if err := m.Belongs(r.Base); err != nil {
		return err
	}
	r.owner = m.Owner
	var err error
	if r.current, err = m.CurrentSnapshot(); errors.Is(err, manifest.ErrNoSnapshot) {
		return nil
	}
	r.receipt.SnapshotBefore = job.Nullable(r.current.ID)
	for _, s := range m.Candidates() {
		path, err := r.Store.Fetch(ctx, s, r.dir)
		if err == nil {
			r.parent, err = snapshot.Open(path)
		}
		if err == nil {
			return nil
		}
		if !unreadable(err) {
			return err
		}
		r.outdated = true
		r.warn(ctx, fmt.Sprintf("%v: all records are read again", err))
	}
	return nil
}

// unreadable says whether a snapshot itself is at fault, and not the way to it.
func unreadable(err error) bool {
	return errors.Is(err, manifest.ErrDamaged) || errors.Is(err, snapshot.ErrNotSnapshot) || errors.Is(err, snapshot.ErrFormat)
}

func (r *run) warn(ctx context.Context, warning string) {
	r.Log.WarnContext(ctx, warning, "run", r.receipt.ID)
	r.receipt.Warnings = append(r.receipt.Warnings, warning)
}

func (r *run) finish() {
	r.receipt.Finished = job.At(r.Now())
	if r.request.Mode == job.Rollback { // it makes no calls; those of a refresh beside it are not its own
		return
	}
	now := r.Airtable.Counts()
	r.receipt.AirtableCalls = now.Calls - r.before.Calls
	r.receipt.Retries = now.Retries - r.before.Retries
	r.receipt.Throttled = now.Throttled - r.before.Throttled
}

func (r *run) cleanUp() {
	if r.draft != nil {
		r.draft.Discard()
	}
	if r.parent != nil {
		_ = r.parent.Close() // it was only read
	}
	if r.dir == "" {
		return
	}
	if err := os.RemoveAll(r.dir); err != nil {
		r.Log.Warn("the refresh left files behind", "error", err)
	}
}
