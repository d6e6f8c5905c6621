package airtablesim

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"voc/internal/airtablesim/formula"
)

// modifiedName is the field that holds the records' modified times.
const modifiedName = "Last Modified Time"

// Load reads a base from a file of records, one per line in the form of Airtable's
// responses ({"id", "createdTime", "fields"}), plain or compressed with gzip.
//
// The schema is inferred from the values: a field exists if a record has it, in the order
// of the file; the first is the primary field. The field "Last Modified Time" becomes the
// records' modified time; a record without it counts as never edited. Errors name the
// file and the line. The whole file is held in memory, at about four times its plain
// size.
func Load(path string) (*Base, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read Airtable records: %w", err)
	}
	b, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("read Airtable records: %s: %w", path, err)
	}
	return b, nil
}

func readFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data, err
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if data, err = io.ReadAll(z); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

// parse returns a base from lines of JSON.
func parse(data []byte) (*Base, error) {
	l := &loader{
		base:    ident("app", string(data)),
		records: map[string]*record{},
		columns: map[string]*column{},
	}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if err := l.add(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return l.finish()
}

// loader collects the records of one file.
type loader struct {
	base     string
	records  map[string]*record
	sequence []string
	columns  map[string]*column
	names    []string // of the columns, in order of appearance
}

// column holds all values of one field.
type column struct {
	id     string
	values []any
}

func (l *loader) add(line []byte) error {
	var raw struct {
		ID      string         `json:"id"`
		Created time.Time      `json:"createdTime"`
		Fields  jsontext.Value `json:"fields"`
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return err
	}
	switch {
	case raw.ID == "":
		return errors.New("the record has no id")
	case raw.Created.IsZero():
		return errors.New("the record has no createdTime")
	case l.records[raw.ID] != nil:
		return fmt.Errorf("the record %s is in the file twice", raw.ID)
	}
	r := &record{id: raw.ID, created: raw.Created, cells: map[string]cell{}}
	l.records[r.id] = r
	l.sequence = append(l.sequence, r.id)
	return l.fill(r, raw.Fields)
}

// fill reads the cells in their order, which a map would lose.
func (l *loader) fill(r *record, fields jsontext.Value) error {
	d := jsontext.NewDecoder(bytes.NewReader(fields))
	if begin, err := d.ReadToken(); err != nil || begin.Kind() != '{' {
		return errors.New("the record has no object of fields")
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		column := l.column(name.String())
		text, err := d.ReadValue()
		if err != nil {
			return err
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			return err
		}
		c, ok := newCell(value, text.Clone())
		if !ok {
			continue
		}
		column.values = append(column.values, value)
		r.cells[column.id] = c
	}
	return l.modified(r)
}

// modified moves the modified time from the cells to the record.
func (l *loader) modified(r *record) error {
	column := l.columns[modifiedName]
	if column == nil {
		return nil
	}
	c, ok := r.cells[column.id]
	if !ok {
		return nil
	}
	delete(r.cells, column.id)
	text, _ := c.value.(string)
	if r.modified, ok = formula.ParseTime(text); !ok {
		return fmt.Errorf("the field %q is not a time: %s", modifiedName, c.json)
	}
	return nil
}

func (l *loader) column(name string) *column {
	c := l.columns[name]
	if c == nil {
		c = &column{id: ident("fld", l.base, name)}
		l.columns[name] = c
		l.names = append(l.names, name)
	}
	return c
}

func (l *loader) finish() (*Base, error) {
	if len(l.names) == 0 {
		return nil, errors.New("no record with a field: one JSON object per line is expected")
	}
	t := &table{
		id:       ident("tbl", l.base, tableName),
		name:     tableName,
		records:  l.records,
		sequence: l.sequence,
		byID:     slices.Sorted(slices.Values(l.sequence)),
	}
	for _, name := range l.names {
		f := infer(name, l.columns[name].values)
		f.id = l.columns[name].id
		t.fields = append(t.fields, f)
	}
	return &Base{l.base, t}, nil
}
