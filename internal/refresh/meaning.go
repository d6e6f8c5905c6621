package refresh

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// turnedKeys reports the keys whose values would mean something else than before: a field
// changed its type, and most values with it; or most values are ids of records where they
// were names. A type that changes while the values stay, as of a select that becomes a
// text, is no reason.
func (p plan) turnedKeys(
	ctx context.Context, was parent, next *snapshot.Originals,
) (found []finding, err error) {
	if was.parts == nil {
		return nil, nil
	}
	meta := was.meta()
	names, types, then := fieldNames(meta.Fields), map[string]string{}, map[string]string{}
	for _, field := range meta.Fields {
		types[field.ID] = field.Type
	}
	for name, id := range meta.Bound {
		if names[id] != "" {
			then[name] = names[id] // what the field of this name was called
		}
	}
	var ids, idsBefore map[string]int
	if p.mode == job.Full { // an incremental reads too few records to tell
		if ids, err = holdIDs(ctx, next, p.mapping); err == nil && len(ids) > 0 {
			idsBefore, err = holdIDs(ctx, was.parts.Source, p.configured.Follow(then))
		}
		if err != nil {
			return nil, err
		}
	}
	for _, key := range feedback.Keys() {
		c := comparison{key: key, was: was.parts.Source, next: next,
			before: p.configured.Follow(then), after: p.mapping}
		change, shown := "", ""
		if p.concealsKey(key) {
			shown = "a private field would have another meaning: the log of this run names it"
		}
		for _, name := range p.configured.Names(key) {
			field, known := p.field(p.bound[name])
			if old := types[meta.Bound[name]]; known && old != "" && old != field.Type {
				change = fmt.Sprintf("field %q was of type %s and is of type %s",
					field.Name, old, field.Type)
			}
		}
		if change == "" && ids[key] >= handful && idsBefore[key] == 0 {
			found = append(found, finding{fmt.Sprintf("%s would have another meaning: most of its "+
				"values, of %d in the newest records, %s", key, ids[key], idsForNames), shown})
		}
		if change == "" {
			continue
		}
		turned, err := c.differing(ctx)
		if err != nil {
			return nil, err
		}
		if turned != "" {
			found = append(found, finding{
				fmt.Sprintf("%s would have another meaning: %s, and %s", key, change, turned), shown})
		}
	}
	return found, nil
}

// comparison is that of the values of a key in two snapshots.
type comparison struct {
	key           string
	was, next     *snapshot.Originals
	before, after feedback.Mapping
}

// differing words how many values differ, if it is most of those that records had. Names in
// place of ids do not count, since that is what a link was to be replaced for.
func (c comparison) differing(ctx context.Context) (string, error) {
	seed := maphash.MakeSeed()
	had := map[string]uint64{} // a hash, because descriptions are long
	hadIDs := map[string]bool{}
	for source, err := range c.was.All(ctx) {
		if err != nil {
			return "", err
		}
		if value := c.read(c.before, source); value != "" {
			had[source.ID] = maphash.String(seed, feedback.Fold(value))
			hadIDs[source.ID] = areRecordIDs(value)
		}
	}
	compared, ids, examples := 0, 0, []string(nil)
	for source, err := range c.next.All(ctx) {
		if err != nil {
			return "", err
		}
		before, ok := had[source.ID]
		if !ok {
			continue
		}
		compared++
		value := c.read(c.after, source)
		isCured := hadIDs[source.ID] && value != "" && !areRecordIDs(value)
		if maphash.String(seed, feedback.Fold(value)) == before || isCured {
			continue
		}
		examples = append(examples, source.ID)
		if areRecordIDs(value) {
			ids++
		}
	}
	differ := len(examples)
	if 2*differ <= compared {
		return "", nil
	}
	slices.Sort(examples)
	text := fmt.Sprintf("%d of %d values differ, the first in %s",
		differ, compared, strings.Join(examples[:min(differ, idsListed)], ", "))
	if 2*ids > differ {
		text += "; they " + idsForNames
	}
	return text, nil
}

const idsForNames = "are ids of records, not names: make a lookup field of the names and " +
	"name it in FIELD_MAP"

// sampled is how many of the newest records holdIDs looks at.
const sampled = 500

// holdIDs returns how many values each key has in the newest records of a snapshot, if most
// of them are ids of records.
func holdIDs(
	ctx context.Context, originals *snapshot.Originals, mapping feedback.Mapping,
) (map[string]int, error) {
	values, ids := map[string]int{}, map[string]int{}
	left := sampled
	for source, err := range originals.All(ctx) {
		if err != nil {
			return nil, err
		}
		var given cells
		if json.Unmarshal(source.Fields, &given) != nil {
			continue
		}
		for _, key := range feedback.Keys() {
			if value := mapping.Read(key, given); value != "" {
				values[key]++
				if areRecordIDs(value) {
					ids[key]++
				}
			}
		}
		if left--; left == 0 {
			break
		}
	}
	maps.DeleteFunc(values, func(key string, n int) bool { return 2*ids[key] <= n })
	return values, nil
}

func (c comparison) read(mapping feedback.Mapping, source snapshot.Source) string {
	var given cells
	if json.Unmarshal(source.Fields, &given) != nil {
		return ""
	}
	return mapping.Read(c.key, given)
}

// areRecordIDs reports whether a text is ids of records alone, as a link gives them.
func areRecordIDs(text string) bool {
	for id := range strings.SplitSeq(text, ", ") {
		if !airtable.IsRecordID(id) {
			return false
		}
	}
	return true
}
