package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// plan is what a run found out before it asked for records.
type plan struct {
	watermark time.Time
	table     string // to ask for
	tableID   string // "" when the schema could not be read
	tableName string
	known     bool             // the schema could be read
	fields    []airtable.Field // of the table
	names     map[string]string
	mapping   feedback.Mapping // by the names that the base has now
	bound     snapshot.Binding
	remake    bool // every row has to be mapped or named again
	warnings  []string
}

// makePlan reads the schema, and finds the table and each mapped field in it, under a new name where it was renamed.
func (r *run) makePlan(ctx context.Context) (plan, error) {
	schema, err := r.Airtable.Schema(ctx)
	if refusal, ok := errors.AsType[*airtable.Error](err); ok && refusal.Status == http.StatusForbidden {
		return r.planBlind(refusal)
	}
	if err != nil {
		return plan{}, err
	}
	p := plan{watermark: schema.Date, known: true, bound: snapshot.Binding{}, names: map[string]string{}}
	if err := r.findTable(&p, schema); err != nil {
		return p, err
	}
	if err := r.bindFields(&p); err != nil {
		return p, err
	}
	p.remake = r.parent != nil && r.made(p)
	return p, p.check()
}

// planBlind goes on without the schema: names stay as configured. Whether the base is there at all is for the first page to say.
func (r *run) planBlind(refusal *airtable.Error) (plan, error) {
	p := plan{
		watermark: refusal.Date, table: r.Table, tableName: r.Table, mapping: r.Mapping, bound: snapshot.Binding{},
		warnings: []string{"the schema of the base can not be read, so that renamed fields are not noticed: give the Airtable token the scope schema.bases:read"},
	}
	if r.parent != nil {
		was := r.parent.Meta()
		p.bound, p.remake = was.Bound, r.made(p)
		if was.TableID != "" && (r.Table == was.TableID || r.Table == was.TableName) {
			p.table, p.tableID, p.tableName = was.TableID, was.TableID, was.TableName
		}
	}
	return p, errors.Join(p.check(), r.sameTable(p))
}

// check refuses a clock that is missing: without it, edits could be lost.
func (p plan) check() error {
	if p.watermark.IsZero() {
		return errors.New("Airtable's answer has no Date, so that the time of this refresh is not known: is a proxy in between that removes it?") //nolint:staticcheck // a name begins it
	}
	return nil
}

func (r *run) findTable(p *plan, schema airtable.Schema) error {
	table, ok := schema.Table(r.Table)
	if !ok && r.parent != nil && r.Table == r.parent.Meta().TableAs { // it was there under this name: no misspelling
		if table, ok = schema.Table(r.parent.Meta().TableID); ok {
			p.warnings = append(p.warnings, fmt.Sprintf("table %q is called %q now: set AIRTABLE_TABLE_NAME", r.Table, table.Name))
		}
	}
	if !ok {
		return fmt.Errorf("base %s has no table %q: set AIRTABLE_TABLE_NAME%s", r.Base, r.Table, nearest(r.Table, tableNames(schema)))
	}
	p.table, p.tableID, p.tableName, p.fields = table.ID, table.ID, table.Name, table.Fields
	for _, field := range table.Fields {
		p.names[field.ID] = field.Name
	}
	return r.sameTable(*p)
}

// sameTable refuses to put one table's records over another's.
func (r *run) sameTable(p plan) error {
	if r.parent == nil {
		return nil
	}
	was := r.parent.Meta()
	if was.TableID == p.tableID && p.tableID != "" || (was.TableID == "" || p.tableID == "") && (was.TableName == p.tableName || was.TableName == r.Table) {
		return nil
	}
	return fmt.Errorf("the store %s holds table %q (%s), and AIRTABLE_TABLE_NAME is %q: give each table a SNAPSHOT_STORE of its own", r.Catalog, was.TableName, was.TableID, r.Table)
}

// bindFields finds the field id behind each mapped name.
func (r *run) bindFields(p *plan) error {
	table := airtable.Table{Fields: p.fields}
	renamed := map[string]string{}
	var mistakes []error
	for _, key := range feedback.Keys() {
		for _, name := range r.Mapping.Names(key) {
			field, err := r.bind(key, name, table)
			if err != nil {
				mistakes = append(mistakes, err)
			}
			if field.ID == "" {
				continue
			}
			p.bound[name] = field.ID
			if field.Name != name {
				renamed[name] = field.Name
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(renamed)) {
		if name != p.bound[name] { // configured by id: nothing to tell
			p.warnings = append(p.warnings, fmt.Sprintf("field %q is called %q now: it was followed; name it in FIELD_MAP", name, renamed[name]))
		}
	}
	p.mapping = r.Mapping.Follow(renamed)
	return errors.Join(mistakes...)
}

// bind finds the field behind one name. The zero field without an error is a default that the base does not have.
func (r *run) bind(key, name string, table airtable.Table) (airtable.Field, error) {
	if field, ok := table.Field(name); ok {
		return field, nil
	}
	if r.parent != nil {
		if id, was := r.parent.Meta().Bound[name]; was {
			if field, ok := table.Field(id); ok {
				return field, nil
			}
			return airtable.Field{}, fmt.Errorf("field %q (%s) is gone from the table, and the current snapshot has it: restore the field, or name another one for %q in FIELD_MAP%s",
				name, id, key, nearest(name, fieldNames(table.Fields)))
		}
	}
	if r.Mapping.Chosen(key) {
		return airtable.Field{}, fmt.Errorf("FIELD_MAP names field %q for %q, and the table has none of that name%s", name, key, nearest(name, fieldNames(table.Fields)))
	}
	return airtable.Field{}, nil
}

// made says whether the parent's rows were mapped or named otherwise than this run would.
func (r *run) made(p plan) bool {
	was := r.parent.Meta()
	mapping, err := json.Marshal(r.Mapping)
	return err != nil || string(mapping) != string(was.Mapping) || was.MappingVersion != feedback.MappingVersion ||
		was.TableID != p.tableID || (p.known && !sameNames(was.Fields, p.names))
}

// sameNames says whether every field that was there still is, by its name. One that is new changes no row.
func sameNames(was []snapshot.Field, names map[string]string) bool {
	return !slices.ContainsFunc(was, func(f snapshot.Field) bool { return names[f.ID] != f.Name })
}

// fullBecause says why an incremental would not do, "" if it would.
func (r *run) fullBecause() string {
	if r.parent == nil {
		return "there is no snapshot to go on from"
	}
	was := r.parent.Meta()
	switch {
	case was.Years != r.Years.String():
		return "FEEDBACK_YEARS was " + was.Years
	case !r.sameCreated(was.Mapping):
		return "another field says when feedback was created"
	case (len(was.Fields) > 0) != r.plan.known:
		return "the schema could be read only one of the two times"
	case r.plan.known && !maps.Equal(within(was.Bound, r.plan.bound), r.plan.bound):
		return "a mapped field is another one now, or is new"
	}
	return ""
}

// within keeps those bindings whose names are still mapped.
func within(was, now snapshot.Binding) snapshot.Binding {
	kept := maps.Clone(was)
	maps.DeleteFunc(kept, func(name, _ string) bool { return now[name] == "" })
	return kept
}

func (r *run) sameCreated(was json.RawMessage) bool {
	var old struct{ Fields map[string][]string }
	if json.Unmarshal(was, &old) != nil {
		return false
	}
	for _, key := range []string{feedback.Created, feedback.ReportedOn} {
		if !slices.Equal(old.Fields[key], r.Mapping.Names(key)) {
			return false
		}
	}
	return true
}

// narrowing is the formula of a full listing.
func (r *run) narrowing() string {
	if !r.plan.known {
		return ""
	}
	table := airtable.Table{Fields: r.plan.fields}
	var candidates []airtable.DateCandidate
	for _, key := range []string{feedback.Created, feedback.ReportedOn} {
		for _, name := range r.plan.mapping.Names(key) {
			if field, ok := table.Field(name); ok {
				candidates = append(candidates, airtable.DateCandidate{Name: field.Name, Date: field.IsDate()})
			}
		}
	}
	from, to := r.Years.Interval()
	return airtable.CreatedWithin(candidates, from, to)
}

// meta describes the snapshot that this run makes.
func (r *run) meta() (snapshot.Meta, error) {
	mapping, err := json.Marshal(r.Mapping)
	meta := snapshot.Meta{
		Base: r.Base, TableID: r.plan.tableID, TableName: r.plan.tableName, TableAs: r.Table, Years: r.Years.String(), Mapping: mapping,
		MappingVersion: feedback.MappingVersion, Bound: r.plan.bound, Run: r.receipt.ID, CreatedAt: time.Now().UTC().Truncate(time.Millisecond), Program: r.Program,
	}
	for _, field := range r.plan.fields {
		meta.Fields = append(meta.Fields, snapshot.Field{ID: field.ID, Name: field.Name, Type: field.Type})
	}
	return meta, err
}

func tableNames(schema airtable.Schema) (names []string) {
	for _, table := range schema.Tables {
		names = append(names, table.Name)
	}
	return names
}

func fieldNames(fields []airtable.Field) (names []string) {
	for _, field := range fields {
		names = append(names, field.Name)
	}
	return names
}

// nearest words a hint at the name that was probably meant; "" when there is none at all.
func nearest(name string, names []string) string {
	best, distance := "", 0
	for _, candidate := range names {
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(candidate)); best == "" || d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (the nearest is %q)", best)
}
