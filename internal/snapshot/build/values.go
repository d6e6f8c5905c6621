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

// storeValues stores the set of each value with its spellings and its weeks.
func (d *Draft) storeValues(ctx context.Context, x valueChanges) error {
	for _, k := range x.changed() {
		v := x.values[k.property][k.key]
		if err := d.writeSpellings(ctx, k, v.spellings); err != nil {
			return err
		}
		if err := d.writeSet(ctx, k, v.came, v.weeks); err != nil {
			return err
		}
	}
	return d.writeAllWeeks(ctx, x.weeks)
}

// amendValues changes what is stored of each value.
func (d *Draft) amendValues(ctx context.Context, x valueChanges) error {
	const unspell = `DELETE FROM serve.spelling WHERE property = ? AND key = ? AND records = 0`
	for _, k := range x.changed() {
		v := x.values[k.property][k.key]
		set, err := d.readSet(ctx, k)
		if err != nil {
			return err
		}
		set.AndNot(v.gone)
		set.Or(v.came)
		if err := d.writeSpellings(ctx, k, v.spellings); err != nil {
			return err
		}
		if err := d.execPrepared(ctx, unspell, k.property, k.key); err != nil {
			return err
		}
		if err := d.writeSet(ctx, k, set, v.weeks); err != nil {
			return err
		}
	}
	return d.writeAllWeeks(ctx, x.weeks)
}

// changed returns the keys of the values that change, sorted.
func (x *valueChanges) changed() (keys []valueKey) {
	for _, property := range slices.Sorted(maps.Keys(x.values)) {
		for _, key := range slices.Sorted(maps.Keys(x.values[property])) {
			if x.values[property][key].changes() {
				keys = append(keys, valueKey{property, key})
			}
		}
	}
	return keys
}

// writeSpellings adds to how many records have each spelling of a value.
func (d *Draft) writeSpellings(ctx context.Context, k valueKey, spellings map[string]int) error {
	const spell = `INSERT INTO serve.spelling VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET records = records + excluded.records`
	for _, spelling := range slices.Sorted(maps.Keys(spellings)) {
		err := d.execPrepared(ctx, spell, k.property, k.key, spelling, spellings[spelling])
		if err != nil {
			return err
		}
	}
	return nil
}

// writeSet stores the set of a value under its most frequent spelling, of several the first, and
// adds to its weeks.
func (d *Draft) writeSet(
	ctx context.Context, k valueKey, set *roaring.Bitmap, weeks map[feedback.WeekNumber]int,
) error {
	const (
		remove = `DELETE FROM serve.facet WHERE property = ? AND key = ?`
		store  = `INSERT INTO serve.facet SELECT property, key, value, ?3, ?4 FROM serve.spelling
			WHERE property = ?1 AND key = ?2 ORDER BY records DESC, value LIMIT 1
			ON CONFLICT DO UPDATE SET
				value = excluded.value, records = excluded.records, positions = excluded.positions`
	)
	oldest := int64(-1)
	if set.IsEmpty() {
		if err := d.execPrepared(ctx, remove, k.property, k.key); err != nil {
			return err
		}
	} else {
		oldest = int64(set.Maximum())
		set.RunOptimize()
		packed, err := set.ToBytes()
		if err != nil {
			return err
		}
		err = d.execPrepared(ctx, store, k.property, k.key, set.GetCardinality(), packed)
		if err != nil {
			return err
		}
	}
	if !slices.Contains(feedback.TrendProperties[:], k.property) {
		return nil
	}
	return d.writeWeeks(ctx, k, weeks, oldest)
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

// writeAllWeeks adds to the weeks of all records.
func (d *Draft) writeAllWeeks(ctx context.Context, weeks map[feedback.WeekNumber]int) error {
	var oldest int64
	err := d.get(ctx, &oldest, `SELECT coalesce(max(pos), -1) FROM serve.feedback`)
	if err != nil {
		return err
	}
	return d.writeWeeks(ctx, valueKey{feedback.Week, ""}, weeks, oldest)
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
		return d.execPrepared(ctx, remove, k.property, k.key)
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
	return d.execPrepared(ctx, store, k.property, k.key, snapshot.PackWeeks(counts), oldest)
}
