package refresh

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

// overlap is how far before the watermark an incremental begins. Airtable does not document
// when an edit becomes visible to LAST_MODIFIED_TIME
// (https://support.airtable.com/docs/formula-field-reference), and other programs that sync
// by modification time overlap by one to five minutes (November 2026).
const overlap = 5 * time.Minute

// idsPerCall bounds how many records one call asks for by id: a page.
const idsPerCall = 100

// stage reads what the mode asks for into a draft.
func (r *run) stage(ctx context.Context) (err error) {
	start, formula, finish := build.Fork, airtable.ModifiedSince(r.current.Watermark.Add(-overlap)), r.remake
	switch r.receipt.Mode {
	case job.Full:
		start, formula, finish = build.New, r.narrowing(), r.confirmMissing
	case job.Sweep:
		finish = r.sweep
	}
	if r.draft, err = start(ctx, r.dir, r.parent); err != nil {
		return err
	}
	r.receipt.AirtableStarted, r.receipt.Filter, r.receipt.SchemaSHA256 = job.At(r.plan.watermark), formula, r.plan.schemaDigest()
	if err := r.list(ctx, airtable.Query{Formula: formula}, r.take, r.draft.Reset); err != nil {
		return err
	}
	return finish(ctx)
}

// list gives each page of a listing to take. When Airtable has lost the listing it begins anew, and what it gave may be gone by now: forget.
func (r *run) list(ctx context.Context, query airtable.Query, take func(context.Context, airtable.Page) error, forget func(context.Context) error) error {
	query.ByID = r.plan.known
	listing := 1
	for page, err := range r.Airtable.List(ctx, r.plan.table, query) {
		if err != nil {
			return err
		}
		if page.Listing != listing {
			listing = page.Listing
			if err := forget(ctx); err != nil {
				return err
			}
		}
		if err := take(ctx, page); err != nil {
			return err
		}
		r.account(page)
	}
	return nil
}

// take keeps the records of a page.
func (r *run) take(ctx context.Context, page airtable.Page) error {
	for _, record := range page.Records {
		if err := r.put(ctx, r.row(record)); err != nil {
			return err
		}
	}
	return nil
}

// account notes a page that was taken.
func (r *run) account(page airtable.Page) {
	r.receipt.Pages++
	r.receipt.Read += len(page.Records)
	if !page.Date.IsZero() {
		r.receipt.AirtableFinished = job.At(page.Date)
	}
	r.show()
	if r.Progress != nil {
		r.Progress(Progress{Mode: r.receipt.Mode, Pages: r.receipt.Pages, Records: r.receipt.Read})
	}
}

// put keeps a record that belongs to the years, and removes one that does not, since it may have belonged before.
func (r *run) put(ctx context.Context, row build.Row) error {
	if r.Years.Contains(row.Feedback.Created) {
		return r.draft.Put(ctx, row)
	}
	return r.draft.Remove(ctx, row.Feedback.ID)
}

// confirmMissing asks once more for each record that the parent has and the listing did not show.
func (r *run) confirmMissing(ctx context.Context) error {
	missing, err := r.draft.Untouched(ctx)
	if err != nil {
		return err
	}
	return r.ask(ctx, missing)
}

// ask reads records by their ids. What Airtable does not know by its id is gone.
func (r *run) ask(ctx context.Context, ids []string) error {
	for some := range slices.Chunk(ids, idsPerCall) {
		formula, err := airtable.RecordIDs(some)
		if err != nil {
			return err
		}
		gone := map[string]bool{}
		for _, id := range some {
			gone[id] = true
		}
		answered := func(ctx context.Context, page airtable.Page) error {
			for _, record := range page.Records {
				delete(gone, record.ID)
			}
			return r.take(ctx, page)
		}
		none := func(context.Context) error { return nil } // what is asked for by id is as it is, whenever it came
		if err := r.list(ctx, airtable.Query{Formula: formula}, answered, none); err != nil {
			return err
		}
		for id := range gone {
			if err := r.draft.Remove(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// remake maps again, from what the parent keeps, every row that an incremental did not bring anyway.
func (r *run) remake(ctx context.Context) error {
	if !r.plan.remake {
		return nil
	}
	untouched, err := r.draft.Untouched(ctx) // sorted
	if err != nil {
		return err
	}
	rename := r.renames()
	for source, err := range r.parent.Sources(ctx) {
		if err != nil {
			return err
		}
		if _, ok := slices.BinarySearch(untouched, source.ID); !ok {
			continue
		}
		row, err := r.renamed(source, rename)
		if err != nil {
			return fmt.Errorf("map record %s again: %w", source.ID, err)
		}
		if err := r.put(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// renames says under which name a cell of the parent is known now; "" for one whose field is gone. It is nil when the schema could not be read.
// Cells may be there under an id: their field was made after that run had read the schema.
func (r *run) renames() map[string]string {
	if !r.plan.known {
		return nil
	}
	now := maps.Clone(r.plan.names)
	for _, field := range r.parent.Meta().Fields {
		now[field.Name] = r.plan.names[field.ID]
	}
	return now
}

// row is a record as it is kept and served.
func (r *run) row(record airtable.Record) build.Row {
	named := make(cells, len(record.Fields))
	for key, value := range record.Fields {
		if name, ok := r.plan.names[key]; ok {
			key = name
		}
		named[key] = value
	}
	source := snapshot.Source{ID: record.ID, CreatedTime: record.CreatedTime, Fields: named.encode()}
	source.Digest, source.Computed = r.plan.digests(record)
	return r.mapped(source, named)
}

func (r *run) mapped(source snapshot.Source, named cells) build.Row {
	return build.Row{
		Feedback: r.plan.mapping.Map(feedback.Record{ID: source.ID, CreatedTime: source.CreatedTime, Fields: named}),
		Source:   source,
		Cells:    named,
		URL:      r.url(source.ID),
	}
}

// url is where a person sees the record. Without the table's id, which only the schema gives, the base is as near as one gets.
func (r *run) url(id string) string {
	if r.plan.tableID == "" {
		return "https://airtable.com/" + r.Base
	}
	return "https://airtable.com/" + r.Base + "/" + r.plan.tableID + "/" + id
}
