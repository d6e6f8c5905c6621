package refresh

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/job"
)

// Report is the result of a check: what works, what an operator may want to know, and
// what would make a refresh fail.
type Report struct{ Fine, Notes, Findings []string }

// Check reports whether a refresh would work: the token, the base, the table, every mapped
// field, and the years on one page of records. It makes three calls, which are counted in
// the store. It also tests the promises of the store, on an object that it deletes, and
// writes nothing else. It skips what cannot be checked after a failure.
func (e *Engine) Check(ctx context.Context) Report {
	a := e.newAttempt(job.Request{Mode: job.Incremental, DryRun: true}, nil)
	var report Report
	if err := e.check(ctx, a.request, &report); err != nil {
		report.find(err)
	}
	if err := e.countDryRun(ctx, a); err != nil {
		report.note("the calls of this check could not be counted: %v", err)
	}
	return report
}

func (e *Engine) check(ctx context.Context, q job.Request, report *Report) error {
	dir, err := os.MkdirTemp(e.cfg.Dir, "check-")
	if err != nil {
		return err
	}
	defer e.removeDir(dir)
	identity, err := e.cfg.Airtable.Whoami(ctx)
	if err != nil {
		return err
	}
	report.fine("Airtable accepts the token, of user %s", identity.ID)
	var was parent
	m, err := e.cfg.Store.Load(ctx)
	if err == nil {
		// The probe takes six operations and leaves nothing in the store.
		if err := e.cfg.Store.Probe(ctx); err != nil {
			report.find(err)
		} else {
			report.fine("store %s keeps its promises", e.cfg.Store)
		}
		was, err = e.openParent(ctx, m, dir)
		defer was.close()
	}
	if err != nil {
		report.find(err)
	}
	p, err := e.makePlan(ctx, q, was)
	report.Notes = slices.Concat(report.Notes, was.warnings, p.warnings)
	if p.schema && p.bound != nil {
		report.fine("base %s has table %q (%s) with %d fields",
			p.base, p.tableName, p.tableID, len(p.fields))
		report.checkFields(was, p)
	}
	if err != nil {
		return err
	}
	return e.checkYears(ctx, p, report)
}

func (r *Report) checkFields(was parent, p plan) {
	table := airtable.Table{Fields: p.fields}
	for _, key := range feedback.Keys() {
		for _, name := range p.configured.Names(key) {
			_, had := was.meta().Bound[name]
			if field, ok := table.Field(p.bound[name]); ok {
				r.fine("%s is field %q (%s, %s)", key, field.Name, field.ID, field.Type)
			} else if !had && !p.configured.Chosen(key) { // else it is a finding
				r.note("%s: the table has no field %q, which counts as blank%s",
					key, name, nearestField(name, table))
			}
		}
	}
}

func (e *Engine) checkYears(ctx context.Context, p plan, report *Report) error {
	years, inside, read := map[int]int{}, 0, 0
	page := sample{filled: map[string]int{}}
	var rows []cells
	query := airtable.Query{MaxRecords: airtable.PageSize, ByID: p.schema}
	for listed, err := range e.cfg.Airtable.List(ctx, p.table, query) {
		if err != nil {
			return err
		}
		for _, record := range listed.Records {
			row := p.row(record)
			rows = append(rows, row.Cells)
			for name, value := range row.Cells {
				if feedback.Filled(value) {
					page.filled[name]++
				}
			}
			created := row.Feedback.Created
			years[created.Year()]++
			read++
			if p.years.Contains(created) {
				inside++
			}
		}
	}
	page.records = len(rows)
	page.rows = func(yield func(cells, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
	odd, err := p.oddColumns(page)
	report.Notes = append(report.Notes, odd...)
	if err != nil {
		return err
	}
	var counts []string
	for _, year := range slices.Sorted(maps.Keys(years)) {
		counts = append(counts, fmt.Sprintf("%d of %d", years[year], year))
	}
	report.fine("of %d records on one page, %d belong to the years %s (%s)",
		read, inside, p.years, strings.Join(counts, ", "))
	if read > 0 && inside == 0 {
		report.note("none of them would be served: check FEEDBACK_YEARS=%s", p.years)
	}
	return nil
}

func (r *Report) fine(format string, args ...any) {
	r.Fine = append(r.Fine, fmt.Sprintf(format, args...))
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// find adds a finding for each of joined errors.
func (r *Report) find(err error) {
	for text := range strings.Lines(withAdvice(err)) {
		r.Findings = append(r.Findings, strings.TrimSuffix(text, "\n"))
	}
}
