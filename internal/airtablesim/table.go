package airtablesim

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"voc/internal/airtablesim/formula"
)

// table holds the fields and records of a base. Fields, records and the slices of both
// are replaced, never changed in place, so that copies are cheap and values once read
// stay valid.
type table struct {
	id, name string
	fields   []*field
	records  map[string]*record
	sequence []string // ids in order of creation, which is the view's
	byID     []string // sorted ids: an arbitrary order, for listings without view and sort
	version  int      // counts the changes
}

type field struct {
	id, name, kind string
	choices        []string // of the selects
	precision      int      // of numbers, decimal places
	result         *field   // of formulas; nil if unknown
	formula        string   // of formulas, for the schema only; it is not evaluated
}

// computed reports whether Airtable rejects writes to the field.
func (f *field) computed() bool {
	switch f.kind {
	case "formula", "lastModifiedTime", "createdTime", "multipleLookupValues":
		return true
	}
	return false
}

func (f *field) dated() bool {
	switch f.kind {
	case "date", "dateTime", "createdTime", "lastModifiedTime":
		return true
	}
	return false
}

type record struct {
	id       string
	created  time.Time
	modified time.Time       // zero if never edited since its creation
	cells    map[string]cell // by field id, without empty cells
}

// cell is a value, decoded and as JSON.
type cell struct {
	value any
	json  []byte
}

// newCell returns the cell of a value, or none for the values that Airtable omits: "",
// [], false and null.
func newCell(value any, json []byte) (c cell, ok bool) {
	switch v := value.(type) {
	case nil:
		return c, false
	case bool:
		ok = v
	case string:
		ok = v != ""
	case []any:
		ok = len(v) > 0
	default:
		ok = true
	}
	if !ok {
		return cell{}, false
	}
	return cell{value, json}, true
}

func (t *table) clone() *table {
	c := *t
	c.records = maps.Clone(t.records)
	return &c
}

func (t *table) named(name string) *field {
	for _, f := range t.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// field returns a field by its id or name, or nil.
func (t *table) field(key string) *field {
	for _, f := range t.fields {
		if f.id == key {
			return f
		}
	}
	return t.named(key)
}

func (t *table) has(key string) bool { return key == t.id || key == t.name }

// put adds a record, or replaces the one with its id.
func (t *table) put(r *record) {
	t.version++
	if t.records[r.id] == nil {
		at, _ := slices.BinarySearch(t.byID, r.id)
		t.byID = slices.Insert(slices.Clone(t.byID), at, r.id)
		t.sequence = append(slices.Clip(t.sequence), r.id)
	}
	t.records[r.id] = r
}

func (t *table) remove(id string) {
	t.version++
	delete(t.records, id)
	gone := func(other string) bool { return other == id }
	t.byID = slices.DeleteFunc(slices.Clone(t.byID), gone)
	t.sequence = slices.DeleteFunc(slices.Clone(t.sequence), gone)
}

// setFields replaces the schema.
func (t *table) setFields(fields []*field) {
	t.version++
	t.fields = fields
}

// replaced returns the fields with others in place of one.
func replaced(fields []*field, old *field, by ...*field) []*field {
	i := slices.Index(fields, old)
	return slices.Replace(slices.Clone(fields), i, i+1, by...)
}

// with returns the record with some cells set; a cell without a value is cleared.
func (r *record) with(cells map[string]cell) *record {
	c := *r
	c.cells = map[string]cell{}
	maps.Copy(c.cells, r.cells)
	maps.Copy(c.cells, cells)
	maps.DeleteFunc(c.cells, func(_ string, c cell) bool { return c.value == nil })
	return &c
}

// cell returns the record's cell of a field, or none.
func (r *record) cell(f *field) (c cell, ok bool) {
	switch {
	case f.kind == "createdTime":
		return stampCell(r.created), true
	case f.kind != "lastModifiedTime":
		c, ok = r.cells[f.id]
	case !r.modified.IsZero():
		return stampCell(r.modified), true
	}
	return c, ok
}

// operand returns the record's cell of a field as a formula value.
func (r *record) operand(f *field) any {
	c, _ := r.cell(f)
	if s, isText := c.value.(string); isText && f.dated() {
		if t, ok := formula.ParseTime(s); ok {
			return t
		}
	}
	return formula.FromJSON(c.value)
}

const stampLayout = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

func stampCell(t time.Time) cell {
	s := stamp(t)
	return cell{s, []byte(`"` + s + `"`)}
}

// encode writes JSON as Airtable does, with < > & as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // cannot fail: only values decoded from JSON are encoded
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
