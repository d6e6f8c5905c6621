package httpapi

import (
	"context"
	"slices"
	"sync"

	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
	"voc/internal/snapshot"
)

// rowFormat is how a list is written.
type rowFormat struct {
	header, separator, footer string
	appendRow                 func(out, summary []byte) ([]byte, error)
}

func jsonRows(columns feedback.Columns) *rowFormat {
	return &rowFormat{"[", ",\n", "]\n", columns.AppendJSON}
}

func csvRows(columns feedback.Columns) *rowFormat {
	return &rowFormat{columns.CSVHeader(), "", "", columns.AppendCSV}
}

// rowsPerQuery is how many rows are read with one query before they are sent, so that a slow client
// does not hold one of the file's few connections.
const rowsPerQuery = 100

// stream writes the records at positions.
func (f *rowFormat) stream(
	ctx context.Context, file *snapshot.File, positions []uint32,
) respond.Stream {
	return func(yield func([]byte, error) bool) {
		buffer := rowBuffers.Get().(*rowBuffer)
		defer buffer.free()
		buffer.text, buffer.separator = append(buffer.text[:0], f.header...), ""
		for chunk := range slices.Chunk(positions, rowsPerQuery) {
			for summary, err := range file.Summaries(ctx, chunk) {
				if err == nil {
					err = buffer.add(f, summary)
				}
				if err != nil {
					yield(nil, err)
					return
				}
			}
			if !yield(buffer.text, nil) {
				return
			}
			buffer.text = buffer.text[:0]
		}
		yield(append(buffer.text, f.footer...), nil)
	}
}

// rowBuffer holds the rows of one query.
type rowBuffer struct {
	text      []byte
	separator string // before the next row
}

// maxRowBuffer is the size in bytes up to which the memory of a buffer is reused.
const maxRowBuffer = 512 << 10

var rowBuffers = sync.Pool{New: func() any { return &rowBuffer{} }}

func (b *rowBuffer) free() {
	if cap(b.text) <= maxRowBuffer {
		rowBuffers.Put(b)
	}
}

func (b *rowBuffer) add(f *rowFormat, summary []byte) (err error) {
	b.text, err = f.appendRow(append(b.text, b.separator...), summary)
	b.separator = f.separator
	return err
}
