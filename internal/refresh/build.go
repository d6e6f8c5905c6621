package refresh

import (
	"context"
	"encoding/json"
	"time"

	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

// built is what became of a draft.
type built struct {
	diff      build.Diff
	unchanged bool              // there is nothing to publish, and no file was made
	meta      snapshot.Meta     // of the new snapshot, or of the parent if unchanged
	contents  snapshot.Contents // the same
	sealed    snapshot.Sealed   // zero if unchanged
}

// build seals what was read into a snapshot file, unless it is what the parent holds. It
// returns the differences also with an error.
func (e *Engine) build(
	ctx context.Context, run string, was parent, p plan, read staged,
) (built, error) {
	diff, err := read.draft.Diff(ctx)
	if err != nil {
		return built{}, err
	}
	if meta := was.meta(); !diff.Any() && !p.remake && was.parts != nil && !e.renews(p, meta) {
		return built{diff: diff, unchanged: true, meta: meta, contents: meta.Contents}, nil
	}
	mapping, err := json.Marshal(p.configured)
	if err != nil {
		return built{diff: diff}, err
	}
	meta := snapshot.Meta{
		Base: p.base, TableID: p.tableID, TableName: p.tableName, TableAs: e.cfg.Table,
		Years: p.years.String(), Mapping: mapping, MappingVersion: feedback.MappingVersion,
		Bound: p.bound, Blind: !p.schema, Run: run, AsOf: p.watermark,
		CreatedAt: e.cfg.Now().UTC().Truncate(time.Millisecond), Program: e.cfg.Program,
		Private: p.private, PrivateIDs: p.privateIDs, CreatedFrom: p.createdFrom,
	}
	for _, field := range p.fields {
		meta.Fields = append(meta.Fields, snapshot.Field{
			ID: field.ID, Name: field.Name, Type: field.Type, Shape: field.Shape(),
		})
	}
	if p.mode == job.Remap {
		meta = remapped(was.meta(), meta)
	}
	sealed, err := read.draft.Seal(ctx, meta)
	return built{diff: diff, meta: meta, contents: sealed.Contents, sealed: sealed}, err
}

// renewAfter is how old amendments may be before a full refresh writes the snapshot in full, even
// if no record has changed: texts that were edited since leave traces in it.
const renewAfter = 24 * time.Hour

// renews reports whether a full refresh writes an unchanged snapshot in full.
func (e *Engine) renews(p plan, was snapshot.Meta) bool {
	return p.mode == job.Full && !was.AmendedSince.IsZero() &&
		e.cfg.Now().Sub(was.AmendedSince) >= renewAfter
}
