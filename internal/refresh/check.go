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

// Report is what a check found: what is in order, what an operator may want to know, and what would make a refresh fail.
type Report struct{ Fine, Notes, Findings []string }

// Check asks whether a refresh would work: the token, the base, the table, every mapped field, and the years on one page of records. It costs three calls,
// and leaves nothing in the store but that they are counted. It goes as far as it gets: what depends on a finding is left out.
func (e *Engine) Check(ctx context.Context) Report {
	r := e.newRun(job.Request{DryRun: true})
	defer r.cleanUp()
	var report Report
	if err := r.check(ctx, &report); err != nil {
		report.Findings = append(report.Findings, split(err)...)
	}
	if err := r.countDry(ctx); err != nil {
		report.note("the calls of this check could not be counted: %v", err)
	}
	return report
}

func (r *run) check(ctx context.Context, report *Report) (err error) {
	if r.dir, err = os.MkdirTemp(r.Dir, "check-"); err != nil {
		return err
	}
	who, err := r.Airtable.Whoami(ctx)
	if err != nil {
		return err
	}
	report.fine("Airtable takes the token, of user %s", who.ID)
	if r.manifest, err = r.Store.Load(ctx); err == nil {
		err = r.openParent(ctx)
	}
	if err != nil {
		report.Findings = append(report.Findings, split(err)...)
	}
	r.plan, err = r.makePlan(ctx)
	report.Notes = append(append(report.Notes, r.receipt.Warnings...), r.plan.warnings...)
	if r.plan.known && r.plan.bound != nil {
		report.fine("base %s has table %q (%s) with %d fields", r.Base, r.plan.tableName, r.plan.tableID, len(r.plan.fields))
		r.checkFields(report)
	}
	if err != nil {
		return err
	}
	return r.checkYears(ctx, report)
}

func (r *run) checkFields(report *Report) {
	table := airtable.Table{Fields: r.plan.fields}
	for _, key := range feedback.Keys() {
		for _, name := range r.Mapping.Names(key) {
			_, was := r.wasBound(name)
			if field, ok := table.Field(r.plan.bound[name]); ok {
				report.fine("%s is field %q (%s, %s)", key, field.Name, field.ID, field.Type)
			} else if !was && !r.Mapping.Chosen(key) { // else it is a finding
				report.note("%s: the table has no field %q, which counts as blank%s", key, name, nearest(name, fieldNames(r.plan.fields)))
			}
		}
	}
}

func (r *run) checkYears(ctx context.Context, report *Report) error {
	years, inside, read := map[int]int{}, 0, 0
	for page, err := range r.Airtable.List(ctx, r.plan.table, airtable.Query{MaxRecords: idsPerCall, ByID: r.plan.known}) {
		if err != nil {
			return err
		}
		for _, record := range page.Records {
			created := r.row(record).Feedback.Created
			years[created.Year()]++
			read++
			if r.Years.Contains(created) {
				inside++
			}
		}
	}
	var counts []string
	for _, year := range slices.Sorted(maps.Keys(years)) {
		counts = append(counts, fmt.Sprintf("%d of %d", years[year], year))
	}
	report.fine("of %d records on one page %d are of the years %s (%s)", read, inside, r.Years, strings.Join(counts, ", "))
	if read > 0 && inside == 0 {
		report.note("none of them would be served: is FEEDBACK_YEARS=%s meant?", r.Years)
	}
	return nil
}

func (r *Report) fine(format string, args ...any) {
	r.Fine = append(r.Fine, fmt.Sprintf(format, args...))
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// split gives each of joined errors its own line.
func split(err error) []string {
	var texts []string
	for text := range strings.Lines(withAdvice(err)) {
		texts = append(texts, strings.TrimSuffix(text, "\n"))
	}
	return texts
}
