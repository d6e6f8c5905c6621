package snapshot

import (
	"context"
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
// first). Places are positions in the order of all records, so finding a page takes the
// same time wherever it begins.
func (s Selection) Page(
	ctx context.Context, sort feedback.Sort, after uint32, limit int,
) (Page, error) {
	page := Page{Positions: make([]uint32, 0, limit), Last: after}
	var spots iter.Seq2[spot, error]
	if sort == feedback.Newest && s.match != "" && after > 0 && !s.file.matches.Contains(s.match) {
		// A later page of a search that is not cached needs no count, so not the whole set.
		spots = within(s.among, s.file.matchesBehind(ctx, sort, s.match, after))
	} else {
		set, err := s.found(ctx)
		if err != nil {
			return page, err
		}
		switch sort {
		case feedback.Newest:
			spots = s.file.newest(set, after)
		case feedback.Relevance:
			spots = within(set, s.file.matchesBehind(ctx, sort, s.match, after))
		default:
			spots = within(set, s.file.ranked(ctx, sort, after))
		}
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

// newest yields the positions of a set behind one; nil has all.
func (f *File) newest(set *roaring.Bitmap, after uint32) iter.Seq2[spot, error] {
	return func(yield func(spot, error) bool) {
		if set == nil {
			for pos := after + 1; int64(pos) <= int64(f.records) && pos > after; pos++ {
				if !yield(spot{pos, pos}, nil) {
					return
				}
			}
			return
		}
		positions := set.Iterator()
		for positions.AdvanceIfNeeded(after); positions.HasNext(); {
			if pos := positions.Next(); pos > after && !yield(spot{pos, pos}, nil) {
				return
			}
		}
	}
}

const rankingQuery = `SELECT positions FROM ranking WHERE sort = ? AND part >= ? ORDER BY part`

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

const (
	matchingAfterQuery = `SELECT rowid FROM search WHERE search MATCH ? AND rowid > ? ORDER BY rowid`
	relevanceQuery     = `SELECT rowid FROM search WHERE search MATCH ?
		ORDER BY bm25(search), rowid LIMIT -1 OFFSET ?`
)

// matchesBehind yields what a search finds behind a place: by relevance the best
// match first, for which SQLite weighs all of them, else the newest first.
func (f *File) matchesBehind(
	ctx context.Context, sort feedback.Sort, match string, after uint32,
) iter.Seq2[spot, error] {
	query := f.matchingAfter
	if sort == feedback.Relevance {
		query = f.relevance
	}
	return func(yield func(spot, error) bool) {
		rows, err := query.QueryContext(ctx, match, after)
		if err != nil {
			yield(spot{}, err)
			return
		}
		defer rows.Close()
		at := spot{place: after}
		for rows.Next() {
			if err := rows.Scan(&at.pos); err != nil {
				yield(spot{}, err)
				return
			}
			if at.place++; sort != feedback.Relevance {
				at.place = at.pos
			}
			if !yield(at, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(spot{}, err)
		}
	}
}
