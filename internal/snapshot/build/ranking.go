package build

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// writeRankings stores the orders of all records.
func (d *Draft) writeRankings(ctx context.Context, x *index) error {
	for _, column := range x.columns {
		column.rank()
	}
	positions := make([]uint32, len(x.columns[feedback.Created].numbers))
	for _, sort := range feedback.Sorts {
		if sort == feedback.Newest {
			continue
		}
		key, descending := sort.Key()
		column := x.columns[key]
		if column == nil {
			if err := d.rankByValue(ctx, sort); err != nil {
				return err
			}
			continue
		}
		for i := range positions {
			positions[i] = firstPosition + uint32(i) // #nosec G115 -- at most 500,000 records
		}
		column.sort(positions, descending)
		if err := d.storeRanking(ctx, sort, positions); err != nil {
			return err
		}
	}
	return nil
}

// rankByValue stores an order by a property of which each record has one value: value after value,
// the positions of its set.
func (d *Draft) rankByValue(ctx context.Context, sort feedback.Sort) error {
	property, descending := sort.Key()
	rows, err := d.query(ctx, `SELECT key, positions FROM serve.facet WHERE property = ?`, property)
	if err != nil {
		return err
	}
	defer rows.Close()
	type ranked struct {
		by  string
		set *roaring.Bitmap
	}
	var values []ranked
	records := 0
	for rows.Next() {
		value := ranked{set: roaring.New()}
		var packed []byte
		if err := rows.Scan(&value.by, &packed); err != nil {
			return err
		}
		if err := value.set.UnmarshalBinary(packed); err != nil {
			return err
		}
		value.by = feedback.Collate(property, value.by)
		values = append(values, value)
		records += int(value.set.GetCardinality()) // #nosec G115 -- at most records
	}
	if err := rows.Err(); err != nil {
		return err
	}
	slices.SortFunc(values, func(a, b ranked) int {
		if descending {
			a, b = b, a
		}
		return cmp.Compare(a.by, b.by)
	})
	positions := make([]uint32, 0, records)
	for _, value := range values {
		positions = append(positions, value.set.ToArray()...)
	}
	return d.storeRanking(ctx, sort, positions)
}

// storeRanking stores an order part by part. A part that does not change is not written.
func (d *Draft) storeRanking(ctx context.Context, sort feedback.Sort, positions []uint32) error {
	const (
		store = `INSERT INTO serve.ranking VALUES (?, ?, ?) ON CONFLICT DO UPDATE
			SET positions = excluded.positions WHERE positions <> excluded.positions`
		remove = `DELETE FROM serve.ranking WHERE sort = ? AND part >= ?`
	)
	part := 0
	for some := range slices.Chunk(positions, snapshot.RankingPart) {
		packed, _ := binary.Append(nil, binary.LittleEndian, some) // numbers of a fixed size
		if err := d.execPrepared(ctx, store, string(sort), part, packed); err != nil {
			return err
		}
		part++
	}
	return d.execPrepared(ctx, remove, string(sort), part)
}
