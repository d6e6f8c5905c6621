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
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// plan is what a run found out before it asked for records.
type plan struct {
	watermark time.Time
	table     string // to ask for
	tableID   string // "" when the schema could not be read
	tableName string
	known     bool              // the schema could be read
	fields    []airtable.Field  // of the table, as last known
	names     map[string]string // of fields, by id
	ids       map[string]string // the other way round
	computed  map[string]bool   // keys of the cells that Airtable works out, as cells are keyed
	primary   string            // id of the primary field
	mapping   feedback.Mapping  // by the names that the base has now
	bound     snapshot.Binding  // nil: the table could not be found, or is not the store's
	remake    bool              // the parent was made otherwise: there is something to publish even if nothing was edited
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
	p := plan{watermark: schema.Date, known: true, names: map[string]string{}, ids: map[string]string{}}
	if err := r.findTable(&p, schema); err != nil {
		return p, err
	}
	if err := r.bindFields(&p); err != nil {
		return p, err
	}
	p.findComputed(func(f airtable.Field) string { return f.ID })
	return p, p.check()
}

func (p *plan) findComputed(key func(airtable.Field) string) {
	p.computed = map[string]bool{}
	for _, field := range p.fields {
		if field.Computed() {
			p.computed[key(field)] = true
		}
	}
}

// planBlind goes on without the schema: names are as the last run that saw it knew them, else as configured. Whether the base is there at all is for the
// first page to say.
func (r *run) planBlind(refusal *airtable.Error) (plan, error) {
	p := plan{
		watermark: refusal.Date, table: r.Table, tableName: r.Table, mapping: r.Mapping, bound: snapshot.Binding{},
		warnings: []string{"the schema of the base can not be read, so that renamed fields are not noticed: give the Airtable token the scope schema.bases:read"},
	}
	if r.parent != nil {
		was := r.parent.Meta()
		p.bound, p.mapping = was.Bound, r.Mapping.Follow(renamed(was))
		for _, field := range was.Fields {
			p.fields = append(p.fields, airtable.Field{ID: field.ID, Name: field.Name, Type: field.Type})
		}
	}
	p.findComputed(func(f airtable.Field) string { return f.Name })
	if was := r.owner; was.TableID != "" && (r.Table == was.TableID || r.Table == was.TableName) {
		p.table, p.tableID, p.tableName = was.TableID, was.TableID, was.TableName
	}
	return p, errors.Join(p.check(), r.sameTable(p))
}

// renamed says what the fields that were configured under one name were called last.
func renamed(was snapshot.Meta) map[string]string {
	names, now := namesOf(was.Fields), map[string]string{}
	for name, id := range was.Bound {
		if names[id] != "" {
			now[name] = names[id]
		}
	}
	return now
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
	p.table, p.tableID, p.tableName, p.fields, p.primary = table.ID, table.ID, table.Name, table.Fields, table.PrimaryFieldID
	for _, field := range table.Fields {
		p.names[field.ID], p.ids[field.Name] = field.Name, field.ID
	}
	return r.sameTable(*p)
}

// sameTable refuses to put one table's records over another's. Where one of the two ids is not known, names have to do. Error: manifest.ErrForeign.
func (r *run) sameTable(p plan) error {
	was := r.owner
	same := was.TableID == p.tableID
	if was.TableID == "" || p.tableID == "" {
		same = slices.Contains([]string{p.tableID, p.tableName, r.Table}, was.TableName)
	}
	if same || was == (manifest.Owner{}) {
		return nil
	}
	return fmt.Errorf("the store %s %w: it holds table %q (%s), and AIRTABLE_TABLE_NAME is %q: give each table a SNAPSHOT_STORE of its own",
		r.Store, manifest.ErrForeign, was.TableName, was.TableID, r.Table)
}

// bindFields finds the field id behind each mapped name.
func (r *run) bindFields(p *plan) error {
	table := airtable.Table{Fields: p.fields}
	p.bound = snapshot.Binding{}
	renamed := map[string]string{}
	var mistakes []error
	var gone []string
	for _, key := range feedback.Keys() {
		for _, name := range r.Mapping.Names(key) {
			field, lost, err := r.bind(key, name, table)
			switch {
			case err != nil:
				mistakes = append(mistakes, err)
			case lost != "":
				gone = append(gone, lost)
			case field.ID == "": // a default that the base does not have
			default:
				if id, was := r.wasBound(name); was && id != field.ID {
					p.warnings = append(p.warnings, fmt.Sprintf("field %q is another one than before (%s, it was %s)", name, field.ID, id))
				}
				p.bound[name] = field.ID
				if field.Name != name {
					renamed[name] = field.Name
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(renamed)) {
		if name != p.bound[name] { // configured by id: nothing to tell
			p.warnings = append(p.warnings, fmt.Sprintf("field %q is called %q now: it was followed; name it in FIELD_MAP", name, renamed[name]))
		}
	}
	p.mapping = r.Mapping.Follow(renamed)
	return errors.Join(append(mistakes, r.doWithout(p, gone))...)
}

// doWithout refuses to go on without fields that are gone, unless a person has accepted it.
func (r *run) doWithout(p *plan, gone []string) error {
	if len(gone) == 0 {
		return nil
	}
	what := strings.Join(gone, "; ")
	if !r.request.Accept {
		return r.refuse(what)
	}
	p.warnings = append(p.warnings, "accepted: "+what)
	return nil
}

// bind finds the field behind one name. The zero field is a default that the base does not have; lost tells of one that it has no more.
func (r *run) bind(key, name string, table airtable.Table) (field airtable.Field, lost string, err error) {
	if field, ok := table.Field(name); ok {
		return field, "", nil
	}
	if id, was := r.wasBound(name); was {
		if field, ok := table.Field(id); ok {
			return field, "", nil
		}
		return airtable.Field{}, r.vanished(key, name, id, fieldNames(table.Fields)), nil
	}
	if r.Mapping.Chosen(key) {
		err = fmt.Errorf("FIELD_MAP names field %q for %q, and the table has none of that name%s", name, key, nearest(name, fieldNames(table.Fields)))
	}
	return airtable.Field{}, "", err
}

// wasBound says which field stood behind a name when the current snapshot was made.
func (r *run) wasBound(name string) (id string, was bool) {
	if r.parent == nil {
		return "", false
	}
	id, was = r.parent.Meta().Bound[name]
	return id, was
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
		Base: r.Base, TableID: r.plan.tableID, TableName: r.plan.tableName, TableAs: r.Table, Blind: !r.plan.known, Years: r.Years.String(), Mapping: mapping,
		MappingVersion: feedback.MappingVersion, Bound: r.plan.bound, Run: r.receipt.ID, AsOf: r.plan.watermark, CreatedAt: r.Now().UTC().Truncate(time.Millisecond), Program: r.Program,
	}
	for _, field := range r.plan.fields {
		meta.Fields = append(meta.Fields, snapshot.Field{ID: field.ID, Name: field.Name, Type: field.Type, Shape: field.Shape()})
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
