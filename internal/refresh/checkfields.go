package refresh

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"voc/internal/airtable"
	"voc/internal/feedback"
)

// checkFields reports the field of each key, in how many of the records it has a value, and, of
// what is missing, which field is probably meant.
func (r *Report) checkFields(was parent, p plan, records []airtable.Record) {
	table := airtable.Table{Fields: p.fields}
	if !p.schema {
		table.Fields = fieldsOf(records)
	}
	bound := map[string]string{} // field ids by configured name
	for _, key := range feedback.Keys() {
		for i, name := range p.configured.Names(key) {
			id := p.bound[name]
			if !p.schema {
				id = p.mapping.Names(key)[i] // the name that the last run with a schema saw
			}
			if field, ok := table.Field(id); ok {
				bound[name] = field.ID
			}
		}
	}
	var missing, far []string
	for _, key := range feedback.Keys() {
		var known, unknown []string
		for _, name := range p.configured.Names(key) {
			_, had := was.meta().Bound[name]
			if field, ok := table.Field(bound[name]); ok && bound[name] != "" {
				known = append(known, describeField(field, records))
			} else if !had && !p.configured.Chosen(key) { // else it is reported as wrong
				unknown = append(unknown, fmt.Sprintf("%q%s", name, nearestField(name, table)))
			}
		}
		if len(known) == 0 {
			missing = append(missing, key)
		}
		switch text := strings.Join(unknown, " or "); {
		case len(known) > 0:
			r.Add(PartFields, Fine, "%s: %s", key, strings.Join(known, "; "))
		case strings.Contains(text, "nearest"):
			r.Add(PartFields, Note, "%s: the table has no field %s", key, text)
		case text != "":
			far = append(far, key+" ("+text+")")
		}
	}
	if len(far) > 0 {
		r.Add(PartFields, Note, "the table has no field for %s", strings.Join(far, ", "))
	}
	all := len(feedback.Keys())
	switch {
	case slices.Contains(missing, feedback.Description):
		r.Add(PartFields, Wrong, "%d of %d keys have a field, and description is missing: every text "+
			"would be \"No description provided\". Set FIELD_MAP", all-len(missing), all)
	case len(missing) > 0:
		r.Add(PartFields, Note, "%d of %d keys have a field; the others are blank in every record: "+
			"if the table has them under another name, set FIELD_MAP", all-len(missing), all)
	default:
		r.Add(PartFields, Fine, "all %d keys have a field", all)
	}
	r.suggestFieldMap(p, table, bound, records)
}

// fieldsOf returns the fields that records show, under their names: without the schema, those that
// are blank in all of them are unknown.
func fieldsOf(records []airtable.Record) (fields []airtable.Field) {
	for _, record := range records {
		for name := range record.Fields {
			field := airtable.Field{ID: name, Name: name}
			if !slices.ContainsFunc(fields, func(f airtable.Field) bool { return f.ID == name }) {
				fields = append(fields, field)
			}
		}
	}
	slices.SortFunc(fields, func(a, b airtable.Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

// describeField words a field, and in how many of the records it has a value.
func describeField(field airtable.Field, records []airtable.Record) string {
	text := fmt.Sprintf("%q", field.Name)
	if field.Type != "" {
		text += " (" + field.Type + ")"
	}
	if len(records) > 0 {
		text += fmt.Sprintf(", in %d of %d", countFilled(field, records), len(records))
	}
	return text
}

// countFilled counts the records with a value in a field: Airtable omits blank cells.
func countFilled(field airtable.Field, records []airtable.Record) (filled int) {
	for _, record := range records {
		if len(record.Fields[field.ID]) > 0 {
			filled++
		}
	}
	return filled
}

// suggestFieldMap makes a FIELD_MAP of what is configured and of the fields that are near to what
// is missing. A description is suggested in any case, since without it no record says anything.
func (r *Report) suggestFieldMap(
	p plan, table airtable.Table, bound map[string]string, records []airtable.Record,
) {
	fields, suggests := map[string]any{}, false
	free := airtable.Table{Fields: slices.DeleteFunc(slices.Clone(table.Fields),
		func(f airtable.Field) bool {
			for _, id := range bound {
				if id == f.ID {
					return true
				}
			}
			return false
		})}
	for _, key := range feedback.Keys() {
		names := p.configured.Names(key)
		if p.configured.Chosen(key) {
			fields[key] = names
		}
		if slices.ContainsFunc(names, func(name string) bool { return bound[name] != "" }) ||
			p.configured.Chosen(key) && len(names) == 0 {
			continue
		}
		name := nearestOf(append(slices.Clone(names), strings.ReplaceAll(key, "_", " ")), free)
		if name == "" && key == feedback.Description {
			name = longestText(free, records)
		}
		if name != "" {
			fields[key], suggests = name, true
		}
	}
	if !suggests {
		return
	}
	text, err := json.Marshal(fields)
	if err == nil { // an apostrophe would end the quotes of the shell
		r.FieldMap = "FIELD_MAP='" + strings.ReplaceAll(string(text), "'", `\u0027`) + "'"
	}
}

// nearestOf returns the name of the field that is nearest to one of the names; "" if none is near.
func nearestOf(names []string, table airtable.Table) (best string) {
	distance := 0
	for _, name := range names {
		for _, field := range table.Fields {
			if d, near := nameDistance(name, field.Name); near && (best == "" || d < distance) {
				best, distance = field.Name, d
			}
		}
	}
	return best
}

// longestText returns the field of long texts that most records fill; of short ones, if there is
// none of long ones.
func longestText(table airtable.Table, records []airtable.Record) (best string) {
	for _, kinds := range [][]string{{"multilineText", "richText"}, {"singleLineText", ""}} {
		most := -1
		for _, field := range table.Fields {
			if n := countFilled(field, records); n > most && slices.Contains(kinds, field.Type) {
				best, most = field.Name, n
			}
		}
		if best != "" {
			return best
		}
	}
	return ""
}
