package refresh

import (
	"context"

	"voc/internal/job"
	"voc/internal/manifest"
)

// confirm ends a run that found nothing new.
func (r *run) confirm(ctx context.Context) (err error) {
	deletes, computed := r.confirms()
	what := manifest.Confirmation{Snapshot: r.current.ID, Watermark: r.plan.watermark, Deletes: deletes.Time, Computed: computed.Time}
	meta := r.parent.Meta()
	r.receipt.ContentSHA256, r.receipt.ComputedSHA256 = meta.ContentSHA256, meta.ComputedSHA256
	r.finish()
	if r.request.DryRun {
		r.receipt.Outcome = job.Nullable(job.Unchanged)
		return nil
	}
	r.receipt, err = r.Store.Confirm(ctx, r.receipt, what)
	return err
}

// confirms says up to when this run knows that nothing is served that is gone, and that computed values are as Airtable has them; zero where it does not know.
func (r *run) confirms() (deletes, computed job.Time) {
	if r.receipt.Mode == job.Incremental {
		return deletes, computed
	}
	at := job.At(r.plan.watermark)
	return at, at
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
	r.receipt.ContentSHA256, r.receipt.ComputedSHA256 = sealed.ContentSHA256, sealed.ComputedSHA256
	if err := r.gate(ctx, sealed); err != nil {
		return err
	}
	next := manifest.Snapshot{
		Parent: job.Nullable(r.current.ID), CreatedAt: job.At(meta.CreatedAt), Watermark: job.At(r.plan.watermark),
		DeletesConfirmedAt: r.current.DeletesConfirmedAt, ComputedConfirmedAt: r.current.ComputedConfirmedAt,
	}
	if deletes, computed := r.confirms(); !deletes.IsZero() {
		next.DeletesConfirmedAt, next.ComputedConfirmedAt = deletes, computed
	}
	r.finish()
	if r.request.DryRun {
		r.receipt.Outcome, r.receipt.Bytes = job.Nullable(job.Published), sealed.Bytes
		return nil
	}
	r.receipt, err = r.Store.Publish(ctx, manifest.Publication{
		Owner:  manifest.Owner{Base: r.Base, TableID: meta.TableID, TableName: meta.TableName},
		Sealed: sealed, Snapshot: next, Run: r.receipt, Dir: r.dir,
	})
	return err
}
