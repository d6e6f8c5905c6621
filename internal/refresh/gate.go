package refresh

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"voc/internal/snapshot"
)

// idsTold is how many ids a refusal names.
const idsTold = 20

// gate holds a sealed draft against the current snapshot. What looks like a failure of Airtable, of a token's rights or of a setting, rather than like people at work, is refused
// with its figures; who knows better says accept. Error: *gateError.
func (r *run) gate(ctx context.Context, sealed snapshot.Sealed) error {
	if r.current.ID == "" {
		if sealed.Records == 0 {
			r.warn(ctx, fmt.Sprintf("no record is of the years %s: FEEDBACK_YEARS and the created field decide", r.Years))
		}
		return nil
	}
	next, err := snapshot.Open(sealed.Path)
	if err != nil {
		return err
	}
	defer next.Close()
	lost, err := r.lostRecords(ctx, next)
	if err != nil {
		return err
	}
	blanked, err := r.blankedFields(ctx, next)
	if err != nil {
		return err
	}
	reasons := slices.Concat(lost, blanked)
	if len(reasons) == 0 {
		return nil
	}
	text := strings.Join(reasons, "; ")
	if r.request.Accept {
		r.warn(ctx, "accepted: "+text)
		return nil
	}
	return r.refuse(text)
}

// refuse words what the gate has found, and what a person does about it.
func (r *run) refuse(what string) error {
	return &gateError{why: fmt.Sprintf("refused: %s. Snapshot %s stays. If this is as it should be, run just this refresh once with accept: server refresh %s --accept, or POST /api/cache/update-%[3]s with {\"accept\":true}",
		what, r.current.ID, r.request.Mode)}
}

// lostRecords tells when too many records would go. Where the current snapshot can not be opened, the manifest still has how many they were.
func (r *run) lostRecords(ctx context.Context, next *snapshot.File) ([]string, error) {
	had, removed, first := r.current.Records, r.receipt.Removed, "which, is not known: the current snapshot can not be opened"
	if r.parent == nil || r.outdated {
		removed = max(had-next.Records(), 0)
	} else {
		ids, err := next.RemovedBy(ctx, r.receipt.ID, idsTold)
		if err != nil {
			return nil, err
		}
		first = "the first that would: " + strings.Join(ids, ", ")
	}
	if removed*100 <= had*r.MaxShrink && (next.Records() > 0 || had == 0) {
		return nil, nil
	}
	return []string{fmt.Sprintf("%d of %d records would go (%.1f %%, MAX_SHRINK_PERCENT is %d) and %d be left; %s",
		removed, had, 100*float64(removed)/float64(had), r.MaxShrink, next.Records(), first)}, nil
}

// blankedFields tells of fields that had a value in most records and have it in most no more, because more than the share that may go have lost it. A field that is gone
// from the table altogether is not meant: where that is mapped, it has been refused before.
func (r *run) blankedFields(ctx context.Context, next *snapshot.File) (reasons []string, err error) {
	if r.parent == nil {
		return nil, nil
	}
	was, now := r.parent.Meta(), next.Meta()
	for _, field := range counterparts(was, now) {
		before, after := was.Filled[field.was], now.Filled[field.now]
		if 2*before <= r.parent.Records() || 2*after > next.Records() || (before-after)*100 <= before*r.MaxShrink {
			continue
		}
		ids, err := r.blankedIn(ctx, next, field.was, field.now)
		if err != nil {
			return nil, err
		}
		reasons = append(reasons, fmt.Sprintf("field %q had a value in %d of %d records and would have one in %d of %d; the first that lose it: %s",
			field.now, before, r.parent.Records(), after, next.Records(), strings.Join(ids, ", ")))
	}
	return reasons, nil
}

// counterpart is a field by the names it had and has. A mapped name may stand for another field by now: one that took its place.
type counterpart struct{ was, now string }

func counterparts(was, now snapshot.Meta) (all []counterpart) {
	before, after := namesOf(was.Fields), namesOf(now.Fields)
	for _, field := range was.Fields {
		if name := after[field.ID]; name != "" {
			all = append(all, counterpart{field.Name, name})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was.Bound)) {
		old, other := was.Bound[name], now.Bound[name]
		if other != "" && other != old && before[old] != "" {
			all = append(all, counterpart{before[old], after[other]})
		}
	}
	return all
}

// blankedIn lists the first records, by id, that would lose the value of a field.
func (r *run) blankedIn(ctx context.Context, next *snapshot.File, was, now string) (ids []string, err error) {
	blank := map[string]bool{}
	for source, err := range next.Sources(ctx) {
		if err != nil {
			return nil, err
		}
		blank[source.ID] = !source.Filled(now)
	}
	for source, err := range r.parent.Sources(ctx) {
		if err != nil {
			return nil, err
		}
		if blank[source.ID] && source.Filled(was) {
			ids = append(ids, source.ID)
		}
	}
	slices.Sort(ids)
	return ids[:min(len(ids), idsTold)], nil
}

// vanished words a mapped field that the table has no more.
func (r *run) vanished(key, name, id string, fields []string) string {
	return fmt.Sprintf("field %q (%s) is gone from the table, and the current snapshot has it in %d of %d records: restore the field, name another one for %q in FIELD_MAP%s, or give it [] there to do without",
		name, id, r.parent.Meta().Filled[namesOf(r.parent.Meta().Fields)[id]], r.parent.Records(), key, nearest(name, fields))
}
