package snapshot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
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
		if err := cmp.Or(f.Need(ctx, Serve), ctx.Err()); err != nil {
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
		left := len(positions)
		for ; rows.Next(); left-- {
			var summary sql.RawBytes
			if err := rows.Scan(&summary); err != nil {
				yield(nil, wrap("list", err))
				return
			}
			if !yield(summary, nil) {
				return
			}
		}
		if err = rows.Err(); err == nil && left > 0 {
			err = fmt.Errorf("%w: %d records of a list", errNoBody, left)
		}
		if err != nil {
			yield(nil, wrap("list", err))
		}
	}
}

const (
	detailQuery = `SELECT size, crc, blocks FROM record WHERE id = ?`
	// wholeDetailQuery is that of format 4.
	wholeDetailQuery = `SELECT CAST(json AS BLOB), CAST(detail AS BLOB), CAST(fields AS BLOB)
		FROM feedback CROSS JOIN summary USING (pos) WHERE id = ?`
)

// Detail returns the response for one record, or ErrNoRecord.
func (f *File) Detail(ctx context.Context, id string) (Packed, error) {
	if err := f.Need(ctx, Details); err != nil {
		return Packed{}, err
	}
	if err := ctx.Err(); err != nil {
		return Packed{}, wrap("read record "+id, err)
	}
	row := f.detail.QueryRowContext(uncancelled, id)
	var r Packed
	var err error
	if f.details.format == servedWhole {
		var summary, detail, fields, whole []byte
		if err = row.Scan(&summary, &detail, &fields); err == nil {
			whole, err = feedback.Join(summary, detail, fields)
			r = Pack(whole)
		}
	} else {
		err = row.Scan(&r.Size, &r.CRC, &r.Blocks)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNoRecord
	}
	return r, wrap("read record "+id, err)
}
