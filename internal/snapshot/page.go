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

// placed is a record in an order: its place there, counted from 1, and its position in the
// file.
type placed struct{ place, pos uint32 }

// Page reads at most limit records in an order, starting behind a place (0: at the
// first). Places are positions in the order of all records, so finding a page takes the
// same time wherever it begins.
func (s Selection) Page(
	ctx context.Context, sort feedback.Sort, after uint32, limit int,
) (Page, error) {
	page := Page{Positions: make([]uint32, 0, limit), Last: after}
	if err := s.file.Need(ctx, Serve); err != nil {
		return page, err
	}
	var records iter.Seq2[placed, error]
	if sort == feedback.Newest && s.match != "" && after > 0 && !s.file.matches.Contains(s.match) {
		// A later page of a search that is not cached needs no count, so not the whole set.
		records = within(s.among, s.file.matchesBehind(ctx, sort, s.match, after))
	} else {
		set, err := s.found(ctx)
		if err == nil && set == nil {
			set, err = s.file.everything(ctx)
		}
		if err != nil {
			return page, err
		}
		switch sort {
		case feedback.Newest:
			records = newest(set, after)
		case feedback.Relevance:
			records = within(set, s.file.matchesBehind(ctx, sort, s.match, after))
		default:
			records = s.file.ranked(ctx, sort, after, set)
		}
	}
	for at, err := range records {
		if err != nil {
			return page, Wrap("read the order "+string(sort), err)
		}
		if len(page.Positions) == limit {
			page.More = true
			break
		}
		page.Positions, page.Last = append(page.Positions, at.pos), at.place
	}
	return page, nil
}

// within yields those of the records that are in set; nil: all.
func within(set *roaring.Bitmap, records iter.Seq2[placed, error]) iter.Seq2[placed, error] {
	if set == nil {
		return records
	}
	return func(yield func(placed, error) bool) {
		for at, err := range records {
			if (err != nil || set.Contains(at.pos)) && !yield(at, err) {
				return
			}
		}
	}
}

// newest yields the positions of a set behind one.
func newest(set *roaring.Bitmap, after uint32) iter.Seq2[placed, error] {
	return func(yield func(placed, error) bool) {
		positions := set.Iterator()
		for positions.AdvanceIfNeeded(after); positions.HasNext(); {
			if pos := positions.Next(); pos > after && !yield(placed{pos, pos}, nil) {
				return
			}
		}
	}
}

// rankingQuery reads some parts at once: an order that few records are wanted of is read far.
const rankingQuery = `SELECT part, positions FROM ranking WHERE sort = ? AND part >= ?
	ORDER BY part LIMIT 8`

// rankingPart names a part of a ranking.
type rankingPart struct {
	sort feedback.Sort
	part uint32
}

// cachedRankings bounds, in bytes, the parts of rankings that a file caches: all orders of the
// real sample take a third of it (November 2026).
const cachedRankings = 1 << 20

// ranked yields the records of a set in the order of a ranking.
func (f *File) ranked(
	ctx context.Context, sort feedback.Sort, after uint32, set *roaring.Bitmap,
) iter.Seq2[placed, error] {
	return func(yield func(placed, error) bool) {
		wanted := newPositionSet(set, f.records)
		place := after
		for int64(place) < int64(f.records) {
			part, err := f.rankingPart(ctx, rankingPart{sort, place / RankingPart})
			if err == nil && place%RankingPart >= uint32(len(part)) { // #nosec G115 -- at most 2,048
				err = errIncomplete
			}
			if err != nil {
				yield(placed{}, err)
				return
			}
			for _, pos := range part[place%RankingPart:] {
				if place++; wanted.has(pos) && !yield(placed{place, pos}, nil) {
					return
				}
			}
		}
	}
}

// rankingPart returns a part of a ranking, which the caller must not change. It has no positions
// if the file does not have it.
func (f *File) rankingPart(ctx context.Context, key rankingPart) ([]uint32, error) {
	var found [1][]uint32
	if f.rankings.Find([]rankingPart{key}, found[:]) == 0 {
		return found[0], nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rows, err := f.ranking.QueryContext(uncancelled, string(key.sort), key.part)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		part := rankingPart{sort: key.sort}
		var packed sql.RawBytes
		if err := rows.Scan(&part.part, &packed); err != nil {
			return nil, err
		}
		positions := make([]uint32, len(packed)/4)
		for i := range positions {
			positions[i] = binary.LittleEndian.Uint32(packed[4*i:])
		}
		f.rankings.Add(part, positions, len(packed)+rowSize)
		if part == key {
			found[0] = positions
		}
	}
	return found[0], rows.Err()
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
) iter.Seq2[placed, error] {
	query := f.matchingAfter
	if sort == feedback.Relevance {
		query = f.relevance
	}
	return func(yield func(placed, error) bool) {
		rows, err := query.QueryContext(ctx, match, after)
		if err != nil {
			yield(placed{}, err)
			return
		}
		defer rows.Close()
		at := placed{place: after}
		for rows.Next() {
			if err := rows.Scan(&at.pos); err != nil {
				yield(placed{}, err)
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
			yield(placed{}, err)
		}
	}
}
