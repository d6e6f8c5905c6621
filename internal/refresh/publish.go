package refresh

import (
	"context"

	"voc/internal/catalog"
)

// confirm ends a run that found nothing new.
func (r *run) confirm(ctx context.Context) (err error) {
	deletes, computed := r.confirms()
	what := catalog.Confirmation{Snapshot: r.current.ID, Watermark: r.plan.watermark, Deletes: deletes.Time, Computed: computed.Time}
	meta := r.parent.Meta()
	r.receipt.ContentSHA256, r.receipt.ComputedSHA256 = meta.ContentSHA256, meta.ComputedSHA256
	r.finish()
	if r.request.DryRun {
		r.receipt.Outcome = catalog.Nullable(catalog.Unchanged)
		return nil
	}
	r.receipt, err = r.Catalog.Confirm(ctx, r.receipt, what)
	return err
}

// confirms says up to when this run knows that nothing is served that is gone, and that computed values are as Airtable has them; zero where it does not know.
func (r *run) confirms() (deletes, computed catalog.Time) {
	if r.receipt.Mode == catalog.Incremental {
		return deletes, computed
	}
	at := catalog.At(r.plan.watermark)
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
	next := catalog.Snapshot{
		Parent: catalog.Nullable(r.current.ID), CreatedAt: catalog.At(meta.CreatedAt), Watermark: catalog.At(r.plan.watermark),
		DeletesConfirmedAt: r.current.DeletesConfirmedAt, ComputedConfirmedAt: r.current.ComputedConfirmedAt,
	}
	if deletes, computed := r.confirms(); !deletes.IsZero() {
		next.DeletesConfirmedAt, next.ComputedConfirmedAt = deletes, computed
	}
	r.finish()
	if r.request.DryRun {
		r.receipt.Outcome, r.receipt.Bytes = catalog.Nullable(catalog.Published), sealed.Bytes
		return nil
	}
	r.receipt, err = r.Catalog.Publish(ctx, catalog.Publication{
		Owner:  catalog.Owner{Base: r.Base, TableID: meta.TableID, TableName: meta.TableName},
		Sealed: sealed, Snapshot: next, Run: r.receipt, Dir: r.dir,
	})
	return err
}
