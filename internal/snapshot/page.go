package snapshot

import (
	"context"
	"database/sql"
	"encoding/binary"
	"iter"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
)

// RankingPart is how many records a part of a ranking has: a page mostly needs one part.
const RankingPart = 2048

// Page is a part of a selection in some order.
type Page struct {
	Positions []uint32
	Last      uint32 // the place of the last one in the order, after which the next page begins
	More      bool   // there is a next page
}

// spot is a record in an order: its place there, counted from 1, and its position in the
// file.
type spot struct{ place, pos uint32 }

// Page reads at most limit records in an order, starting behind a place (0: at the
// first). Places are those in the order of all records, so a page is found in the same
// time wherever it begins.
func (s Selection) Page(
	ctx context.Context, sort feedback.Sort, after uint32, limit int,
) (Page, error) {
	page := Page{Positions: make([]uint32, 0, limit), Last: after}
	spots, err := s.spots(ctx, sort, after)
	if err != nil {
		return page, err
	}
	for at, err := range spots {
		if err != nil {
			return page, wrap("read the order "+string(sort), err)
		}
		if len(page.Positions) == limit {
			page.More = true
			break
		}
		page.Positions, page.Last = append(page.Positions, at.pos), at.place
	}
	return page, nil
}

// spots yields the selection in an order, starting behind a place.
func (s Selection) spots(
	ctx context.Context, sort feedback.Sort, after uint32,
) (iter.Seq2[spot, error], error) {
	if sort == feedback.Newest && s.match != "" && after > 0 && !s.file.matches.Contains(s.match) {
		return within(s.among, s.file.matchesAfter(ctx, s.match, after)), nil
	}
	set, err := s.found(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case sort == feedback.Relevance:
		return within(set, s.file.byRelevance(ctx, s.match, after)), nil
	case sort != feedback.Newest:
		return within(set, s.file.ranked(ctx, sort, after)), nil
	case set == nil:
		return s.file.all(after), nil
	}
	return positionsOf(set, after), nil
}

// within yields the spots whose records are in set; nil has all.
func within(set *roaring.Bitmap, spots iter.Seq2[spot, error]) iter.Seq2[spot, error] {
	if set == nil {
		return spots
	}
	return func(yield func(spot, error) bool) {
		for at, err := range spots {
			if (err != nil || set.Contains(at.pos)) && !yield(at, err) {
				return
			}
		}
	}
}

// all yields the positions of the file.
func (f *File) all(after uint32) iter.Seq2[spot, error] {
	return func(yield func(spot, error) bool) {
		for pos := after + 1; int64(pos) <= int64(f.records) && pos > after; pos++ {
			if !yield(spot{pos, pos}, nil) {
				return
			}
		}
	}
}

// positionsOf yields the positions of a set.
func positionsOf(set *roaring.Bitmap, after uint32) iter.Seq2[spot, error] {
	return func(yield func(spot, error) bool) {
		positions := set.Iterator()
		for positions.AdvanceIfNeeded(after); positions.HasNext(); {
			if pos := positions.Next(); pos > after && !yield(spot{pos, pos}, nil) {
				return
			}
		}
	}
}

// ranked reads a ranking part by part.
func (f *File) ranked(
	ctx context.Context, sort feedback.Sort, after uint32,
) iter.Seq2[spot, error] {
	return func(yield func(spot, error) bool) {
		place := after / RankingPart * RankingPart
		rows, err := f.ranking.QueryContext(ctx, string(sort), after/RankingPart)
		if err != nil {
			yield(spot{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var packed []byte
			if err := rows.Scan(&packed); err != nil {
				yield(spot{}, err)
				return
			}
			for ; len(packed) >= 4; packed = packed[4:] {
				if place++; place > after && !yield(spot{place, binary.LittleEndian.Uint32(packed)}, nil) {
					return
				}
			}
		}
		if err = rows.Err(); err == nil && int64(max(place, after)) < int64(f.records) {
			err = errNoBody
		}
		if err != nil {
			yield(spot{}, err)
		}
	}
}

// matchesAfter yields what a search finds behind a position, for a page that needs no
// count.
func (f *File) matchesAfter(
	ctx context.Context, match string, after uint32,
) iter.Seq2[spot, error] {
	place := func(_, pos uint32) spot { return spot{pos, pos} }
	return f.querySpots(ctx, f.matchingAfter, place, match, after)
}

// byRelevance yields what a search finds, the best match first. SQLite weighs all of them
// to know the first.
func (f *File) byRelevance(
	ctx context.Context, match string, after uint32,
) iter.Seq2[spot, error] {
	place := func(n, pos uint32) spot { return spot{after + n, pos} }
	return f.querySpots(ctx, f.relevance, place, match, after)
}

// querySpots yields the positions that a query returns; place makes a spot of the n-th.
func (f *File) querySpots(
	ctx context.Context, query *sql.Stmt, place func(n, pos uint32) spot, args ...any,
) iter.Seq2[spot, error] {
	return func(yield func(spot, error) bool) {
		rows, err := query.QueryContext(ctx, args...)
		if err != nil {
			yield(spot{}, err)
			return
		}
		defer rows.Close()
		for n := uint32(1); rows.Next(); n++ {
			var pos uint32
			if err := rows.Scan(&pos); err != nil {
				yield(spot{}, err)
				return
			}
			if !yield(place(n, pos), nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(spot{}, err)
		}
	}
}
