package refresh

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"voc/internal/job"
	"voc/internal/snapshot"
)

// idsListed is how many ids a rejection lists.
const idsListed = 20

// gateError is why the publish gate rejected a run. It is a judgement about the data, not
// a fault.
type gateError struct {
	reason  string
	current string   // id of the snapshot that stays
	mode    job.Mode // as requested
	accept  string   // how the operator accepts it on this host; "": by the command line
}

// Error states what was rejected, and what the operator can do.
func (g *gateError) Error() string {
	accept := cmp.Or(g.accept, "voc refresh {mode} --accept")
	return fmt.Sprintf("rejected by the publish gate: %s. Still serving %s. "+
		"Restore the data in Airtable or, if the change is expected, rerun once with accept: %s, "+
		"or POST /api/cache/update-%s with {\"accept\":true}", g.reason, g.current,
		strings.ReplaceAll(accept, "{mode}", string(g.mode)), g.mode)
}

// verdict is what the gate says of a run that may be published.
type verdict struct{ warnings []string }

// handful is how many records or values any run may lose, unless MaxShrink is 0: a share of
// a few records says nothing.
const handful = 5

// gate compares what was built with the current snapshot. It rejects what looks like a
// failure of Airtable, of a token's permissions or of a setting rather than like people at
// work, unless the request accepts it. It also reports the keys that have their default in
// every record. Error: *gateError.
func (e *Engine) gate(
	ctx context.Context, q job.Request, s steps,
) (v verdict, err error) {
	was, b := s.parent, s.built
	if b.unchanged {
		parent := was.parts
		odd, err := s.plan.defaultedKeys(sampleOf(ctx, parent.Source, parent.Records))
		return verdict{e.screened(ctx, q, odd)}, err
	}
	next, err := snapshot.OpenOriginals(b.sealed.Parts[snapshot.Sources].Path)
	if err != nil {
		return verdict{}, err
	}
	defer next.Close()
	odd, err := s.plan.defaultedKeys(sampleOf(ctx, next, b.sealed.Records))
	if err != nil {
		return verdict{}, err
	}
	v.warnings = e.screened(ctx, q, odd)
	if was.current.ID == "" {
		if b.sealed.Records == 0 {
			v.warnings = append(v.warnings, fmt.Sprintf("no record belongs to the years %s: "+
				"check FEEDBACK_YEARS and the created field", e.cfg.Years))
		}
		return v, nil
	}
	lost, err := e.lostRecords(ctx, was, b)
	if err != nil {
		return verdict{}, err
	}
	blanked, err := e.blankedFields(ctx, s, next)
	if err != nil {
		return verdict{}, err
	}
	turned, err := s.plan.turnedKeys(ctx, was, next)
	if err != nil {
		return verdict{}, err
	}
	changed := e.screened(ctx, q, slices.Concat(blanked, turned))
	reasons := strings.Join(append(lost, changed...), "; ")
	switch {
	case reasons == "":
		return v, nil
	case q.Accept:
		v.warnings = append(v.warnings, "accepted: "+reasons)
		return v, nil
	}
	return v, &gateError{reasons, was.current.ID, q.Mode, e.cfg.Accept}
}

// mayLose reports whether a run may lose so many of all records or values.
func (e *Engine) mayLose(lost, all int) bool {
	return lost*100 <= all*e.cfg.MaxShrink || e.cfg.MaxShrink > 0 && lost <= handful
}

// lostRecords reports too many removed records. If the current snapshot cannot be opened,
// the manifest still has their number.
func (e *Engine) lostRecords(ctx context.Context, was parent, b built) ([]string, error) {
	had, removed, left := was.current.Records, b.diff.Removed, b.sealed.Records
	which := "which ones is unknown: the current snapshot cannot be opened"
	if was.parts == nil || was.outdated {
		removed = max(had-left, 0)
	} else {
		next := snapshot.New(left, b.sealed.Fetch)
		defer next.Close()
		ids, err := next.RemovedBy(ctx, b.meta.Run, idsListed)
		if err != nil {
			return nil, err
		}
		which = "the first: " + strings.Join(ids, ", ")
	}
	if e.mayLose(removed, had) && (left > 0 || had == 0) {
		return nil, nil
	}
	may := had * e.cfg.MaxShrink / 100
	if e.cfg.MaxShrink > 0 {
		may = max(may, min(handful, had-1))
	}
	return []string{fmt.Sprintf("%d of %d records (%.1f %%) would be removed, "+
		"MAX_SHRINK_PERCENT is %d, and %d would be left: a refresh may remove %d of these records, "+
		"and never all; %s", removed, had, 100*float64(removed)/float64(had), e.cfg.MaxShrink,
		left, may, which)}, nil
}

// blankedFields reports fields that had a value in most records and no longer have, because
// more than a handful and more than the share of MaxShrink lost it. It leaves out fields
// that are gone from the table: a mapped one is rejected before anything is read.
func (e *Engine) blankedFields(
	ctx context.Context, s steps, next *snapshot.Originals,
) (found []finding, err error) {
	was := s.parent
	if was.parts == nil {
		return nil, nil
	}
	old, now, records := was.meta(), next.Meta(), s.built.sealed.Records
	for _, pair := range counterparts(old, now) {
		before, after := old.Filled[pair.was], now.Filled[pair.now]
		if 2*before <= was.parts.Records || 2*after > records ||
			e.mayLose(before-after, before) {
			continue
		}
		ids, err := blankedRecords(ctx, was.parts.Source, next, pair)
		if err != nil {
			return nil, err
		}
		lost := finding{text: fmt.Sprintf("field %q had a value in %d of %d records "+
			"and would have one in %d of %d; the first that lose it: %s", pair.now, before,
			was.parts.Records, after, records, strings.Join(ids, ", "))}
		if s.plan.conceals(pair.was, pair.now) {
			lost.shown = "a private field lost its value in more records than MAX_SHRINK_PERCENT " +
				"allows: the log of this run names it"
		}
		found = append(found, lost)
	}
	return found, nil
}

// counterpart is a field by the name it had and the name it has. A mapped name may stand
// for another field by now, which took its place.
type counterpart struct{ was, now string }

func counterparts(was, now snapshot.Meta) (pairs []counterpart) {
	before, after := fieldNames(was.Fields), fieldNames(now.Fields)
	for _, field := range was.Fields {
		if name := after[field.ID]; name != "" {
			pairs = append(pairs, counterpart{field.Name, name})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was.Bound)) {
		old, other := was.Bound[name], now.Bound[name]
		if other != "" && other != old && before[old] != "" {
			pairs = append(pairs, counterpart{before[old], after[other]})
		}
	}
	return pairs
}

// blankedRecords returns the ids of the first records that would lose a field's value.
func blankedRecords(
	ctx context.Context, was, next *snapshot.Originals, field counterpart,
) (ids []string, err error) {
	blank := map[string]bool{}
	for source, err := range next.All(ctx) {
		if err != nil {
			return nil, err
		}
		blank[source.ID] = !source.Filled(field.now)
	}
	for source, err := range was.All(ctx) {
		if err != nil {
			return nil, err
		}
		if blank[source.ID] && source.Filled(field.was) {
			ids = append(ids, source.ID)
		}
	}
	slices.Sort(ids)
	return ids[:min(len(ids), idsListed)], nil
}
