package airtable

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Schema is what a base is made of.
type Schema struct {
	Tables []Table   `json:"tables"`
	Date   time.Time `json:"-"` // Airtable's clock when it answered; zero when it did not say
}

// Table is one table of a base.
type Table struct {
	ID             string  `json:"id"` // tbl…
	Name           string  `json:"name"`
	PrimaryFieldID string  `json:"primaryFieldId"`
	Fields         []Field `json:"fields"`
}

// Field is one column of a table.
type Field struct {
	ID      string          `json:"id"` // fld…
	Name    string          `json:"name"`
	Type    string          `json:"type"`    // Airtable's name, such as singleLineText; new ones may appear
	Options json.RawMessage `json:"options"` // as Airtable gave them; depends on the type
}

// Table returns the table with that id, else the one with exactly that name.
func (s Schema) Table(idOrName string) (Table, bool) { return find(s.Tables, idOrName) }

// Field returns the field with that id, else the one with exactly that name.
func (t Table) Field(idOrName string) (Field, bool) { return find(t.Fields, idOrName) }

func (t Table) keys() [2]string { return [2]string{t.ID, t.Name} }
func (f Field) keys() [2]string { return [2]string{f.ID, f.Name} }

func find[T interface{ keys() [2]string }](all []T, want string) (T, bool) {
	for key := range 2 {
		for _, one := range all {
			if one.keys()[key] == want {
				return one, true
			}
		}
	}
	var none T
	return none, false
}

// IsDate reports whether the field's values are dates, with or without a time, so that
// a formula may compare them: a date field, or a formula or rollup that gives one. A
// lookup of dates is a list, and is not.
func (f Field) IsDate() bool {
	kind := f.Type
	if kind == "formula" || kind == "rollup" {
		kind = f.resultType()
	}
	switch kind {
	case "date", "dateTime", "createdTime", "lastModifiedTime":
		return true
	}
	return false
}

// resultType is what a formula or rollup gives; empty when Airtable does not know.
func (f Field) resultType() string {
	var options struct{ Result struct{ Type string } }
	if json.Unmarshal(f.Options, &options) != nil {
		return ""
	}
	return options.Result.Type
}

// Computed reports whether Airtable works the values out from other cells, so that
// they can change without the record being modified: [ModifiedSince] does not find such
// changes. For aiText this is not documented; it is taken to be so. Values that are set
// once, such as createdTime or autoNumber, and those that change only with the record,
// such as lastModifiedTime, do not count.
func (f Field) Computed() bool {
	switch f.Type {
	case "formula", "rollup", "count", "multipleLookupValues", "button", "aiText":
		return true
	}
	return false
}

// Shape stands for what makes the values of a field differ when it changes, although no record was modified: the choices of a select by id and name, the options of a
// computed field, its formula among them. It is "" for other types.
func (f Field) Shape() string {
	var shape any
	switch {
	case f.Computed():
		if json.Unmarshal(f.Options, &shape) != nil {
			return ""
		}
	case f.Type == "singleSelect", f.Type == "multipleSelects":
		var options struct{ Choices []struct{ ID, Name string } }
		if json.Unmarshal(f.Options, &options) != nil {
			return ""
		}
		names := map[string]string{}
		for _, choice := range options.Choices {
			names[choice.ID] = choice.Name
		}
		shape = names
	default:
		return ""
	}
	text, _ := json.Marshal(shape) // of what was JSON; keys are sorted
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:8])
}
