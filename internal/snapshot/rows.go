package snapshot

import (
	"bytes"
	"context"
	"hash/crc32"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/klauspost/compress/flate"
)

// Frame is what stands around the rows of a list.
type Frame struct{ Header, Separator, Footer string }

// packedRow is the JSON of a record in DEFLATE blocks that refer to nothing before them and end at
// a byte, so that they can stand anywhere in a gzip member.
type packedRow struct {
	blocks []byte
	size   uint32 // of the JSON, in bytes
	sum    uint32 // its CRC-32
	shift  uint32 // of a CRC by size bytes; see shiftBy
}

// maxPackedRows bounds, in bytes, the rows that a file keeps packed: as many as the real sample
// has, 5,830 (November 2026).
const maxPackedRows = 6 << 20

// rowSize is what a packed row counts for besides its blocks, in bytes.
const rowSize = 128

// packedRows are the rows that lists showed last. The zero value is empty.
type packedRows struct {
	mu    sync.Mutex
	rows  *simplelru.LRU[uint32, *packedRow] // by position
	bytes int
}

// get returns the rows at positions, and the positions of those that are not kept.
func (p *packedRows) get(positions []uint32) (rows []*packedRow, missing []uint32) {
	rows = make([]*packedRow, len(positions))
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, pos := range positions {
		if p.rows != nil {
			rows[i], _ = p.rows.Get(pos)
		}
		if rows[i] == nil {
			missing = append(missing, pos)
		}
	}
	return rows, missing
}

func (p *packedRows) add(pos uint32, row *packedRow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rows == nil {
		p.rows, _ = simplelru.NewLRU(maxPackedRows/rowSize, // a positive size is not an error
			func(_ uint32, row *packedRow) { p.bytes -= len(row.blocks) + rowSize })
	}
	p.rows.Remove(pos) // another request may have added it
	p.rows.Add(pos, row)
	for p.bytes += len(row.blocks) + rowSize; p.bytes > maxPackedRows; {
		p.rows.RemoveOldest()
	}
}

// GzipRows returns the list of the records at positions, in their order, as a gzip
// member. Rows that were in a list before are copied, not read and not compressed again,
// at the price of a member that is half as large again, since each row is compressed by
// itself.
func (f *File) GzipRows(ctx context.Context, positions []uint32, frame Frame) ([]byte, error) {
	rows, missing := f.packed.get(positions)
	if missing != nil {
		next := 0
		for json, err := range f.Summaries(ctx, missing) {
			if err != nil {
				return nil, err
			}
			for rows[next] != nil {
				next++
			}
			rows[next] = packRow(json)
			f.packed.add(positions[next], rows[next])
		}
	}
	size := 64
	for _, row := range rows {
		size += len(row.blocks) + 8
	}
	m := newMember(size)
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

// packers are reused: making one takes longer than compressing a row.
var packers = sync.Pool{New: func() any {
	z, _ := flate.NewWriter(nil, 3) // the level is valid
	return z
}}

func packRow(json []byte) *packedRow {
	var blocks bytes.Buffer
	z := packers.Get().(*flate.Writer)
	defer packers.Put(z)
	z.Reset(&blocks)
	_, _ = z.Write(json) // a bytes.Buffer returns no error
	_ = z.Flush()
	size := uint32(len(json)) // #nosec G115 -- SQLite has no text of 4 GiB
	return &packedRow{bytes.Clone(blocks.Bytes()), size, crc32.ChecksumIEEE(json), shiftBy(size)}
}
