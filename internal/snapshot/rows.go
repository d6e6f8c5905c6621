package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// Frame is what stands around the rows of a list.
type Frame struct{ Header, Separator, Footer string }

// row is a record of a list: its JSON, or the Packed form of that. The zero row is none.
type row struct {
	bytes []byte
	size  uint32 // of the JSON, in bytes
	sum   uint32 // its CRC-32; 0 in the form of JSON, and so is shift
	shift uint32 // of a CRC by size bytes; see shiftBy
}

type rowKey struct {
	pos    uint32
	packed bool
}

// A file caches the rows of recent lists, up to cachedRows bytes: as many packed ones as the real
// sample has, 5,830, or three quarters of them as JSON (November 2026). rowSize is what a row
// counts for besides its bytes.
const (
	cachedRows = 6 << 20
	rowSize    = 128
)

// recentRows returns the rows of the records at positions, in their order and in one form. Those
// that are not cached are read with one query.
func (f *File) recentRows(ctx context.Context, positions []uint32, packed bool) ([]row, error) {
	keys, rows := make([]rowKey, len(positions)), make([]row, len(positions))
	for i, pos := range positions {
		keys[i] = rowKey{pos, packed}
	}
	if f.rows.Find(keys, rows) == 0 {
		return rows, nil
	}
	var missing []uint32
	for i, row := range rows {
		if row.bytes == nil {
			missing = append(missing, positions[i])
		}
	}
	next := 0
	for json, err := range f.Summaries(ctx, missing) {
		if err != nil {
			return nil, err
		}
		for rows[next].bytes != nil {
			next++
		}
		if packed {
			p := Pack(json)
			rows[next] = row{p.Blocks, p.Size, p.CRC, shiftBy(p.Size)}
		} else {
			rows[next] = row{bytes: bytes.Clone(json)}
		}
		f.rows.Add(keys[next], rows[next], len(rows[next].bytes)+rowSize)
	}
	return rows, nil
}

// PlainRows appends the list of the records at positions to out, in their order. Rows of recent
// lists are copied, not read.
func (f *File) PlainRows(
	ctx context.Context, out []byte, positions []uint32, frame Frame,
) ([]byte, error) {
	rows, err := f.recentRows(ctx, positions, false)
	if err != nil {
		return nil, err
	}
	size := len(out) + len(frame.Header) + len(frame.Footer)
	for _, row := range rows {
		size += len(row.bytes) + len(frame.Separator)
	}
	out = append(slices.Grow(out, size), frame.Header...)
	for i, row := range rows {
		if i > 0 {
			out = append(out, frame.Separator...)
		}
		out = append(out, row.bytes...)
	}
	return append(out, frame.Footer...), nil
}

// GzipRows appends the list of the records at positions to out, in their order, as a gzip
// member. Rows of recent lists are copied, not read and not compressed again, at the price of a
// member that is half as large again, since each row is compressed by itself.
func (f *File) GzipRows(
	ctx context.Context, out []byte, positions []uint32, frame Frame,
) ([]byte, error) {
	rows, err := f.recentRows(ctx, positions, true)
	if err != nil {
		return nil, err
	}
	m := newMember(out)
	m.text(frame.Header)
	for i, row := range rows {
		if i > 0 {
			m.text(frame.Separator)
		}
		m.row(row)
	}
	m.text(frame.Footer)
	return m.end(), nil
}

// summariesQuery finds summaries in the order of a JSON array of positions. Texts are read
// as blobs, which the driver copies once, not twice.
const summariesQuery = `SELECT CAST(summary.json AS BLOB)
	FROM json_each(?) AS wanted CROSS JOIN summary ON pos = wanted.value`

// Summaries yields the JSON of the records at positions, in their order. A slice is valid
// until the next one is yielded.
func (f *File) Summaries(ctx context.Context, positions []uint32) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := cmp.Or(f.Need(ctx, Serve), ctx.Err()); err != nil {
			yield(nil, Wrap("list", err))
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
			yield(nil, Wrap("list", err))
			return
		}
		defer rows.Close()
		left := len(positions)
		for ; rows.Next(); left-- {
			var summary sql.RawBytes
			if err := rows.Scan(&summary); err != nil {
				yield(nil, Wrap("list", err))
				return
			}
			if !yield(summary, nil) {
				return
			}
		}
		if err = rows.Err(); err == nil && left > 0 {
			err = fmt.Errorf("%w: %d records of a list", errIncomplete, left)
		}
		if err != nil {
			yield(nil, Wrap("list", err))
		}
	}
}
