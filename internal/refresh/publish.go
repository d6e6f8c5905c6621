package refresh

import (
	"context"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
)

// publish makes what was built current, or confirms the parent if it is unchanged, and
// ends the run in the same write. A dry run writes nothing. It returns the receipt as the
// store has it. Errors: job.ErrFenced, manifest.ErrMoved, manifest.ErrBaseLost.
func (e *Engine) publish(
	ctx context.Context, a attempt, s steps, dir string,
) (job.Run, error) {
	p, b, current := s.plan, s.built, s.parent.current
	run := a.finish(s.receipt(), e.cfg.Now())
	// A full and a sweep also confirm that no deleted record and no old computed value is
	// served.
	var confirmed time.Time
	if p.mode == job.Full || p.mode == job.Sweep {
		confirmed = p.watermark
	}
	switch {
	case a.request.DryRun && b.unchanged:
		run.Outcome = job.Nullable(job.Unchanged)
		return run, nil
	case a.request.DryRun:
		run.Outcome, run.Bytes = job.Nullable(job.Published), b.sealed.Bytes()
		return run, nil
	case b.unchanged:
		return e.cfg.Store.Confirm(ctx, run, manifest.Confirmation{
			Snapshot: current.ID, Watermark: p.watermark, Deletes: confirmed, Computed: confirmed,
		})
	}
	next := manifest.Snapshot{
		Parent: job.Nullable(current.ID), CreatedAt: job.At(b.meta.CreatedAt),
		Watermark:           job.At(p.watermark),
		DeletesConfirmedAt:  current.DeletesConfirmedAt,
		ComputedConfirmedAt: current.ComputedConfirmedAt,
		Private:             p.private,
	}
	if !confirmed.IsZero() {
		next.DeletesConfirmedAt, next.ComputedConfirmedAt = job.At(confirmed), job.At(confirmed)
	}
	return e.cfg.Store.Publish(ctx, manifest.Publication{
		Owner:  manifest.Owner{Base: p.base, TableID: p.tableID, TableName: p.tableName},
		Sealed: b.sealed, Snapshot: next, Run: run, Dir: dir, Parent: s.parent.fetched,
	})
}
