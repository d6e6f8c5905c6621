package refresh

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"voc/internal/snapshot"
)

// idsTold is how many ids a refusal names.
const idsTold = 20

// gate holds a sealed draft against the current snapshot. What looks like a failure of Airtable, of a token's rights or of a setting, rather than like people at work, is refused
// with its figures; who knows better says accept. Error: *gateError.
func (r *run) gate(ctx context.Context, sealed snapshot.Sealed) error {
	if r.parent == nil {
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
	var reasons []string
	lost, err := r.lostRecords(ctx, next)
	if err != nil {
		return err
	}
	blanked, err := r.blankedFields(ctx, next)
	if err != nil {
		return err
	}
	if reasons = append(lost, blanked...); len(reasons) == 0 {
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
	return &gateError{why: fmt.Sprintf("refused: %s. Snapshot %s stays. If this is as it should be, run one refresh with accept", what, r.current.ID)}
}

// lostRecords tells when too many records would go.
func (r *run) lostRecords(ctx context.Context, next *snapshot.File) ([]string, error) {
	had, removed := r.parent.Records(), r.receipt.Removed
	if removed*100 <= had*r.MaxShrink && (next.Records() > 0 || had == 0) {
		return nil, nil
	}
	ids, err := next.RemovedBy(ctx, r.receipt.ID, idsTold)
	if err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("%d of %d records would go (%.1f %%, MAX_SHRINK_PERCENT is %d) and %d be left; the first that would: %s",
		removed, had, 100*float64(removed)/float64(had), r.MaxShrink, next.Records(), strings.Join(ids, ", "))}, nil
}

// blankedFields tells of fields that had a value in most records and have it in most no more, because more than the share that may go have lost it. A field that is gone
// from the table altogether is not meant: where that is mapped, it has been refused before.
func (r *run) blankedFields(ctx context.Context, next *snapshot.File) (reasons []string, err error) {
	was, now := r.parent.Meta(), next.Meta()
	names := namesOf(now.Fields)
	for _, field := range was.Fields {
		before, after := was.Filled[field.Name], now.Filled[names[field.ID]]
		if names[field.ID] == "" || 2*before <= r.parent.Records() || 2*after > next.Records() || (before-after)*100 <= before*r.MaxShrink {
			continue
		}
		ids, err := r.blankedIn(ctx, next, field.Name, names[field.ID])
		if err != nil {
			return nil, err
		}
		reasons = append(reasons, fmt.Sprintf("field %q had a value in %d of %d records and would have one in %d of %d; the first that lose it: %s",
			field.Name, before, r.parent.Records(), after, next.Records(), strings.Join(ids, ", ")))
	}
	return reasons, nil
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
