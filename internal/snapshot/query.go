package snapshot

import (
	"cmp"
	"context"
	"database/sql"
	"iter"
	"strconv"

	"voc/internal/feedback"
)

// uncancelled is the context of queries that read a few rows through an index: they end
// before a client could cancel them, and watching a context takes longer than some of
// them.
var uncancelled = context.Background()

// summariesQuery finds summaries in the order of a JSON array of positions. Texts are read
// as blobs, which the driver copies once, not twice.
const summariesQuery = `SELECT CAST(summary.json AS BLOB)
	FROM json_each(?) AS wanted CROSS JOIN summary ON pos = wanted.value`

// Summaries yields the JSON of the records at positions, in their order. A slice is valid
// until the next one is yielded.
func (f *File) Summaries(ctx context.Context, positions []uint32) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(nil, wrap("list", err))
			return
		}
		wanted := append(make([]byte, 0, 8*len(positions)+2), '[')
		for i, pos := range positions {
			if i > 0 {
				wanted = append(wanted, ',')
			}
			wanted = strconv.AppendUint(wanted, uint64(pos), 10)
		}
		rows, err := f.summaries.QueryContext(uncancelled, string(append(wanted, ']')))
		if err != nil {
			yield(nil, wrap("list", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var summary sql.RawBytes
			if err := rows.Scan(&summary); err != nil {
				yield(nil, wrap("list", err))
				return
			}
			if !yield(summary, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, wrap("list", err))
		}
	}
}

const detailQuery = `SELECT CAST(json AS BLOB), CAST(detail AS BLOB), CAST(fields AS BLOB)
	FROM feedback CROSS JOIN summary USING (pos) WHERE id = ?`

// Detail returns the JSON of one record with all its keys, or ErrNoRecord.
func (f *File) Detail(ctx context.Context, id string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("read record "+id, err)
	}
	rows, err := f.detail.QueryContext(uncancelled, id)
	if err != nil {
		return nil, wrap("read record "+id, err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, cmp.Or(wrap("read record "+id, rows.Err()), ErrNoRecord)
	}
	var summary, detail, fields sql.RawBytes
	err = rows.Scan(&summary, &detail, &fields)
	if err == nil {
		var whole []byte
		if whole, err = feedback.Join(summary, detail, fields); err == nil {
			return whole, nil
		}
	}
	return nil, wrap("read record "+id, err)
}
