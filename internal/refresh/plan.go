package refresh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// overlap is how far before the watermark an incremental begins. Airtable does not document
// when an edit becomes visible to LAST_MODIFIED_TIME
// (https://support.airtable.com/docs/formula-field-reference), and other programs that sync
// by modification time overlap by one to five minutes (November 2026).
const overlap = 5 * time.Minute

// plan is what a run knows before it requests records: what it reads, and how it maps it.
type plan struct {
	mode    job.Mode // of the run, which may do more than was requested
	reason  string   // why the run must be a full; "" if it need not
	remake  bool     // rows are mapped again, so there is something to publish without an edit
	formula string   // of the first listing

	watermark time.Time // Airtable's clock before the first page
	schema    bool      // the schema could be read
	base      string
	table     string // to request: id or name
	tableID   string // "" if the schema could not be read
	tableName string
	primary   string            // id of the primary field
	fields    []airtable.Field  // of the table, as last known
	names     map[string]string // of fields, by id
	ids       map[string]string // of fields, by name
	computed  map[string]bool   // the computed fields, by the key of their cells

	years      feedback.Years
	configured feedback.Mapping // by the names in the configuration
	mapping    feedback.Mapping // by the names that the base has now
	bound      snapshot.Binding // nil: the table is missing or not the store's

	private     feedback.Privacy
	privateIDs  map[string][]string // of fields, by the names in private
	screen      feedback.Screen     // maps records, without what is private
	createdFrom map[string][]string // as in snapshot.Meta

	warnings []string
}

// makePlan reads the schema, finds the table and each mapped field in it, under a new name
// if they were renamed, and decides the mode.
func (e *Engine) makePlan(ctx context.Context, q job.Request, was parent) (plan, error) {
	schema, err := e.cfg.Airtable.Schema(ctx)
	refusal, _ := errors.AsType[*airtable.Error](err)
	var p plan
	switch {
	case err == nil:
		p, err = e.planBySchema(schema, q, was)
	case refusal != nil && refusal.Status == http.StatusForbidden:
		if p, err = e.planWithoutSchema(refusal, was); err == nil {
			err = e.findBox(ctx, &p)
		}
	}
	if err == nil {
		err = e.hide(&p, was)
	}
	if err != nil {
		return p, err
	}
	p.mode = q.Mode
	p.reason = p.fullBecause(was)
	p.follow(was.current.Watermark.Time, e.cfg.Now())
	p.remake = was.parts != nil && (p.reason != "" || p.mapsOtherwise(was))
	if p.reason != "" {
		p.mode = job.Full
	}
	p.formula = airtable.ModifiedSince(was.current.Watermark.Add(-overlap))
	if p.mode == job.Full {
		p.formula = p.yearsFormula()
	}
	return p, nil
}

func (e *Engine) planBySchema(
	schema airtable.Schema, q job.Request, was parent,
) (plan, error) {
	p := plan{
		watermark: schema.Date, schema: true, base: e.cfg.Base, years: e.cfg.Years,
		configured: e.cfg.Mapping, names: map[string]string{}, ids: map[string]string{},
		computed: map[string]bool{}, warnings: schema.Warnings,
	}
	table, warnings, err := e.findTable(schema, was)
	p.warnings = append(p.warnings, warnings...)
	if err != nil {
		return p, err
	}
	p.table, p.tableID, p.tableName = table.ID, table.ID, table.Name
	p.fields, p.primary = table.Fields, table.PrimaryFieldID
	for _, field := range table.Fields {
		p.names[field.ID], p.ids[field.Name] = field.Name, field.ID
		if field.Computed() {
			p.computed[field.ID] = true
		}
	}
	if err := e.checkOwner(table, was.owner); err != nil {
		return p, err
	}
	bound, err := e.bindFields(table, q, was)
	p.bound, p.configured, p.mapping = bound.ids, bound.configured, bound.mapping
	p.warnings = append(p.warnings, bound.warnings...)
	if err != nil {
		return p, err
	}
	return p, checkDate(p.watermark)
}

// planWithoutSchema continues with the names that the last run with a schema saw, or else
// with the configured ones. The first page shows whether the base exists at all.
func (e *Engine) planWithoutSchema(refusal *airtable.Error, was parent) (plan, error) {
	p := plan{
		watermark: refusal.Date, base: e.cfg.Base, table: e.cfg.Table, tableName: e.cfg.Table,
		years: e.cfg.Years, configured: e.cfg.Mapping, mapping: e.cfg.Mapping,
		bound: snapshot.Binding{}, computed: map[string]bool{},
		warnings: []string{"cannot read the schema of the base, so renamed fields are not " +
			"detected: give the Airtable token the scope schema.bases:read"},
	}
	p.warnings = append(p.warnings, refusal.Warnings...)
	if was.parts != nil {
		meta := was.meta()
		p.bound, p.mapping = meta.Bound, e.cfg.Mapping.Follow(lastNames(meta))
		for _, field := range meta.Fields {
			known := airtable.Field{ID: field.ID, Name: field.Name, Type: field.Type}
			p.fields = append(p.fields, known)
			if known.Computed() {
				p.computed[field.Name] = true
			}
		}
	}
	if owner := was.owner; owner.TableID != "" &&
		(e.cfg.Table == owner.TableID || e.cfg.Table == owner.TableName) {
		p.table, p.tableID, p.tableName = owner.TableID, owner.TableID, owner.TableName
	}
	table := airtable.Table{ID: p.tableID, Name: p.tableName}
	return p, errors.Join(checkDate(p.watermark), e.checkOwner(table, was.owner))
}

// findBox asks, without the schema, whether any record has the box of the environment
// checked. It takes a call for each name of the box.
func (e *Engine) findBox(ctx context.Context, p *plan) error {
	has := false
	for _, name := range p.mapping.Names(feedback.EnvironmentBox) {
		ref, ok := airtable.FieldRef(name)
		if !ok || has {
			continue
		}
		query := airtable.Query{Formula: ref, MaxRecords: 1}
		for page, err := range e.cfg.Airtable.List(ctx, p.table, query) {
			failed, _ := errors.AsType[*airtable.Error](err)
			if failed != nil && failed.Fault() == airtable.FaultField {
				break // the table has no field of that name
			} else if err != nil {
				return err
			}
			has = has || len(page.Records) > 0
		}
	}
	p.configured, p.mapping = p.configured.WithBox(has), p.mapping.WithBox(has)
	return nil
}

// lastNames returns what the fields that were configured under a name were called last.
func lastNames(meta snapshot.Meta) map[string]string {
	names, last := fieldNames(meta.Fields), map[string]string{}
	for name, id := range meta.Bound {
		if names[id] != "" {
			last[name] = names[id]
		}
	}
	return last
}

// checkDate rejects a response without a clock: without it, edits could be lost.
func checkDate(watermark time.Time) error {
	if watermark.IsZero() {
		return errors.New("no Date header in Airtable's response, so the time of this refresh " +
			"is unknown: does a proxy remove it?")
	}
	return nil
}

// follow sets the watermark to what follows the parent's: a date that runs back does not
// move it back. A parent's watermark that lies ahead of both Airtable's clock and the
// host's came from a wrong date. Edits since that run may be missing, so a full is needed,
// and the watermark starts over.
func (p *plan) follow(was, now time.Time) {
	switch {
	case !was.After(p.watermark):
	case was.After(p.watermark.Add(overlap)) && was.After(now.Add(overlap)):
		p.reason = cmp.Or(p.reason, "the watermark lies in the future")
		p.warnings = append(p.warnings, fmt.Sprintf("the watermark of the current snapshot, %s, lies "+
			"in the future: all records are read again", was.Format(time.RFC3339)))
	default:
		p.watermark = was
	}
}

// yearsFormula returns the formula that narrows a listing to the served years. "" lists
// all records.
func (p plan) yearsFormula() string {
	if !p.schema {
		return ""
	}
	table := airtable.Table{Fields: p.fields}
	var candidates []airtable.DateCandidate
	for _, key := range []string{feedback.Created, feedback.ReportedOn} {
		for _, name := range p.mapping.Names(key) {
			if field, ok := table.Field(name); ok && !p.screen.Hides(name) {
				candidates = append(candidates,
					airtable.DateCandidate{Name: field.Name, Date: field.IsDate()})
			}
		}
	}
	from, to := p.years.Interval()
	return airtable.CreatedWithin(candidates, from, to)
}

// sweepFields returns the ids of the fields that a sweep lists: the computed ones, and
// those that decide whether a record belongs to the years. It is never empty, which would
// list all fields.
func (p plan) sweepFields() []string {
	var ids []string
	for _, field := range p.fields {
		if field.Computed() {
			ids = append(ids, field.ID)
		}
	}
	slices.Sort(ids)
	for _, key := range []string{feedback.Created, feedback.ReportedOn} {
		for _, name := range p.configured.Names(key) {
			if id := p.bound[name]; id != "" && !slices.Contains(ids, id) && !p.private.Hides(name) {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 && p.primary != "" {
		ids = []string{p.primary}
	}
	return ids
}
