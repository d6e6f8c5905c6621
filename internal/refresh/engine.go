package refresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"voc/internal/airtable"
	"voc/internal/catalog"
	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// runTimeout bounds a run. 500,000 records at Airtable's pace take a third of it; without it, an answer that says to wait for a day would be waited for, and every later run
// would join this one.
const runTimeout = time.Hour

// recordTimeout bounds how long the receipt of a failed run may take to be written, in particular when the run failed because its time was up.
const recordTimeout = 10 * time.Second

// Engine does runs, one at a time. All fields but Progress are needed.
type Engine struct {
	Airtable *airtable.Client
	Catalog  *catalog.Catalog
	Base     string
	Table    string // name or id, as configured
	Mapping  feedback.Mapping
	Years    feedback.Years
	Dir      string // private; each run makes a folder of its own in it
	Program  string // name and version, for the snapshot's description
	Log      *slog.Logger
	Progress func(Progress) // called after each page, from the run's goroutine
}

// Progress is how far a run has come.
type Progress struct {
	Mode           catalog.Mode // of what it does, which may be more than was asked
	Pages, Records int
}

// Request names a run that is to be done.
type Request struct {
	ID      string
	Mode    catalog.Mode
	Trigger string
}

// run is one run under way.
type run struct {
	*Engine
	receipt catalog.Run
	dir     string
	before  airtable.Counts

	owner    catalog.Owner    // of the store; zero: it is empty
	current  catalog.Snapshot // zero: the store is empty
	parent   *snapshot.File   // nil: none that can be read
	outdated bool             // parent is an older one than current
	plan     plan
	draft    *snapshot.Draft
}

// Run does what was asked and returns its receipt, which says how it ended and is in the store too. It may do more than was asked: the first run of a store is full, and so is one that follows a change
// which an incremental would not carry into every record. The error is of the receipt itself, when it could not be written.
func (e *Engine) Run(ctx context.Context, q Request) (catalog.Run, error) {
	r := run{Engine: e, before: e.Airtable.Counts(), receipt: catalog.Run{
		ID: q.ID, Mode: q.Mode, Trigger: q.Trigger, Started: catalog.At(time.Now()),
	}}
	defer r.cleanUp()
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	err := r.try(ctx)
	if err == nil {
		return r.receipt, nil
	}
	r.finish()
	r.receipt.Outcome, r.receipt.Error = catalog.Nullable(catalog.Failed), catalog.Nullable(r.explain(ctx, err))
	r.Log.ErrorContext(ctx, "refresh failed, what was served stays", "run", q.ID, "error", err)
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	receipt, err := e.Catalog.Record(late, r.receipt)
	if err != nil {
		return receipt, fmt.Errorf("keep the receipt of run %s: %w", q.ID, err)
	}
	return receipt, nil
}

// try does the run. A panic is its failure and not that of the process, which may be serving: the same data would bring it down again after each restart.
func (r *run) try(ctx context.Context) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			r.Log.ErrorContext(ctx, "panic in a refresh", "run", r.receipt.ID, "fault", fault, "stack", string(debug.Stack()))
			err = fmt.Errorf("a fault in this program ended the refresh, its log says where: %v", fault)
		}
	}()
	return r.do(ctx)
}

// explain words a failure for the status.
func (r *run) explain(ctx context.Context, err error) string {
	switch {
	case errors.Is(context.Cause(ctx), ErrStopped):
		return "the program was stopped during the refresh; the next one does its work"
	case errors.Is(err, catalog.ErrMoved):
		return fmt.Sprintf("%v; nothing is lost, the next refresh does the work of this one", err)
	}
	return err.Error()
}

func (r *run) do(ctx context.Context) (err error) {
	if r.dir, err = os.MkdirTemp(r.Dir, "run-"); err != nil {
		return fmt.Errorf("make a folder for the refresh: %w", err)
	}
	if err := r.openParent(ctx); err != nil {
		return err
	}
	if r.plan, err = r.makePlan(ctx); err != nil {
		return err
	}
	r.receipt.Warnings = append(r.receipt.Warnings, r.plan.warnings...)
	r.decideMode(ctx)
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
	m, err := r.Catalog.Load(ctx)
	if err != nil {
		return err
	}
	if err := m.Belongs(r.Base); err != nil {
		return err
	}
	r.owner = m.Owner
	r.current, err = m.CurrentSnapshot()
	if errors.Is(err, catalog.ErrNoSnapshot) {
		return nil
	}
	r.receipt.SnapshotBefore = catalog.Nullable(r.current.ID)
	for _, s := range m.Candidates() {
		path, err := r.Catalog.Fetch(ctx, s, r.dir)
		if err == nil {
			r.parent, err = snapshot.Open(path)
		}
		if err == nil {
			return nil
		}
		if !errors.Is(err, catalog.ErrDamaged) && !errors.Is(err, snapshot.ErrNotSnapshot) && !errors.Is(err, snapshot.ErrSchema) {
			return err
		}
		r.outdated = true
		r.warn(ctx, fmt.Sprintf("%v: all records are read again", err))
	}
	return nil
}

func (r *run) warn(ctx context.Context, warning string) {
	r.Log.WarnContext(ctx, warning, "run", r.receipt.ID)
	r.receipt.Warnings = append(r.receipt.Warnings, warning)
}

func (r *run) confirm(ctx context.Context) (err error) {
	what := catalog.Confirmation{Snapshot: r.current.ID, Watermark: r.plan.watermark}
	if r.receipt.Mode == catalog.Full {
		what.Deletes, what.Computed = r.plan.watermark, r.plan.watermark
	}
	r.finish()
	r.receipt, err = r.Catalog.Confirm(ctx, r.receipt, what)
	return err
}

func (r *run) publish(ctx context.Context) error {
	meta, err := r.meta()
	if err != nil {
		return err
	}
	sealed, err := r.draft.Seal(ctx, meta)
	if err != nil {
		return err
	}
	next := catalog.Snapshot{
		Parent: catalog.Nullable(r.current.ID), CreatedAt: catalog.At(meta.CreatedAt), Watermark: catalog.At(r.plan.watermark),
		DeletesConfirmedAt: r.current.DeletesConfirmedAt, ComputedConfirmedAt: r.current.ComputedConfirmedAt,
	}
	if r.receipt.Mode == catalog.Full {
		next.DeletesConfirmedAt, next.ComputedConfirmedAt = next.Watermark, next.Watermark
	}
	r.finish()
	r.receipt, err = r.Catalog.Publish(ctx, catalog.Publication{
		Owner:  catalog.Owner{Base: r.Base, TableID: meta.TableID, TableName: meta.TableName},
		Sealed: sealed, Snapshot: next, Run: r.receipt, Dir: r.dir,
	})
	return err
}

func (r *run) finish() {
	now := r.Airtable.Counts()
	r.receipt.AirtableCalls = now.Calls - r.before.Calls
	r.receipt.Retries = now.Retries - r.before.Retries
	r.receipt.Throttled = now.Throttled - r.before.Throttled
	r.receipt.Finished = catalog.At(time.Now())
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
