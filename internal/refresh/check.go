package refresh

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
)

// Check reports whether a refresh would work: the token, the base, the table, every mapped
// field and the years on one page of records, the calls that the schedule takes, the store and the
// disk. It makes three calls, which are counted in the store. It also tries what the store
// promises, on an object that it deletes, and writes nothing else. It leaves out what depends
// on something wrong.
func (e *Engine) Check(ctx context.Context) Report {
	a := e.newAttempt(job.Request{Mode: job.Incremental, DryRun: true}, nil)
	var report Report
	dir, err := os.MkdirTemp(e.cfg.Dir, "check-")
	if err != nil {
		report.find(PartStore, err)
		return report
	}
	defer e.removeDir(dir)
	m, was := e.checkStore(ctx, dir, &report)
	defer was.close()
	if identity, err := e.cfg.Airtable.Whoami(ctx); err != nil {
		report.find(PartToken, err)
	} else {
		report.Add(PartToken, Fine, "Airtable accepts the token, of user %s", identity.ID)
		e.checkClock("Airtable's", identity.Date, &report)
		e.checkBase(ctx, a.request, was, &report)
	}
	e.checkCalls(m, &report)
	if err := e.countDryRun(ctx, a); err != nil {
		report.Add(PartStore, Note, "the calls of this check could not be counted: %v", err)
	}
	return report
}

// checkStore tries the store, and returns its manifest and the snapshot that a refresh would
// start from. The caller closes the parent.
func (e *Engine) checkStore(
	ctx context.Context, dir string, report *Report,
) (m manifest.Manifest, was parent) {
	m, err := e.cfg.Store.Load(ctx)
	if err == nil {
		e.checkClock("the store's", m.ReadAt, report)
		// The probe takes six operations and leaves nothing in the store.
		if err := e.cfg.Store.Probe(ctx); err != nil {
			report.find(PartStore, err)
		} else {
			report.Add(PartStore, Fine, "%s keeps its promises: conditional writes were tried",
				e.cfg.Store)
		}
		was, err = e.openParent(ctx, m, dir)
	}
	if err != nil {
		report.find(PartStore, err)
	}
	for _, warning := range was.warnings {
		report.Add(PartStore, Note, "%s", warning)
	}
	if free, err := freeSpace(e.cfg.Dir); err == nil {
		report.checkRoom(free, was.current.Bytes)
	}
	return m, was
}

// roomTenths is how much disk a refresh takes, in tenths of the unpacked snapshot: 2.8 times it at
// 5,830 records (November 2026).
const roomTenths = 28

// checkRoom compares the free bytes of the disk for temporary files with what the next refresh
// takes.
func (r *Report) checkRoom(free uint64, snapshot int64) {
	const mega = 1_000_000
	needed := uint64(max(snapshot, 0)) * roomTenths / 10
	switch {
	case snapshot == 0:
		r.Add(PartStore, Fine, "%d MB are free where TMPDIR is; how many a refresh takes is "+
			"unknown before the first one", free/mega)
	case free < needed:
		r.Add(PartStore, Wrong, "%d MB are free where TMPDIR is, and a refresh takes about %d MB, "+
			"2.8 times the unpacked snapshot: free space, or set TMPDIR to a larger disk; the disk "+
			"of a function has the size that EphemeralStorageMb gives it", free/mega, needed/mega)
	default:
		r.Add(PartStore, Fine, "%d MB are free where TMPDIR is; a refresh takes about %d MB",
			free/mega, max(needed/mega, 1))
	}
}

// maxSkew is by how much clocks may differ before a check tells: an HTTP date has whole seconds.
const maxSkew = 30 * time.Second

// checkClock compares a clock with this host's. No data depends on it: the schedule does, and the
// signatures of requests to S3.
func (e *Engine) checkClock(whose string, date time.Time, report *Report) {
	skew := e.cfg.Now().Sub(date).Round(time.Second)
	if !date.IsZero() && skew.Abs() > maxSkew {
		report.Add(PartStore, Note, "this host's clock and %s differ by %s: synchronize this host's, "+
			"by which the schedule runs", whose, skew.Abs())
	}
}

// checkBase finds the table and its fields, and reads a page of records.
func (e *Engine) checkBase(
	ctx context.Context, q job.Request, was parent, report *Report,
) {
	p, err := e.makePlan(ctx, q, was)
	for _, warning := range p.warnings {
		report.Add(PartBase, Note, "%s", warning)
	}
	known := p.schema && p.bound != nil
	if known {
		report.Add(PartBase, Fine, "%s has table %q (%s) with %d fields; the token may read the schema",
			p.base, p.tableName, p.tableID, len(p.fields))
		report.Add(PartReaders, Fine, "keys show what they read; %s", p.private)
	}
	if err != nil {
		report.find(PartBase, err)
		if known {
			report.checkFields(was, p, nil)
		}
		return
	}
	var records []airtable.Record
	query := airtable.Query{MaxRecords: airtable.PageSize, ByID: p.schema}
	for page, err := range e.cfg.Airtable.List(ctx, p.table, query) {
		if err != nil {
			report.find(PartBase, err)
			return
		}
		records = append(records, page.Records...)
	}
	report.Add(PartBase, Fine, "the token may read records: %d on the first page", len(records))
	report.checkFields(was, p, records)
	report.checkColumns(p, records)
	report.checkYears(p, records)
}

// checkColumns reports what is odd about a whole column of the page.
func (r *Report) checkColumns(p plan, records []airtable.Record) {
	page := sample{filled: map[string]int{}, records: len(records)}
	rows := make([]cells, len(records))
	for i, record := range records {
		rows[i] = p.row(record).Cells
		for name, value := range rows[i] {
			if feedback.Filled(value) {
				page.filled[name]++
			}
		}
	}
	page.rows = func(yield func(cells, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
	odd, err := p.oddColumns(page)
	for _, text := range odd {
		r.Add(PartFields, Note, "%s", text)
	}
	if err != nil {
		r.find(PartFields, err)
	}
}

func (r *Report) checkYears(p plan, records []airtable.Record) {
	years, inside := map[int]int{}, 0
	for _, record := range records {
		created := p.row(record).Feedback.Created
		years[created.Year()]++
		if p.years.Contains(created) {
			inside++
		}
	}
	var counts []string
	for _, year := range slices.Sorted(maps.Keys(years)) {
		counts = append(counts, fmt.Sprintf("%d of %d", years[year], year))
	}
	switch {
	case len(records) == 0:
		r.Add(PartYears, Note, "the table has no records")
	case inside == 0:
		r.Add(PartYears, Note, "none of the %d records on one page would be served (%s): "+
			"check FEEDBACK_YEARS=%s", len(records), strings.Join(counts, ", "), p.years)
	default:
		r.Add(PartYears, Fine, "of %d records on one page, %d belong to the years %s (%s)",
			len(records), inside, p.years, strings.Join(counts, ", "))
	}
}

// checkCalls compares the calls that the schedule takes with the cap. Airtable allows a workspace
// 1,000 calls a month on the Free plan and 100,000 on the Team plan
// (https://support.airtable.com/docs/managing-api-call-limits-in-airtable, November 2026).
func (e *Engine) checkCalls(m manifest.Manifest, report *Report) {
	if e.cfg.Due == nil {
		return
	}
	now, quota, records := e.cfg.Now(), e.cfg.Store.Quota(), m.Records()
	year, month, _ := now.UTC().Date()
	due := e.cfg.Due(time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC))
	total, terms := 0, []string{}
	for _, mode := range []job.Mode{job.Full, job.Sweep, job.Incremental} {
		calls := m.Estimate(mode, records, quota)
		total += due[mode] * calls
		terms = append(terms, fmt.Sprintf("%s %d × %d", mode, due[mode], calls))
	}
	size := fmt.Sprintf("with %d records", records)
	if records == 0 {
		size = "at least, for the size of the table is unknown before the first refresh"
	}
	limit := "AIRTABLE_MONTHLY_CALLS sets no cap"
	if e.cfg.MonthlyCalls > 0 {
		limit = fmt.Sprintf("AIRTABLE_MONTHLY_CALLS is %d", e.cfg.MonthlyCalls)
	}
	report.Add(PartQuota, Fine, "%d calls were made this month; a whole month takes about %d "+
		"(%s), %s; %s, and Airtable's Free plan allows a workspace 1,000, Team 100,000",
		m.CallsIn(now), total, strings.Join(terms, ", "), size, limit)
	if e.cfg.MonthlyCalls > 0 && total > e.cfg.MonthlyCalls {
		report.Add(PartQuota, Note, "that is more than the cap: sweeps are skipped first, then "+
			"refreshes fail; raise AIRTABLE_MONTHLY_CALLS, or make the schedules sparser")
	}
}
