package airtablesim

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Record is a record as a call for it would answer.
type Record struct {
	ID      string
	Created time.Time
	Fields  map[string]any // by name; values as encoding/json decodes them
}

// Records gives all records in the order they were created. The caller may keep
// the slice and the maps, but not change the values in them.
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

// Create adds a record, created now, and gives its id. As all methods that
// change the base it takes any value that JSON has, errors and computed fields
// too, and panics on a name, id or value that cannot be: that is a test's slip.
func (s *Server) Create(fields map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &record{id: s.newID("rec"), created: s.now()}
	s.table.put(r.with(s.cells(fields)))
	return r.id
}

// Update changes cells of a record, modified now; nil clears one.
func (s *Server) Update(id string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.mustHave(id).with(s.cells(fields))
	r.modified = s.now()
	s.table.put(r)
}

// Recompute changes cells as Airtable does by itself when a linked record or the
// clock moves a formula: the modified time stays.
func (s *Server) Recompute(id string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table.put(s.mustHave(id).with(s.cells(fields)))
}

// Delete removes a record.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustHave(id)
	s.table.remove(id)
}

// RenameTable gives the table another name; its id stays.
func (s *Server) RenameTable(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table.name = name
}

// RenameField gives a field another name; its id stays.
func (s *Server) RenameField(old, name string) {
	s.replaceField(old, func(f field) []*field {
		f.name = name
		return []*field{&f}
	})
}

// DropField removes a field and all that is in it.
func (s *Server) DropField(name string) {
	s.replaceField(name, func(field) []*field { return nil })
}

// AddField adds an empty field of a type as the schema names it, which may be
// one that does not exist yet. Selects begin without choices; calls write only
// to the types that [Load] gives, and to no computed one.
func (s *Server) AddField(name, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.table.named(name) != nil {
		panic(fmt.Sprintf("airtablesim: there is a field %q", name))
	}
	f := &field{id: s.newID("fld"), name: name, kind: kind}
	s.table.setFields(append(slices.Clip(s.table.fields), f))
}

// RenameChoice gives a choice of a select another name, in the schema and in every record, without their being modified; "" deletes it. Unlike Airtable's, the
// choice has another id then.
func (s *Server) RenameChoice(name, old, choice string) {
	s.replaceField(name, func(f field) []*field {
		f.choices = renamed(f.choices, old, choice)
		for _, r := range s.table.records {
			if c, ok := r.cells[f.id]; ok {
				s.table.put(r.with(map[string]cell{f.id: rechosen(c, old, choice)}))
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

// rechosen is a cell of a select whose choice was renamed.
func rechosen(c cell, old, now string) cell {
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

// SetFormula makes a field a formula, or gives one another; what its cells hold is for Recompute to change.
func (s *Server) SetFormula(name, formula string) {
	s.replaceField(name, func(f field) []*field {
		f.kind, f.formula, f.choices = "formula", formula, nil
		return []*field{&f}
	})
}

func (s *Server) replaceField(name string, by func(field) []*field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.table.fields, s.table.named(name))
	if i < 0 {
		panic(fmt.Sprintf("airtablesim: no field %q", name))
	}
	with := by(*s.table.fields[i])
	s.table.setFields(slices.Replace(slices.Clone(s.table.fields), i, i+1, with...))
}

func (s *Server) mustHave(id string) *record {
	r := s.table.records[id]
	if r == nil {
		panic(fmt.Sprintf("airtablesim: no record %q", id))
	}
	return r
}

// cells gives values their cells, by field id.
func (s *Server) cells(fields map[string]any) map[string]cell {
	cells := map[string]cell{}
	for name, value := range fields {
		f := s.table.named(name)
		if f == nil || f.kind == "createdTime" || f.kind == "lastModifiedTime" {
			panic(fmt.Sprintf("airtablesim: no field %q that holds a value", name))
		}
		cells[f.id] = mustCell(value)
	}
	return cells
}

func mustCell(value any) cell {
	text := encode(value)
	var decoded any
	if err := json.Unmarshal(text, &decoded); err != nil {
		panic(err) // encode has just written it
	}
	c, _ := newCell(decoded, text)
	return c
}
