package refresh

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"voc/internal/airtable"
	"voc/internal/job"
	"voc/internal/snapshot/build"
)

// idsPerCall bounds how many records one call requests by id: a page.
const idsPerCall = airtable.PageSize

// staged is what a run has read. The draft is the caller's to discard.
type staged struct {
	draft       *build.Draft
	pages, read int       // read counts records
	last        time.Time // Airtable's clock at the last page that had one
	warnings    []string
}

// fetch reads what the plan's mode asks for into a draft, one page at a time, and reports
// each page. It returns how far it came, also with an error.
//
// A full asks again, by id, for each record that its listing missed: Airtable does not
// promise that a listing is a consistent snapshot, so a listing proves no deletion.
func (e *Engine) fetch(
	ctx context.Context, draft *build.Draft, was parent, p plan, report func(staged),
) (staged, error) {
	f := fetcher{client: e.cfg.Airtable, plan: p, parent: was, report: report,
		undated: map[string]bool{}}
	f.draft = draft
	if p.mode == job.Remap {
		if !p.remake {
			return f.staged, nil
		}
		return f.staged, f.remake(ctx)
	}
	query := airtable.Query{Formula: p.formula}
	if p.mode == job.Full {
		query.AtOnce, query.Expected = true, was.records()
	}
	err := f.list(ctx, query, f.put, draft.Reset)
	switch {
	case err != nil:
	case p.mode == job.Full:
		var missing []string
		if missing, err = draft.Untouched(ctx); err == nil {
			err = f.readByID(ctx, missing)
		}
	default:
		if p.remake {
			err = f.remake(ctx)
		}
		if err == nil && p.mode == job.Sweep {
			err = f.sweep(ctx)
		}
	}
	if len(f.undated) > 0 {
		ids := slices.Sorted(maps.Keys(f.undated))
		f.warnings = append(f.warnings, fmt.Sprintf("%d records have no date that can be read, not even "+
			"a createdTime, so they belong to no year: %s",
			len(ids), strings.Join(ids[:min(len(ids), idsListed)], ", ")))
	}
	return f.staged, err
}

// fetcher is the state of fetch.
type fetcher struct {
	staged
	client  *airtable.Client
	plan    plan
	parent  parent
	report  func(staged)
	undated map[string]bool // records without any date
}

// list passes each record of a listing to put. If Airtable has lost the listing of a part,
// it starts over: reset then discards the part's records, some of which may be gone.
func (f *fetcher) list(
	ctx context.Context, query airtable.Query,
	put func(context.Context, airtable.Record) error,
	reset func(ctx context.Context, part string) error,
) error {
	query.ByID = f.plan.schema
	listings := map[string]int{} // by part
	for page, err := range f.client.List(ctx, f.plan.table, query) {
		if err != nil {
			return err
		}
		if page.Listing != cmp.Or(listings[page.Part], 1) {
			listings[page.Part] = page.Listing
			if err := reset(ctx, page.Part); err != nil {
				return err
			}
		}
		for _, record := range page.Records {
			if err := put(ctx, record); err != nil {
				return err
			}
		}
		f.pages++
		f.read += len(page.Records)
		if page.Date.After(f.last) { // parts may overtake each other
			f.last = page.Date
		}
		for _, warning := range page.Warnings {
			if !slices.Contains(f.warnings, warning) { // a sweep lists twice
				f.warnings = append(f.warnings, warning)
			}
		}
		f.report(f.staged)
	}
	return nil
}

// put stages a record.
func (f *fetcher) put(ctx context.Context, record airtable.Record) error {
	row := f.plan.row(record)
	if row.Feedback.Created.IsZero() {
		f.undated[record.ID] = true
	}
	return f.putRow(ctx, row)
}

// putRow stages a row that belongs to the years, and removes one that does not: it may
// have belonged before. A remap leaves that to the next refresh.
func (f *fetcher) putRow(ctx context.Context, row build.Row) error {
	if f.plan.mode == job.Remap || f.plan.years.Contains(row.Feedback.Created) {
		return f.draft.Put(ctx, row)
	}
	return f.draft.Remove(ctx, row.Feedback.ID)
}

// readByID reads records by their ids, and removes those that Airtable does not have. The
// parent may hold invalid ids, which earlier versions stored: those too are removed.
func (f *fetcher) readByID(ctx context.Context, ids []string) error {
	var valid []string
	for _, id := range ids {
		if airtable.IsRecordID(id) {
			valid = append(valid, id)
		} else if err := f.draft.Remove(ctx, id); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(valid, idsPerCall) {
		formula, err := airtable.RecordIDs(chunk)
		if err != nil {
			return err
		}
		missing := map[string]bool{}
		for _, id := range chunk {
			missing[id] = true
		}
		found := func(ctx context.Context, record airtable.Record) error {
			delete(missing, record.ID)
			return f.put(ctx, record)
		}
		// A record that was read by its id exists, even if its listing was lost since.
		retain := func(context.Context, string) error { return nil }
		if err := f.list(ctx, airtable.Query{Formula: formula}, found, retain); err != nil {
			return err
		}
		for id := range missing {
			if err := f.draft.Remove(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// remake maps again every row of the parent that an incremental has not read.
func (f *fetcher) remake(ctx context.Context) error {
	untouched, err := f.draft.Untouched(ctx) // sorted
	if err != nil {
		return err
	}
	names := f.plan.currentNames(f.parent.meta())
	for source, err := range f.parent.parts.Source.All(ctx) {
		if err != nil {
			return err
		}
		if _, ok := slices.BinarySearch(untouched, source.ID); !ok {
			continue
		}
		row, err := f.plan.remap(source, names)
		if err != nil {
			return err
		}
		if err := f.putRow(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// sweep follows an incremental's listing. It lists all records, with a few of their cells,
// and compares them with the draft, and so finds what no modification time shows: deleted
// records, records that an earlier listing missed, and computed values that changed. It
// reads each such record whole, by its id, so that none is a mixture of two moments.
func (f *fetcher) sweep(ctx context.Context) error {
	query := airtable.Query{
		Formula: f.plan.yearsFormula(), Fields: f.plan.sweepFields(),
		AtOnce: true, Expected: f.parent.records(),
	}
	if err := f.list(ctx, query, f.markListed, f.draft.ResetListed); err != nil {
		return err
	}
	unlisted, err := f.draft.Unlisted(ctx)
	if err != nil {
		return err
	}
	outdated, err := f.draft.Outdated(ctx)
	if err != nil {
		return err
	}
	return f.readByID(ctx, slices.Concat(unlisted, outdated))
}

// markListed marks a record of the years as listed.
func (f *fetcher) markListed(ctx context.Context, record airtable.Record) error {
	row := f.plan.row(record)
	if !f.plan.years.Contains(row.Feedback.Created) {
		return nil
	}
	return f.draft.MarkListed(ctx, record.ID, row.Source.Computed)
}
