package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
)

// Selection is what a filter selects in a file. It is for one goroutine.
type Selection struct {
	file  *File
	among *roaring.Bitmap // without regard to the text; nil: all
	match string          // the FTS5 query; "": no text

	// Unknown are the properties of which the filter has a value that no record of the file
	// has, in the contract's order.
	Unknown []string
}

// Select returns the records that a filter selects. It does not search yet: Count and
// Page do.
func (f *File) Select(ctx context.Context, filter feedback.Filter) (Selection, error) {
	if filter.Text != nil || len(filter.Any) > 0 || !filter.From.IsZero() || !filter.To.IsZero() {
		if err := f.Need(ctx, Serve); err != nil {
			return Selection{}, err
		}
	}
	sets, unknown, err := f.sets(ctx, filter)
	s := Selection{
		file: f, among: intersect(sets, ""), match: matchOf(filter.Text), Unknown: unknown,
	}
	return s, Wrap("filter", err)
}

// Count returns how many records are selected.
func (s Selection) Count(ctx context.Context) (int, error) {
	set, err := s.found(ctx)
	if err != nil {
		return 0, err
	}
	if set == nil {
		return s.file.records, nil
	}
	n := set.GetCardinality()
	return int(min(n, math.MaxInt)), nil // #nosec G115 -- bounded
}

// found returns the whole set; nil: all.
func (s Selection) found(ctx context.Context) (*roaring.Bitmap, error) {
	if s.match == "" {
		return s.among, nil
	}
	matching, err := s.file.search(ctx, s.match)
	if err != nil || s.among == nil {
		return matching, err
	}
	return roaring.And(s.among, matching), nil
}

// timesKey is the key of the set of an interval in sets; no property has that name.
const timesKey = "created"

// intervalQuery returns the first and the last position of the records created in an
// interval, whose end is given first.
const intervalQuery = `SELECT
	(SELECT min(pos) FROM feedback
		WHERE created = (SELECT max(created) FROM feedback WHERE created < ?)),
	(SELECT max(pos) FROM feedback
		WHERE created = (SELECT min(created) FROM feedback WHERE created >= ?))`

// sets returns the set of each part of a filter, by property, and that of its times under
// timesKey. A part that selects all has none. unknown is [Selection.Unknown].
func (f *File) sets(
	ctx context.Context, filter feedback.Filter,
) (sets map[string]*roaring.Bitmap, unknown []string, err error) {
	sets = map[string]*roaring.Bitmap{}
	for _, property := range feedback.Properties {
		values := filter.Any[property]
		if len(values) == 0 {
			continue
		}
		all, err := f.union(ctx, property, folded(values))
		if err != nil {
			return nil, nil, err
		}
		sets[property] = all.records
		if all.isPartial {
			unknown = append(unknown, property)
		}
	}
	if !filter.From.IsZero() || !filter.To.IsZero() {
		var first, last sql.NullInt64 // no others are between them
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		row := f.interval.QueryRowContext(uncancelled, edgeOf(filter.To, "~"), edgeOf(filter.From, ""))
		if err := row.Scan(&first, &last); err != nil {
			return nil, nil, err
		}
		set := roaring.New()
		if first.Valid && last.Valid && first.Int64 <= last.Int64 {
			all, err := f.everything(ctx)
			if err != nil {
				return nil, nil, err
			}
			set.AddRange(uint64(first.Int64), uint64(last.Int64)+1) // #nosec G115 -- positions are positive
			set.And(all)
		}
		sets[timesKey] = set
	}
	return sets, unknown, nil
}

// intersect returns what all sets apart from one have in common; nil if there are none.
func intersect(sets map[string]*roaring.Bitmap, but string) *roaring.Bitmap {
	var all []*roaring.Bitmap
	for property, set := range sets {
		if property != but {
			all = append(all, set)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return roaring.FastAnd(all...)
}

// maxUnionName bounds, in bytes, the name under which a union is cached.
const maxUnionName = 256

// facetKeys is how many values facetQuery takes at once.
const facetKeys = 8

const facetQuery = `SELECT positions FROM facet
	WHERE property = ? AND key IN (?, ?, ?, ?, ?, ?, ?, ?)`

// union is the set of the records that have one of some values.
type union struct {
	records   *roaring.Bitmap
	isPartial bool // at least one of the values has no record
}

// folded returns the folded values, sorted, each once.
func folded(values []string) []string {
	keys := make([]string, len(values))
	for i, value := range values {
		keys[i] = feedback.Fold(value)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// union returns the union of some folded values, each of which is given once.
func (f *File) union(ctx context.Context, property string, keys []string) (union, error) {
	name := property + "\x00" + strings.Join(keys, "\x00") // no value has a NUL
	if known, ok := f.unions.Get(name); ok {
		return known, nil
	}
	all, known := roaring.New(), 0
	for some := range slices.Chunk(keys, facetKeys) {
		if err := ctx.Err(); err != nil {
			return union{}, err
		}
		args := []any{property}
		for i := range facetKeys {
			args = append(args, some[min(i, len(some)-1)])
		}
		rows, err := f.facet.QueryContext(uncancelled, args...)
		if err != nil {
			return union{}, err
		}
		n, err := addSets(all, rows)
		if err != nil {
			return union{}, err
		}
		known += n
	}
	found := union{all, known < len(keys)}
	if len(name) <= maxUnionName {
		f.unions.Add(name, found)
	}
	return found, nil
}

// everything returns the positions of all records, each of which has exactly one team.
func (f *File) everything(ctx context.Context) (*roaring.Bitmap, error) {
	if all := f.all.Load(); all != nil {
		return all, nil
	}
	const query = `SELECT positions FROM facet WHERE property = ?`
	rows, err := f.serve.db.QueryContext(ctx, query, feedback.Team)
	if err != nil {
		return nil, err
	}
	all := roaring.New()
	if _, err = addSets(all, rows); err != nil {
		return nil, err
	}
	if n := all.GetCardinality(); n != uint64(f.records) { // #nosec G115 -- not negative
		return nil, fmt.Errorf("%w: %d of %d records have a team", ErrNotSnapshot, n, f.records)
	}
	f.all.Store(all)
	return all, nil
}

// addSets adds the stored sets in rows to one, and returns how many they are.
func addSets(all *roaring.Bitmap, rows *sql.Rows) (n int, err error) {
	defer rows.Close()
	for ; rows.Next(); n++ {
		var packed []byte
		set := roaring.New()
		if err := rows.Scan(&packed); err != nil {
			return n, err
		}
		if err := set.UnmarshalBinary(packed); err != nil {
			return n, err
		}
		all.Or(set)
	}
	return n, rows.Err()
}

// edgeOf returns the first instant, as the file writes it, that is not before at; open if
// at is zero. Years of other than four digits lie beyond all records.
func edgeOf(at time.Time, open string) string {
	at = at.UTC()
	whole := at.Truncate(time.Millisecond)
	if whole.Before(at) {
		whole = whole.Add(time.Millisecond)
	}
	switch {
	case at.IsZero():
		return open
	case whole.Year() < 1:
		return ""
	case whole.Year() > 9999:
		return "~"
	}
	return whole.Format(feedback.TimeFormat)
}
