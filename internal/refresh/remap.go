package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"voc/internal/airtable"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// errNeedsAirtable is why a remap becomes an incremental.
var errNeedsAirtable = errors.New("the parent does not know all that is configured")

// planRun plans a run. A remap that needs Airtable becomes an incremental.
func (e *Engine) planRun(ctx context.Context, q job.Request, was parent) (plan, error) {
	if q.Mode == job.Remap {
		p, err := e.remapPlan(q, was)
		if !errors.Is(err, errNeedsAirtable) {
			return p, err
		}
		q.Mode = job.Incremental
	}
	return e.makePlan(ctx, q, was)
}

// remapPlan plans a run that maps the parent's records anew and asks Airtable nothing, so
// that a changed PRIVATE_FIELDS takes effect also while Airtable does not respond. The
// snapshot has the parent's records and times. Error: errNeedsAirtable.
func (e *Engine) remapPlan(q job.Request, was parent) (plan, error) {
	meta := was.meta()
	known := []string{meta.TableAs, meta.TableID, meta.TableName}
	if was.parts == nil || was.outdated || !slices.Contains(known, e.cfg.Table) {
		return plan{}, errNeedsAirtable
	}
	p := plan{
		mode: job.Remap, watermark: was.current.Watermark.Time, schema: !meta.Blind,
		base: e.cfg.Base, tableID: meta.TableID, tableName: meta.TableName, years: e.cfg.Years,
		configured: e.cfg.Mapping, names: map[string]string{}, ids: map[string]string{},
		computed: map[string]bool{},
	}
	table := airtable.Table{ID: meta.TableID, Name: meta.TableName}
	for _, known := range meta.Fields {
		field := airtable.Field{ID: known.ID, Name: known.Name, Type: known.Type}
		table.Fields = append(table.Fields, field)
		key := field.Name
		if p.schema {
			key = field.ID
			p.names[field.ID], p.ids[field.Name] = field.Name, field.ID
		}
		if field.Computed() {
			p.computed[key] = true
		}
	}
	p.fields = table.Fields
	if err := e.checkOwner(table, was.owner); errors.Is(err, manifest.ErrForeign) {
		return p, err
	}
	bound, err := e.bindFields(table, q, was)
	p.bound, p.configured, p.mapping = bound.ids, bound.configured, bound.mapping
	switch {
	case !p.schema:
		var mapping struct{ Box bool }
		if json.Unmarshal(meta.Mapping, &mapping) != nil {
			return p, errNeedsAirtable
		}
		p.bound, p.configured = meta.Bound, e.cfg.Mapping.WithBox(mapping.Box)
		p.mapping = p.configured.Follow(lastNames(meta))
	case err != nil:
		return p, errNeedsAirtable
	}
	if err := e.hide(&p, was); err != nil {
		return p, errNeedsAirtable
	}
	p.remake = p.mapsOtherwise(was)
	return p, nil
}

// remapped returns the description of a remapped snapshot: the parent's, apart from how the
// records were mapped.
func remapped(was, next snapshot.Meta) snapshot.Meta {
	next.TableAs, next.Years, next.Fields, next.Blind = was.TableAs, was.Years, was.Fields, was.Blind
	next.AsOf, next.CreatedFrom = was.AsOf, createdFrom(was)
	return next
}
