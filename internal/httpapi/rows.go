package httpapi

import (
	"context"
	"slices"
	"sync"

	"voc/internal/bound"
	"voc/internal/httpapi/respond"
	"voc/internal/snapshot"
)

// rowFormat is how a list is written.
type rowFormat struct {
	snapshot.Frame
	appendRow func(out, summary []byte) ([]byte, error)
}

// rowsPerQuery is how many rows are read with one query before they are sent, so that a slow client
// does not hold one of the file's few connections.
const rowsPerQuery = 50

// rowBuffer holds the rows of one query.
type rowBuffer struct {
	text      []byte
	separator string // before the next row
}

var rowBuffers = sync.Pool{New: func() any { return &rowBuffer{} }}

// maxRowBuffer is the size in bytes up to which the memory of a buffer is reused.
const maxRowBuffer = 512 << 10

// stream writes the records at positions.
func (f *rowFormat) stream(
	ctx context.Context, file *snapshot.File, positions []uint32,
) respond.Stream {
	pieces := func(yield func([]byte, error) bool) {
		buffer := rowBuffers.Get().(*rowBuffer)
		defer func() {
			if cap(buffer.text) <= maxRowBuffer {
				rowBuffers.Put(buffer)
			}
		}()
		buffer.text, buffer.separator = append(buffer.text[:0], f.Header...), ""
		for chunk := range slices.Chunk(positions, rowsPerQuery) {
			for summary, err := range file.Summaries(ctx, chunk) {
				if err == nil {
					buffer.text = append(buffer.text, buffer.separator...)
					buffer.text, err = f.appendRow(buffer.text, summary)
					buffer.separator = f.Separator
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
		yield(append(buffer.text, f.Footer...), nil)
	}
	return respond.Stream{Pieces: pieces, Large: len(positions) > bound.SmallPage}
}
