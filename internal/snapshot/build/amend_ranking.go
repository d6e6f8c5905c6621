package build

import (
	"context"
	"database/sql"
	"encoding/binary"
	"slices"
	"sort"
	"strconv"
	"time"

	"voc/internal/feedback"
)

// amendRankings moves the touched records to their places in the orders.
func (d *Draft) amendRankings(ctx context.Context, c *change) error {
	r := ranker{Draft: d}
	for _, by := range feedback.Sorts {
		var err error
		switch key, _ := by.Key(); {
		case by == feedback.Newest:
		case slices.Contains(rankedKeys[:], key):
			err = r.moveRanking(ctx, by, c)
		case c.changes(key):
			err = d.rankByValue(ctx, by)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// moveRanking moves the touched records to their places in one order.
func (r *ranker) moveRanking(ctx context.Context, by feedback.Sort, c *change) error {
	key, descending := by.Key()
	gone, came := c.moved(key)
	if len(gone)+len(came) == 0 {
		return nil
	}
	positions, err := r.readRanking(ctx, by, gone)
	if err != nil {
		return err
	}
	if key != r.key {
		r.key, r.known = key, map[uint32]sortKey{}
	}
	r.descending = descending
	slices.SortFunc(came, func(a, b keyedRecord) int { return a.compare(b, descending) })
	all := make([]uint32, 0, len(positions)+len(came))
	if all, err = r.insert(ctx, all, positions, came); err != nil {
		return err
	}
	return r.storeRanking(ctx, by, all)
}

// moved returns the positions that lose their place in the orders by a key, and the records that
// get one.
func (c *change) moved(key string) (gone map[uint32]bool, came []keyedRecord) {
	i := slices.Index(rankedKeys[:], key)
	gone = map[uint32]bool{}
	for pos, at := range c.records {
		if at.was != nil && at.is != nil && at.was.keys[i].equals(at.is.keys[i]) {
			continue
		}
		if at.was != nil {
			gone[pos] = true
		}
		if at.is != nil {
			came = append(came, keyedRecord{at.is.keys[i], pos})
		}
	}
	return gone, came
}

// readRanking reads a stored order without some of its positions.
func (d *Draft) readRanking(
	ctx context.Context, by feedback.Sort, without map[uint32]bool,
) ([]uint32, error) {
	const query = `SELECT positions FROM serve.ranking WHERE sort = ? ORDER BY part`
	rows, err := d.query(ctx, query, string(by))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var positions []uint32
	var packed sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&packed); err != nil {
			return nil, err
		}
		for ; len(packed) >= 4; packed = packed[4:] {
			if pos := binary.LittleEndian.Uint32(packed); !without[pos] {
				positions = append(positions, pos)
			}
		}
	}
	return positions, rows.Err()
}

// ranker finds places in an order. It keeps the keys that it has read, since the orders by one key
// need mostly the same.
type ranker struct {
	*Draft
	key        string
	descending bool
	known      map[uint32]sortKey // by position
}

// insert appends an order to all, with records inserted that are sorted. It finds the place of the
// middle one by binary search, so that the others are looked for only before or behind it: the keys
// of few records are read.
func (r *ranker) insert(
	ctx context.Context, all, positions []uint32, came []keyedRecord,
) ([]uint32, error) {
	if len(came) == 0 {
		return append(all, positions...), nil
	}
	half := len(came) / 2
	var failed error
	place := sort.Search(len(positions), func(i int) bool {
		key, err := r.read(ctx, positions[i])
		if err != nil {
			failed = err
		}
		return came[half].compare(keyedRecord{key, positions[i]}, r.descending) < 0
	})
	if failed != nil {
		return nil, failed
	}
	all, err := r.insert(ctx, all, positions[:place], came[:half])
	if err != nil {
		return nil, err
	}
	return r.insert(ctx, append(all, came[half].pos), positions[place:], came[half+1:])
}

// keyQueries read what the record at a position is sorted by.
var keyQueries = map[string]string{
	feedback.Created: `SELECT created FROM serve.feedback WHERE pos = ?`,
	feedback.Modified: `SELECT unpack(size, crc, blocks) ->> 'modified_at' FROM details.record
		WHERE pos = ?`,
	feedback.AreaImpacted: `SELECT CAST(json ->> 'area_impacted' AS BLOB) FROM serve.summary
		WHERE pos = ?`,
	feedback.IssueNumber: `SELECT json -> 'issue_number' FROM serve.summary WHERE pos = ?`,
}

// read returns what the record at a position is sorted by.
func (r *ranker) read(ctx context.Context, pos uint32) (sortKey, error) {
	if key, ok := r.known[pos]; ok {
		return key, nil
	}
	var text string
	err := r.get(ctx, &text, keyQueries[r.key], pos)
	if err != nil {
		return sortKey{}, err
	}
	var f feedback.Feedback
	switch r.key {
	case feedback.Created:
		f.Created, err = time.Parse(feedback.TimeFormat, text)
	case feedback.Modified:
		f.Modified, err = time.Parse(feedback.TimeFormat, text)
	case feedback.AreaImpacted:
		f.AreaImpacted = text
	case feedback.IssueNumber:
		if text != "null" {
			f.IssueNumber = new(float64)
			*f.IssueNumber, err = strconv.ParseFloat(text, 64)
		}
	}
	key := sortKeysOf(f)[slices.Index(rankedKeys[:], r.key)]
	r.known[pos] = key
	return key, err
}
