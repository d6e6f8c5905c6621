package refresh

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// hide decides which fields of the base readers never see: those that PRIVATE_FIELDS names,
// and those that it named before under names that they have no longer. It rejects a name
// that is known neither here nor from the parent: a typo must not publish a secret.
func (e *Engine) hide(p *plan, was parent) error {
	meta, names := was.meta(), map[string]string{}
	for _, field := range p.fields {
		names[field.ID] = field.Name
	}
	p.private, p.privateIDs = e.cfg.Privacy, map[string][]string{}
	var mistakes []error
	for _, name := range p.private.Fields {
		ids := slices.Clone(meta.PrivateIDs[name])
		for id, now := range names {
			if id == name || feedback.Fold(now) == feedback.Fold(name) {
				ids = append(ids, id)
			}
		}
		for _, field := range meta.Fields {
			if field.ID == name || feedback.Fold(field.Name) == feedback.Fold(name) {
				ids = append(ids, field.ID)
			}
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		switch {
		case len(ids) == 0 && len(names) == 0:
			mistakes = append(mistakes, fmt.Errorf("PRIVATE_FIELDS names field %q, and whether the "+
				"table has it is unknown: give the Airtable token the scope schema.bases:read", name))
		case len(ids) == 0:
			mistakes = append(mistakes, fmt.Errorf("PRIVATE_FIELDS names %q, which is neither a key "+
				"nor a field of the table%s", name, nearestPrivate(name, p)))
		case !slices.ContainsFunc(ids, func(id string) bool { return names[id] != "" }):
			p.warnings = append(p.warnings, fmt.Sprintf("field %q of PRIVATE_FIELDS is gone from the "+
				"table, and nothing of it is shown", name))
		}
		p.privateIDs[name] = ids
	}
	p.screen = feedback.NewScreen(p.mapping, p.private, func(name string) (now []string) {
		for _, id := range append([]string{p.bound[name]}, p.privateIDs[name]...) {
			if id != "" { // which is the key of a cell whose field is newer than the schema
				now = append(now, id, names[id])
			}
		}
		return now
	})
	p.createdFrom = map[string][]string{}
	for _, key := range []string{feedback.Created, feedback.ReportedOn} {
		p.createdFrom[key] = slices.DeleteFunc(slices.Clone(p.configured.Names(key)), p.private.Hides)
	}
	return errors.Join(mistakes...)
}

// finding is something about the data that the gate reports.
type finding struct {
	text  string
	shown string // in place of text where readers see it; "": text has nothing private
}

// oddPrivateField is the shown text of a warning about a private field.
const oddPrivateField = "a private field needs a look: the log of this run names it"

// screened returns what receipts say of findings, each text once. Anyone who may read receives a
// receipt, so the private details go to the log alone.
func (e *Engine) screened(
	ctx context.Context, q job.Request, found []finding,
) (texts []string) {
	for _, f := range found {
		if f.shown != "" {
			e.cfg.Log.WarnContext(ctx, f.text, "run", q.ID)
		}
		if text := cmp.Or(f.shown, f.text); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// conceals reports whether readers see nothing of one of the named fields, or only masked.
func (p plan) conceals(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return p.screen.Hides(name) || p.private.Only != nil &&
			!slices.ContainsFunc(feedback.Keys(), func(key string) bool {
				return slices.Contains(p.mapping.Names(key), name)
			})
	})
}

// concealsKey reports whether a key is private or masked, or reads a field that is.
func (p plan) concealsKey(key string) bool {
	return slices.Contains(p.private.Keys, key) || slices.Contains(p.private.Masked, key) ||
		slices.ContainsFunc(p.mapping.Names(key), p.screen.Hides)
}

// nearestPrivate words a hint at the key or the field that was probably meant.
func nearestPrivate(name string, p *plan) string {
	candidates := feedback.Keys()
	for _, field := range p.fields {
		candidates = append(candidates, field.Name)
	}
	return nearest(name, candidates)
}

// hidesOtherwise reports whether the parent shows other values than the plan will.
func (p plan) hidesOtherwise(meta snapshot.Meta) bool {
	is, err := json.Marshal(p.private)
	was, damaged := json.Marshal(meta.Private)
	return err != nil || damaged != nil || string(is) != string(was)
}
