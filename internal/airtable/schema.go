package airtable

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Schema is the schema of a base.
type Schema struct {
	Tables   []Table   `json:"tables"`
	Date     time.Time `json:"-"` // Airtable's clock; zero if the response had none
	Warnings []string  `json:"-"` // about the date (see [Config.Now])
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
	Type    string          `json:"type"`    // such as singleLineText; Airtable may add types
	Options json.RawMessage `json:"options"` // as Airtable sent them; depends on the type
}

// Table returns the table with that id, or else the table with exactly that name.
func (s Schema) Table(idOrName string) (named Table, ok bool) {
	for _, t := range s.Tables {
		if t.ID == idOrName {
			return t, true
		}
		if t.Name == idOrName && !ok {
			named, ok = t, true
		}
	}
	return named, ok
}

// Field returns the field with that id, or else the field with exactly that name.
func (t Table) Field(idOrName string) (named Field, ok bool) {
	for _, f := range t.Fields {
		if f.ID == idOrName {
			return f, true
		}
		if f.Name == idOrName && !ok {
			named, ok = f, true
		}
	}
	return named, ok
}

// IsDate reports whether the field's values are dates, with or without a time, so that a
// formula may compare them: date fields, and formulas and rollups that result in a date.
// A lookup of dates is a list, so it is not one.
func (f Field) IsDate() bool {
	kind := f.Type
	if kind == "formula" || kind == "rollup" {
		var options struct{ Result struct{ Type string } }
		if json.Unmarshal(f.Options, &options) != nil {
			return false // Airtable does not know the type of the result
		}
		kind = options.Result.Type
	}
	switch kind {
	case "date", "dateTime", "createdTime", "lastModifiedTime":
		return true
	}
	return false
}

// Computed reports whether Airtable computes the values from other cells, so that they
// can change without the record being modified: [ModifiedSince] does not find such
// changes. For aiText this is assumed, since it is not documented. Values that are set
// once, such as createdTime and autoNumber, and values that change only with the record,
// such as lastModifiedTime, do not count.
func (f Field) Computed() bool {
	switch f.Type {
	case "formula", "rollup", "count", "multipleLookupValues", "button", "aiText":
		return true
	}
	return false
}

// Shape returns a hash of the settings that, when they change, change the field's values
// without modifying any record: the choices of a select by id and name, and the options
// of a computed field, including its formula. For other types it returns "".
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
	text, _ := json.Marshal(shape) // cannot fail: it was JSON; keys are sorted
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:8])
}
