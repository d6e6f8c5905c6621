package build

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// valueKey is the key of the tables facet and weekly.
type valueKey struct{ property, key string }

// writeValues stores the set of each value with its spellings and its weeks. An amendment changes
// those that are stored.
func (d *Draft) writeValues(ctx context.Context, x *index, amends bool) error {
	for _, property := range slices.Sorted(maps.Keys(x.values)) {
		for _, key := range slices.Sorted(maps.Keys(x.values[property])) {
			v := x.values[property][key]
			if !v.changes() {
				continue
			}
			set, err := d.writeSet(ctx, valueKey{property, key}, v, amends)
			if err != nil {
				return err
			}
			if !slices.Contains(feedback.TrendProperties[:], property) {
				continue
			}
			oldest := int64(-1)
			if !set.IsEmpty() {
				oldest = int64(set.Maximum())
			}
			if err := d.writeWeeks(ctx, valueKey{property, key}, v.weeks, oldest); err != nil {
				return err
			}
		}
	}
	var oldest int64
	err := d.get(ctx, &oldest, `SELECT coalesce(max(pos), -1) FROM serve.feedback`)
	if err != nil {
		return err
	}
	return d.writeWeeks(ctx, valueKey{feedback.Week, ""}, x.weeks, oldest)
}

// writeSet stores the set of a value under its most frequent spelling, of several the first, and
// returns it.
func (d *Draft) writeSet(
	ctx context.Context, k valueKey, v *value, amends bool,
) (*roaring.Bitmap, error) {
	const (
		spell = `INSERT INTO serve.spelling VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET records = records + excluded.records`
		unspell = `DELETE FROM serve.spelling WHERE property = ? AND key = ? AND records = 0`
		remove  = `DELETE FROM serve.facet WHERE property = ? AND key = ?`
		store   = `INSERT INTO serve.facet SELECT property, key, value, ?3, ?4 FROM serve.spelling
			WHERE property = ?1 AND key = ?2 ORDER BY records DESC, value LIMIT 1
			ON CONFLICT DO UPDATE SET
				value = excluded.value, records = excluded.records, positions = excluded.positions`
	)
	set := v.came
	if amends {
		var err error
		if set, err = d.readSet(ctx, k); err != nil {
			return nil, err
		}
		set.AndNot(v.gone)
		set.Or(v.came)
	}
	for _, spelling := range slices.Sorted(maps.Keys(v.spellings)) {
		err := d.run(ctx, spell, k.property, k.key, spelling, v.spellings[spelling])
		if err != nil {
			return nil, err
		}
	}
	if amends {
		if err := d.run(ctx, unspell, k.property, k.key); err != nil {
			return nil, err
		}
	}
	if set.IsEmpty() {
		return set, d.run(ctx, remove, k.property, k.key)
	}
	set.RunOptimize()
	packed, err := set.ToBytes()
	if err != nil {
		return nil, err
	}
	return set, d.run(ctx, store, k.property, k.key, set.GetCardinality(), packed)
}

// readSet returns the stored set of a value, which is empty if there is none.
func (d *Draft) readSet(ctx context.Context, k valueKey) (*roaring.Bitmap, error) {
	const query = `SELECT positions FROM serve.facet WHERE property = ? AND key = ?`
	var packed []byte
	set := roaring.New()
	err := d.get(ctx, &packed, query, k.property, k.key)
	if errors.Is(err, sql.ErrNoRows) {
		return set, nil
	}
	if err == nil {
		err = set.UnmarshalBinary(packed)
	}
	return set, err
}

// writeWeeks adds to the weeks of a value, whose oldest record is at a position; -1: it has none.
func (d *Draft) writeWeeks(
	ctx context.Context, k valueKey, weeks map[feedback.WeekNumber]int, oldest int64,
) error {
	const (
		stored = `SELECT weeks FROM serve.weekly WHERE property = ? AND key = ?`
		remove = `DELETE FROM serve.weekly WHERE property = ? AND key = ?`
		store  = `INSERT OR REPLACE INTO serve.weekly
			SELECT ?, ?, created, ? FROM serve.feedback WHERE pos = ?`
	)
	if oldest < 0 {
		return d.run(ctx, remove, k.property, k.key)
	}
	var packed []byte
	err := d.get(ctx, &packed, stored, k.property, k.key)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	sums := maps.Clone(weeks)
	for _, c := range snapshot.UnpackWeeks(packed) {
		sums[c.Week] += c.Records
	}
	var counts []feedback.WeekCount
	for _, week := range slices.SortedFunc(maps.Keys(sums), func(a, b feedback.WeekNumber) int {
		return cmp.Compare(b, a) // newest first
	}) {
		if sums[week] != 0 {
			counts = append(counts, feedback.WeekCount{Week: week, Records: sums[week]})
		}
	}
	return d.run(ctx, store, k.property, k.key, snapshot.PackWeeks(counts), oldest)
}
