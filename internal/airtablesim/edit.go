package airtablesim

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Record is a record as a call would return it.
type Record struct {
	ID      string
	Created time.Time
	Fields  map[string]any // by name; values as encoding/json decodes them
}

// Records returns all records in order of creation. The caller owns the slice and the
// maps, but must not change the values in them.
func (s *Server) Records() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	records := make([]Record, 0, len(s.table.sequence))
	for _, id := range s.table.sequence {
		r := s.table.records[id]
		fields := map[string]any{}
		for _, f := range s.table.fields {
			if c, ok := r.cell(f); ok {
				fields[f.name] = c.value
			}
		}
		records = append(records, Record{id, r.created, fields})
	}
	return records
}

// Create adds a record, created now, and returns its id. Like all methods that change the
// base, it accepts any JSON value, including errors and computed fields, and panics on an
// unknown name or id and on a value that is not JSON, which are bugs of the test.
func (s *Server) Create(fields map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &record{id: s.newID("rec"), created: s.now()}
	s.table.put(r.with(s.cells(fields)))
	return r.id
}

// Update changes cells of a record, modified now; nil clears a cell.
func (s *Server) Update(id string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustRecord(id).with(s.cells(fields))
	r.modified = s.now()
	s.table.put(r)
}

// Recompute changes cells as Airtable does when a linked record or the clock changes a
// formula: the modified time does not change.
func (s *Server) Recompute(id string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table.put(s.mustRecord(id).with(s.cells(fields)))
}

// Delete removes a record.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustRecord(id)
	s.table.remove(id)
}

// RenameTable renames the table; its id does not change.
func (s *Server) RenameTable(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table.name = name
}

// RenameField renames a field; its id does not change.
func (s *Server) RenameField(old, name string) {
	s.replaceField(old, func(f field) []*field {
		f.name = name
		return []*field{&f}
	})
}

// DropField removes a field and its cells.
func (s *Server) DropField(name string) {
	s.replaceField(name, func(field) []*field { return nil })
}

// AddField adds an empty field of any type, including unknown ones. Selects start without
// choices. Calls can write only to the types that [Load] infers, and not to computed
// ones.
func (s *Server) AddField(name, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.table.named(name) != nil {
		panic(fmt.Sprintf("airtablesim: field %q exists", name))
	}
	f := &field{id: s.newID("fld"), name: name, kind: kind}
	s.table.setFields(append(slices.Clip(s.table.fields), f))
}

// RenameChoice renames a choice of a select in the schema and in every record, without
// modifying the records; "" deletes it. Unlike in Airtable, the choice gets another id.
func (s *Server) RenameChoice(name, old, choice string) {
	s.replaceField(name, func(f field) []*field {
		f.choices = renamed(f.choices, old, choice)
		for _, r := range s.table.records {
			if c, ok := r.cells[f.id]; ok {
				s.table.put(r.with(map[string]cell{f.id: renameInCell(c, old, choice)}))
			}
		}
		return []*field{&f}
	})
}

func renamed(texts []string, old, now string) []string {
	texts = slices.Clone(texts)
	for i := range texts {
		if texts[i] == old {
			texts[i] = now
		}
	}
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

// renameInCell returns a cell of a select with a choice renamed.
func renameInCell(c cell, old, now string) cell {
	value := c.value
	switch v := value.(type) {
	case string:
		if v == old {
			value = now
		}
	case []any:
		var texts []string
		for _, element := range v {
			texts = append(texts, fmt.Sprint(element))
		}
		value = renamed(texts, old, now)
	}
	return mustCell(value)
}

// SetFormula turns a field into a formula, or changes its formula. It does not change the
// cells; Recompute does.
func (s *Server) SetFormula(name, formula string) {
	s.replaceField(name, func(f field) []*field {
		f.kind, f.formula, f.choices = "formula", formula, nil
		return []*field{&f}
	})
}

func (s *Server) replaceField(name string, by func(field) []*field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.table.named(name)
	if f == nil {
		panic(fmt.Sprintf("airtablesim: no field %q", name))
	}
	s.table.setFields(replaced(s.table.fields, f, by(*f)...))
}

func (s *Server) mustRecord(id string) *record {
	r := s.table.records[id]
	if r == nil {
		panic(fmt.Sprintf("airtablesim: no record %q", id))
	}
	return r
}

// cells returns the cells of values by field id.
func (s *Server) cells(fields map[string]any) map[string]cell {
	cells := map[string]cell{}
	for name, value := range fields {
		f := s.table.named(name)
		if f == nil || f.kind == "createdTime" || f.kind == "lastModifiedTime" {
			panic(fmt.Sprintf("airtablesim: no writable field %q", name))
		}
		cells[f.id] = mustCell(value)
	}
	return cells
}

func mustCell(value any) cell {
	text := encode(value)
	var decoded any
	if err := json.Unmarshal(text, &decoded); err != nil {
		panic(err) // cannot fail: encode wrote it
	}
	c, _ := newCell(decoded, text)
	return c
}
