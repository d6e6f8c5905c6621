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

// Selection is what a filter selects in a file. It is for one goroutine.
type Selection struct {
	file  *File
	among *roaring.Bitmap // without regard to the text; nil: all
	match string          // the FTS5 query; "": no text
}

// Select returns the records that a filter selects. It does not search yet: Count and
// Page do.
func (f *File) Select(ctx context.Context, filter feedback.Filter) (Selection, error) {
	sets, err := f.sets(ctx, filter)
	s := Selection{file: f, among: intersect(sets, ""), match: matchOf(filter.Text)}
	return s, wrap("filter", err)
}

// sets returns the set of each part of a filter, by property, and that of its times under
// timesKey. A part that selects all has none.
func (f *File) sets(
	ctx context.Context, filter feedback.Filter,
) (map[string]*roaring.Bitmap, error) {
	sets := map[string]*roaring.Bitmap{}
	for property, values := range filter.Any {
		if len(values) == 0 {
			continue
		}
		set, err := f.union(ctx, property, f.folded(values))
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
		sets[timesKey] = set
	}
	return sets, nil
}

// timesKey is the key of the set of an interval in sets; no property has that name.
const timesKey = "created"

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

// union returns the set of the records that have one of some folded values.
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
		rows, err := f.facet.QueryContext(uncancelled, args...)
		if err != nil {
			return nil, err
		}
		if err := eachSet(rows, func(set *roaring.Bitmap) { all.Or(set) }); err != nil {
			return nil, err
		}
	}
	if len(name) <= maxUnionName {
		f.unions.Add(name, all)
	}
	return all, nil
}

// maxUnionName bounds, in bytes, the name under which a union is cached.
const maxUnionName = 256

// facetKeys is how many values the query of a facet takes at once.
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

// between returns the set of the records created in [from, to), whose positions follow
// each other.
func (f *File) between(ctx context.Context, from, to time.Time) (*roaring.Bitmap, error) {
	var first, last sql.NullInt64
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	row := f.interval.QueryRowContext(uncancelled, bound(to, "~"), bound(from, ""))
	if err := row.Scan(&first, &last); err != nil {
		return nil, err
	}
	set := roaring.New()
	if first.Valid && last.Valid && first.Int64 <= last.Int64 {
		set.AddRange(uint64(first.Int64), uint64(last.Int64)+1) // #nosec G115 -- positions begin at 1
	}
	return set, nil
}

// bound returns the first instant, as the file writes it, that is not before at; open if
// at is zero. Years of other than four digits lie beyond all records.
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
