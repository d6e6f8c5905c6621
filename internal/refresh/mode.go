package refresh

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// decideMode settles how much is read, and whether rows have to be made again although nothing was edited.
func (r *run) decideMode(ctx context.Context) {
	reason := r.fullBecause()
	r.plan.remake = r.parent != nil && (reason != "" || r.madeOtherwise())
	if reason != "" && r.receipt.Mode != job.Full {
		r.Log.InfoContext(ctx, "the refresh becomes a full one", "run", r.receipt.ID, "because", reason)
		r.receipt.Mode = job.Full
		r.show()
	}
}

// madeOtherwise says whether the parent's rows were mapped or named otherwise than this run would.
func (r *run) madeOtherwise() bool {
	was := r.parent.Meta()
	mapping, err := json.Marshal(r.Mapping)
	return err != nil || string(mapping) != string(was.Mapping) || was.MappingVersion != feedback.MappingVersion ||
		was.TableID != r.plan.tableID || (r.plan.known && !maps.Equal(namesOf(was.Fields), r.plan.names))
}

// namesOf gives the names of fields by id.
func namesOf(fields []snapshot.Field) map[string]string {
	names := make(map[string]string, len(fields))
	for _, field := range fields {
		names[field.ID] = field.Name
	}
	return names
}

// fullBecause says why an incremental would not do, "" if it would.
func (r *run) fullBecause() string {
	if r.parent == nil {
		return "there is no snapshot to go on from"
	}
	was := r.parent.Meta()
	switch {
	case r.outdated:
		return "the current snapshot can not be read"
	case was.Years != r.Years.String():
		return "FEEDBACK_YEARS was " + was.Years
	case !r.sameCreated(was.Mapping):
		return "another field says when feedback was created"
	case was.Blind == r.plan.known:
		return "the schema could be read only one of the two times"
	case r.plan.known && !r.keeps(r.plan.bound):
		return "a mapped field is new in the base"
	case !r.plan.known && r.receipt.Mode == job.Sweep:
		return "without the schema it is not known which fields are computed"
	case r.plan.known:
		return r.reshaped(was.Fields)
	}
	return ""
}

// reshaped says which field changed so that values differ in records that were not modified.
func (r *run) reshaped(was []snapshot.Field) string {
	now := map[string]airtable.Field{}
	for _, field := range r.plan.fields {
		now[field.ID] = field
	}
	for _, field := range was {
		switch is, there := now[field.ID]; {
		case !there:
		case is.Type != field.Type:
			return fmt.Sprintf("field %q was of type %s and is of type %s", is.Name, field.Type, is.Type)
		case is.Shape() != field.Shape && is.Computed():
			return fmt.Sprintf("field %q is computed in another way", is.Name)
		case is.Shape() != field.Shape:
			return fmt.Sprintf("field %q has other choices", is.Name)
		}
	}
	return ""
}

// keeps says whether the parent has the cells of all the fields that are mapped now, so that its rows can be mapped from what it keeps.
func (r *run) keeps(bound snapshot.Binding) bool {
	was := namesOf(r.parent.Meta().Fields)
	for _, id := range bound {
		if was[id] == "" {
			return false
		}
	}
	return true
}

func (r *run) sameCreated(was json.RawMessage) bool {
	var old struct{ Fields map[string][]string }
	if json.Unmarshal(was, &old) != nil {
		return false
	}
	for _, key := range []string{feedback.Created, feedback.ReportedOn} {
		if !slices.Equal(old.Fields[key], r.Mapping.Names(key)) {
			return false
		}
	}
	return true
}
