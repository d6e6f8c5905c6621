package refresh

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// fullBecause returns why only a full will do; "" if the requested mode does.
func (p plan) fullBecause(was parent) string {
	if was.parts == nil {
		return "there is no snapshot to continue from"
	}
	meta := was.meta()
	switch {
	case was.outdated:
		return "the current snapshot cannot be read"
	case meta.Years != p.years.String():
		return "FEEDBACK_YEARS was " + meta.Years
	case !maps.EqualFunc(createdFrom(meta), p.createdFrom, slices.Equal[[]string]):
		return "another field holds when feedback was created"
	case meta.Blind == p.schema:
		return "the schema could be read only one of the two times"
	case p.schema && !p.hasCells(meta):
		return "a mapped field is new in the base"
	case !p.schema && p.mode == job.Sweep:
		return "without the schema, the computed fields are unknown"
	case p.schema:
		return p.reshapedField(meta.Fields)
	}
	return ""
}

// createdFrom returns the configured names of the fields by whose times the records of a
// snapshot were selected, by key. The first snapshots of format 4 have them in the mapping.
func createdFrom(meta snapshot.Meta) map[string][]string {
	if meta.CreatedFrom != nil {
		return meta.CreatedFrom
	}
	var was struct{ Fields map[string][]string }
	_ = json.Unmarshal(meta.Mapping, &was) // a mapping that cannot be read has no names
	return map[string][]string{
		feedback.Created:    was.Fields[feedback.Created],
		feedback.ReportedOn: was.Fields[feedback.ReportedOn],
	}
}

// hasCells reports whether the parent has the cells of all fields that are mapped now, so
// that its rows can be mapped again.
func (p plan) hasCells(meta snapshot.Meta) bool {
	names := fieldNames(meta.Fields)
	for _, id := range p.bound {
		if names[id] == "" {
			return false
		}
	}
	return true
}

// reshapedField names a field that changed so that values differ in records that were not
// modified; "" if there is none.
func (p plan) reshapedField(was []snapshot.Field) string {
	table := map[string]airtable.Field{}
	for _, field := range p.fields {
		table[field.ID] = field
	}
	for _, old := range was {
		field, ok := table[old.ID]
		switch {
		case !ok:
		case field.Type != old.Type:
			return fmt.Sprintf("field %q was of type %s and is of type %s",
				field.Name, old.Type, field.Type)
		case field.Shape() != old.Shape && field.Computed():
			return fmt.Sprintf("field %q is computed in another way", field.Name)
		case field.Shape() != old.Shape:
			return fmt.Sprintf("field %q has other choices", field.Name)
		}
	}
	return ""
}

// mapsOtherwise reports whether the parent's rows were mapped, named or stored differently.
func (p plan) mapsOtherwise(was parent) bool {
	meta := was.meta()
	mapping, err := json.Marshal(p.configured)
	return err != nil || string(mapping) != string(meta.Mapping) ||
		meta.MappingVersion != feedback.MappingVersion || meta.TableID != p.tableID ||
		p.hidesOtherwise(meta) || was.parts.Source.Format() != snapshot.Format ||
		p.schema && !maps.Equal(fieldNames(meta.Fields), p.names)
}
