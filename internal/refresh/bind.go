package refresh

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

// findTable finds the configured table in the schema. A table that was there under that
// name when the parent was made is followed to its new name. Else a table counts whose name
// differs only in case, spaces or accents, if it is the only one.
func (e *Engine) findTable(
	schema airtable.Schema, was parent,
) (table airtable.Table, warnings []string, err error) {
	name := e.cfg.Table
	if table, ok := schema.Table(name); ok {
		return table, nil, nil
	}
	if meta := was.meta(); was.parts != nil && name == meta.TableAs {
		if table, ok := schema.Table(meta.TableID); ok {
			return table, []string{fmt.Sprintf(
				"table %q is called %q "+job.RenameMarker+": set AIRTABLE_TABLE_NAME",
				name, table.Name)}, nil
		}
	}
	var names []string
	var alike []airtable.Table
	for _, table := range schema.Tables {
		names = append(names, table.Name)
		if feedback.Fold(table.Name) == feedback.Fold(name) {
			alike = append(alike, table)
		}
	}
	if len(alike) == 1 {
		return alike[0], nil, nil
	}
	return airtable.Table{}, nil, fmt.Errorf(
		"base %s has no table %q: set AIRTABLE_TABLE_NAME%s", e.cfg.Base, name, nearest(name, names))
}

// checkOwner refuses to write one table's records over another's. It compares names if
// one of the two ids is unknown. Error: manifest.ErrForeign.
func (e *Engine) checkOwner(table airtable.Table, owner manifest.Owner) error {
	same := owner.TableID == table.ID
	if owner.TableID == "" || table.ID == "" {
		same = slices.Contains([]string{table.ID, table.Name, e.cfg.Table}, owner.TableName)
	}
	if same || owner == (manifest.Owner{}) {
		return nil
	}
	return fmt.Errorf("the store %s %w: it holds table %q (%s), and AIRTABLE_TABLE_NAME is %q: "+
		"give each table a SNAPSHOT_STORE of its own",
		e.cfg.Store, manifest.ErrForeign, owner.TableName, owner.TableID, e.cfg.Table)
}

// binding is which field stands behind each configured name.
type binding struct {
	ids        snapshot.Binding
	configured feedback.Mapping // by the configured names
	mapping    feedback.Mapping // by the names that the base has now
	warnings   []string
}

// bindFields finds the field behind each mapped name: the one of that name, else the one
// that had it, else the only one whose name differs in case, spaces or accents alone and
// that no other name stands for. It rejects names that are wrong, and fields that are
// missing unless the run is accepted. Error: *gateError.
func (e *Engine) bindFields(
	table airtable.Table, q job.Request, was parent,
) (binding, error) {
	b := binding{ids: snapshot.Binding{}}
	renamed := map[string]string{}
	var mistakes []error
	var missing []string
	alike := e.fieldsByFold(table, was)
	for _, key := range feedback.Keys() {
		for _, name := range e.cfg.Mapping.Names(key) {
			bound, had := was.meta().Bound[name]
			field, ok := fieldOf(table, name, bound)
			near := alike[feedback.Fold(name)]
			if !ok && len(near) == 1 {
				field, ok = near[0], true
			}
			switch {
			case ok:
				if had && bound != field.ID {
					b.warnings = append(b.warnings, fmt.Sprintf(
						"field %q is another one than before (%s, it was %s)", name, field.ID, bound))
				}
				b.ids[name] = field.ID
				if field.Name != name {
					renamed[name] = field.Name
				}
			case had:
				missing = append(missing, e.missingField(key, name, table, was.parts))
			case e.cfg.Mapping.Chosen(key): // else it is a default that the base does not have
				mistakes = append(mistakes, fmt.Errorf(
					"FIELD_MAP names field %q for %q, and the table has none of that name%s",
					name, key, nearestField(name, table)))
			case len(near) > 1:
				b.warnings = append(b.warnings, fmt.Sprintf("%s: no field is called %q, and %q and %q "+
					"differ from it only in case or spaces: name one of them in FIELD_MAP",
					key, name, near[0].Name, near[1].Name))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(renamed)) {
		byID := name == b.ids[name]
		if !byID && feedback.Fold(name) != feedback.Fold(renamed[name]) {
			b.warnings = append(b.warnings, fmt.Sprintf(
				"field %q is called %q "+job.RenameMarker+": rename it in FIELD_MAP",
				name, renamed[name]))
		}
	}
	hasBox := slices.ContainsFunc(e.cfg.Mapping.Names(feedback.EnvironmentBox),
		func(name string) bool { return b.ids[name] != "" })
	b.configured = e.cfg.Mapping.WithBox(hasBox)
	b.mapping = b.configured.Follow(renamed)
	if text := strings.Join(missing, "; "); text != "" && q.Accept {
		b.warnings = append(b.warnings, "accepted: "+text)
	} else if text != "" {
		mistakes = append(mistakes, &gateError{text, was.current.ID, q.Mode, e.cfg.Accept})
	}
	return b, errors.Join(mistakes...)
}

// fieldOf returns the field with that name, or else the one that had it.
func fieldOf(table airtable.Table, name, bound string) (airtable.Field, bool) {
	if field, ok := table.Field(name); ok || bound == "" {
		return field, ok
	}
	return table.Field(bound)
}

// fieldsByFold returns the fields that no configured name stands for, by their folded names.
func (e *Engine) fieldsByFold(table airtable.Table, was parent) map[string][]airtable.Field {
	taken := map[string]bool{}
	for _, key := range feedback.Keys() {
		for _, name := range e.cfg.Mapping.Names(key) {
			if field, ok := fieldOf(table, name, was.meta().Bound[name]); ok {
				taken[field.ID] = true
			}
		}
	}
	fields := map[string][]airtable.Field{}
	for _, field := range table.Fields {
		if !taken[field.ID] {
			folded := feedback.Fold(field.Name)
			fields[folded] = append(fields[folded], field)
		}
	}
	return fields
}

// missingField words a mapped field that the table no longer has: of a private one, without how
// many records have it.
func (e *Engine) missingField(
	key, name string, table airtable.Table, was *build.Parent,
) string {
	meta := was.Source.Meta()
	id := meta.Bound[name]
	last := fieldNames(meta.Fields)[id]
	in := fmt.Sprintf(" in %d of %d records", meta.Filled[last], was.Records)
	if slices.ContainsFunc([]string{name, id, last}, e.cfg.Privacy.Hides) ||
		slices.ContainsFunc(slices.Collect(maps.Values(meta.PrivateIDs)), func(ids []string) bool {
			return slices.Contains(ids, id)
		}) {
		in = ""
	}
	return fmt.Sprintf("field %q (%s) is missing from the table, and the current snapshot has it"+
		"%s: restore the field, name another one for %q in FIELD_MAP%s, "+
		"or set it to [] there to do without", name, id, in, key, nearestField(name, table))
}

func nearestField(name string, table airtable.Table) string {
	var names []string
	for _, field := range table.Fields {
		names = append(names, field.Name)
	}
	return nearest(name, names)
}

// nearest words a hint at the name that was probably meant; "" if none is near.
func nearest(name string, names []string) string {
	best, distance := "", 0
	for _, candidate := range names {
		if d, near := nameDistance(name, candidate); near && (best == "" || d < distance) {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (the nearest is %q)", best)
}

// nameDistance returns how many letters differ between two names, and whether so few that one
// may be a misspelling of the other: a third of them.
func nameDistance(a, b string) (distance int, near bool) {
	a, b = feedback.Fold(a), feedback.Fold(b)
	distance = levenshtein.ComputeDistance(a, b)
	return distance, distance*3 <= max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
}
