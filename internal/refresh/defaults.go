package refresh

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// sample is what a judgement of columns needs of some records.
type sample struct {
	records int
	filled  map[string]int // records with a value, by field name
	rows    iter.Seq2[cells, error]
}

// sampleOf returns all records of a snapshot.
func sampleOf(ctx context.Context, source *snapshot.Originals, records int) sample {
	return sample{records, source.Meta().Filled, func(yield func(cells, error) bool) {
		for record, err := range source.All(ctx) {
			var row cells
			if err == nil {
				err = json.Unmarshal(record.Fields, &row)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}}
}

// defaultedKeys reports the keys that have their default in every record, although FIELD_MAP
// does not say that they have no field: the field is missing, it is empty, or none of its
// values can be read. It also reports what oddColumns does.
func (p plan) defaultedKeys(s sample) (warnings []finding, err error) {
	if s.records == 0 {
		return nil, nil
	}
	var missing, empty []string
	for _, key := range feedback.Keys() {
		names := p.mapping.Names(key)
		if len(names) == 0 || key == feedback.EnvironmentBox || key == feedback.ReportedOn {
			continue // none wanted, or no column of its own
		}
		c, near := p.columnOf(key, s.filled), ""
		if !c.exists && !c.hasValue {
			near = p.nearMiss(names, s.filled)
		}
		switch label := fmt.Sprintf("%s (%q)", key, names[0]); {
		case c.hasValue:
		case c.exists && p.concealsKey(key):
			warnings = append(warnings, finding{fmt.Sprintf("no value in the fields of these "+
				"keys, which have their default in all %d records: %s", s.records, label),
				oddPrivateField})
		case c.exists:
			empty = append(empty, label)
		case near != "":
			warnings = append(warnings, finding{text: fmt.Sprintf("%s has its default in all %d records: "+
				"no field is called %q, and the nearest is %q: rename it, or name it in FIELD_MAP",
				key, s.records, names[0], near)})
		default:
			missing = append(missing, label)
		}
	}
	for keys := range slices.Chunk(missing, keysPerWarning) {
		warnings = append(warnings, finding{text: fmt.Sprintf("no field for these keys, which have "+
			"their default in all %d records (name fields in FIELD_MAP, or [] to do without): %s",
			s.records, strings.Join(keys, ", "))})
	}
	for keys := range slices.Chunk(empty, keysPerWarning) {
		warnings = append(warnings, finding{text: fmt.Sprintf("no value in the fields of these keys, "+
			"which have their default in all %d records: %s", s.records, strings.Join(keys, ", "))})
	}
	odd, err := p.oddColumns(s)
	return append(warnings, odd...), err
}

// standIns are the keys whose fields give a value where those of another key have none.
var standIns = map[string]string{
	feedback.Environment: feedback.EnvironmentBox, feedback.Created: feedback.ReportedOn,
}

// keysPerWarning is how many keys a warning names: its length is bounded.
const keysPerWarning = 6

const typeLink = "multipleRecordLinks"

// column is what is known of the fields of a key.
type column struct {
	exists, hasValue bool
	links            []string // fields that link to other records
	unreadable       []string // fields with values of which perhaps none can be read
}

func (p plan) columnOf(key string, filled map[string]int) (c column) {
	for _, name := range p.mapping.Names(standIns[key]) {
		_, known := p.field(name)
		c.hasValue = c.hasValue || known || filled[name] > 0
	}
	isText := false
	for _, name := range p.mapping.Names(key) {
		field, known := p.field(name)
		c.exists = c.exists || known || filled[name] > 0
		if field.Type == typeLink {
			c.links = append(c.links, name)
		}
		if filled[name] == 0 {
			continue
		}
		c.hasValue = true
		if mayBeUnreadable(key, field) {
			c.unreadable = append(c.unreadable, name)
		} else {
			isText = !feedback.IsDate(key) && !feedback.IsNumber(key)
		}
	}
	if isText {
		c.unreadable = nil // the key has texts from another field
	}
	return c
}

// field returns what the schema says of a field.
func (p plan) field(name string) (airtable.Field, bool) {
	return airtable.Table{Fields: p.fields}.Field(name)
}

// mayBeUnreadable reports whether a field may have values that a key cannot read.
func mayBeUnreadable(key string, field airtable.Field) bool {
	switch {
	case feedback.IsDate(key):
		return !field.IsDate()
	case feedback.IsNumber(key):
		return !slices.Contains([]string{"number", "currency", "percent", "rating", "count",
			"autoNumber", "duration"}, field.Type)
	}
	return field.Type == "multipleAttachments" || field.Type == "button"
}

// oddColumns reports fields that hold ids of records where people read names, and fields of
// which no value can be read. It reads rows only until each field has had a value that can,
// which in a sound base is the first.
func (p plan) oddColumns(s sample) (warnings []finding, err error) {
	var unread []columnField
	for _, key := range feedback.Keys() {
		c := p.columnOf(key, s.filled)
		for _, name := range c.links {
			warnings = append(warnings, finding{text: fmt.Sprintf("%s: field %q links to other records, so "+
				"its values are their ids: make a lookup field of the names and name it in FIELD_MAP",
				key, name)})
		}
		for _, name := range c.unreadable {
			unread = append(unread, columnField{key, name})
		}
	}
	for row, err := range s.rows {
		if err != nil {
			return nil, err
		}
		unread = slices.DeleteFunc(unread, func(f columnField) bool {
			return p.mapping.Read(f.key, cells{f.name: row[f.name]}) != ""
		})
		if len(unread) == 0 {
			break
		}
	}
	for _, f := range unread {
		shown := ""
		if p.concealsKey(f.key) || p.conceals(f.name) {
			shown = oddPrivateField
		}
		warnings = append(warnings, finding{fmt.Sprintf("%s: no value of field %q can be read as "+
			"%s, in %d of %d records: %s", f.key, f.name, kindOf(f.key), s.filled[f.name],
			s.records, remedyOf(f.key)), shown})
	}
	return warnings, nil
}

// columnField is a field that a key reads.
type columnField struct{ key, name string }

func kindOf(key string) string {
	switch {
	case feedback.IsDate(key):
		return "a date"
	case feedback.IsNumber(key):
		return "a number"
	}
	return "text"
}

func remedyOf(key string) string {
	switch {
	case key == feedback.Created:
		return "the reported date or the record's createdTime stands in. Make it a date field, " +
			"or write dates as 2025-03-14 or 2025-03-14T14:30Z"
	case feedback.IsDate(key):
		return "make it a date field, or write dates as 2025-03-14 or 2025-03-14T14:30Z"
	case feedback.IsNumber(key):
		return "make it a number field, or name another one in FIELD_MAP"
	}
	return "name another field in FIELD_MAP"
}

// nearMiss returns the name of a field that no key reads and that was probably meant by one
// of names; "" if there is none.
func (p plan) nearMiss(names []string, filled map[string]int) string {
	candidates := slices.Collect(maps.Keys(filled))
	for _, field := range p.fields {
		candidates = append(candidates, field.Name)
	}
	candidates = slices.DeleteFunc(candidates, func(candidate string) bool {
		return slices.ContainsFunc(feedback.Keys(), func(key string) bool {
			return slices.Contains(p.mapping.Names(key), candidate)
		})
	})
	slices.Sort(candidates)
	for _, name := range names {
		name = feedback.Fold(name)
		best, distance := "", utf8.RuneCountInString(name)/3+1
		for _, candidate := range candidates {
			folded := feedback.Fold(candidate)
			d := levenshtein.ComputeDistance(name, folded)
			if isPartOf(name, folded) || isPartOf(folded, name) {
				d = min(d, 1)
			}
			if d < distance {
				best, distance = candidate, d
			}
		}
		if best != "" {
			return best
		}
	}
	return ""
}

// isPartOf reports whether all words of a name stand in a longer one, one after the other.
func isPartOf(name, longer string) bool {
	return name != "" && strings.Contains(" "+longer+" ", " "+name+" ")
}
