package refresh

import (
	"context"
	"maps"
	"slices"

	"voc/internal/airtable"
	"voc/internal/feedback"
)

// sweep follows an incremental's listing: it holds all records of the table, with a few of their cells, against those that the draft holds. So it finds what no modification time
// tells: deleted records, records that an earlier listing passed over, and computed values that are others now. Each record in question is then read whole, by
// its id, so that none is served as a mixture of two moments.
func (r *run) sweep(ctx context.Context) error {
	if err := r.remake(ctx); err != nil {
		return err
	}
	if err := r.list(ctx, airtable.Query{Formula: r.narrowing(), Fields: r.narrow()}, r.see, r.draft.ResetListed); err != nil {
		return err
	}
	unseen, err := r.draft.Unlisted(ctx)
	if err != nil {
		return err
	}
	outdated, err := r.draft.Outdated(ctx)
	if err != nil {
		return err
	}
	return r.ask(ctx, slices.Concat(unseen, outdated))
}

// narrow are the ids of the fields that a sweep lists: what Airtable works out, and what says whether a record belongs to the years. An empty list would be all fields.
func (r *run) narrow() []string {
	ids := slices.Sorted(maps.Keys(r.plan.computed))
	for _, key := range []string{feedback.Created, feedback.ReportedOn} {
		for _, name := range r.Mapping.Names(key) {
			if id := r.plan.bound[name]; id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 && r.plan.primary != "" {
		ids = []string{r.plan.primary}
	}
	return ids
}

// see notes the records of a page that belong to the years.
func (r *run) see(ctx context.Context, page airtable.Page) error {
	for _, record := range page.Records {
		row := r.row(record)
		if !r.Years.Contains(row.Feedback.Created) {
			continue
		}
		if err := r.draft.MarkListed(ctx, record.ID, row.Source.Computed); err != nil {
			return err
		}
	}
	return nil
}
