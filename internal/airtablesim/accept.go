package airtablesim

import (
	"fmt"
	"math"
	"slices"
	"time"

	"voc/internal/airtablesim/formula"
)

// accept checks the values of a write by the types of their fields, and returns the cells
// by field id. null and "" clear a cell.
func (s *Server) accept(values map[string]any) (map[string]cell, error) {
	cells := map[string]cell{}
	for name, value := range values {
		f := s.table.field(name)
		if f == nil {
			return nil, unknownField(name)
		}
		if f.computed() {
			return nil, badValue("Field %q cannot accept a value because the field is computed", f.name)
		}
		if value == nil || value == "" {
			cells[f.id] = cell{}
			continue
		}
		stored, err := f.accept(value)
		if err != nil {
			return nil, err
		}
		cells[f.id], _ = newCell(stored, encode(stored))
	}
	return cells, nil
}

func badValue(format, name string) *refusal {
	return &refusal{status: 422, kind: "INVALID_VALUE_FOR_COLUMN", message: fmt.Sprintf(format, name)}
}

func badChoice(choice string) *refusal {
	return &refusal{status: 422, kind: "INVALID_MULTIPLE_CHOICE_OPTIONS",
		message: fmt.Sprintf(`Insufficient permissions to create new select option "%q"`, choice)}
}

// textKinds are the types that accept any text.
var textKinds = []string{"singleLineText", "multilineText", "email", "url", "singleSelect"}

// accept returns the value as the field stores it.
func (f *field) accept(value any) (any, error) {
	ok := false
	switch v := value.(type) {
	case string:
		if f.kind == "singleSelect" && !slices.Contains(f.choices, v) {
			return nil, badChoice(v)
		}
		if f.dated() {
			value, ok = f.acceptTime(v)
		} else {
			ok = slices.Contains(textKinds, f.kind)
		}
	case float64:
		ok = f.kind == "number" && !math.IsInf(v, 0)
	case bool:
		ok = f.kind == "checkbox"
	case map[string]any:
		ok = f.kind == "singleCollaborator" && isCollaborator(v)
	case []any:
		ok = f.kind == "multipleSelects" && all(v, is[string])
		for _, choice := range v {
			if name, _ := choice.(string); ok && !slices.Contains(f.choices, name) {
				return nil, badChoice(name)
			}
		}
	}
	if !ok {
		return nil, badValue("Field %q cannot accept the provided value", f.name)
	}
	return value, nil
}

// acceptTime returns a time in the form in which Airtable returns it.
func (f *field) acceptTime(s string) (any, bool) {
	t, ok := formula.ParseTime(s)
	if f.kind == "date" {
		return t.Format(time.DateOnly), ok
	}
	return stamp(t), ok
}
