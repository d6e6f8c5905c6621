package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
)

// Selection is what a filter finds in a file. It is for one goroutine.
type Selection struct {
	file  *File
	among *roaring.Bitmap // but for the text; nil: all
	match string          // in SQLite's own words; "": no text
}

// Select finds the records that a filter selects. A text is only searched for when what it finds is asked for.
func (f *File) Select(ctx context.Context, filter feedback.Filter) (Selection, error) {
	sets, err := f.sets(ctx, filter)
	return Selection{file: f, among: intersect(sets, ""), match: matchOf(filter.Text)}, wrap("filter", err)
}

// sets are those of a filter's parts by property, that of its times under "". What selects all has none.
func (f *File) sets(ctx context.Context, filter feedback.Filter) (map[string]*roaring.Bitmap, error) {
	sets := map[string]*roaring.Bitmap{}
	for property, values := range filter.Any {
		if len(values) == 0 {
			continue
		}
		set, err := f.union(ctx, property, folded(values))
		if err != nil {
			return nil, err
		}
		sets[property] = set
	}
	if !filter.From.IsZero() || !filter.To.IsZero() {
		set, err := f.between(ctx, filter.From, filter.To)
		if err != nil {
			return nil, err
		}
		sets[times] = set
	}
	return sets, nil
}

// times is under what the set of an interval is kept: no property has that name.
const times = "created"

// intersect is what all sets but one have in common; nil where there are none.
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

// union is the set of the records that have one of some values, which are folded.
func (f *File) union(ctx context.Context, property string, keys []string) (*roaring.Bitmap, error) {
	name := fmt.Sprintf("%s %q", property, keys)
	if set, ok := f.unions.Get(name); ok {
		return set, nil
	}
	all := roaring.New()
	for some := range slices.Chunk(keys, facetKeys) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		args := []any{property}
		for i := range facetKeys {
			args = append(args, some[min(i, len(some)-1)])
		}
		rows, err := f.facet.QueryContext(brief, args...)
		if err != nil {
			return nil, err
		}
		if err := eachSet(rows, func(set *roaring.Bitmap) { all.Or(set) }); err != nil {
			return nil, err
		}
	}
	if len(name) <= longestName {
		f.unions.Add(name, all)
	}
	return all, nil
}

// longestName bounds, in bytes, what a union is remembered by.
const longestName = 256

// facetKeys is how many values the query of a facet takes at a time.
const facetKeys = 8

func eachSet(rows *sql.Rows, do func(*roaring.Bitmap)) error {
	defer rows.Close()
	for rows.Next() {
		var packed []byte
		set := roaring.New()
		if err := rows.Scan(&packed); err != nil {
			return err
		}
		if err := set.UnmarshalBinary(packed); err != nil {
			return err
		}
		do(set)
	}
	return rows.Err()
}

// between is the set of the records created in [from, to): positions that follow each other.
func (f *File) between(ctx context.Context, from, to time.Time) (*roaring.Bitmap, error) {
	var first, last sql.NullInt64
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.interval.QueryRowContext(brief, bound(to, "~"), bound(from, "")).Scan(&first, &last); err != nil {
		return nil, err
	}
	set := roaring.New()
	if first.Valid && last.Valid && first.Int64 <= last.Int64 {
		set.AddRange(uint64(first.Int64), uint64(last.Int64)+1) // #nosec G115 -- positions begin at 1
	}
	return set, nil
}

// bound is the first instant of the file's texts that is not before at; open stands for an end that is left open. Years of other than four digits lie beyond all records.
func bound(at time.Time, open string) string {
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

// Count is how many records there are.
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

// found is the whole set; nil: all.
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
