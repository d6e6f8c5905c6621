package httpapi

import (
	"context"
	"slices"
	"sync"

	"voc/internal/bound"
	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
	"voc/internal/snapshot"
)

// rowFormat is how a list is written.
type rowFormat struct {
	columns feedback.Columns
	snapshot.Frame
	appendRow func(out, summary []byte) ([]byte, error)
}

var jsonFrame = snapshot.ListFrame()

// A list of minCached to maxCached rows is joined from cached rows. A shorter one may be smaller
// compressed as a whole; a longer one is compressed as a whole, which takes longer and saves a
// third of the bytes.
const (
	minCached = 5
	maxCached = 200
)

// body returns the list of the records at positions.
func (f *rowFormat) body(
	ctx context.Context, file *snapshot.File, positions []uint32,
) respond.Body {
	made := f.stream(ctx, file, positions)
	n := len(positions)
	if f.Frame != jsonFrame || f.columns != feedback.AllColumns || n < minCached || n > maxCached {
		return made
	}
	return respond.Packed{Stream: made, Plain: func(out []byte) ([]byte, error) {
		return file.PlainRows(ctx, out, positions, f.Frame)
	}, Gzip: func(out []byte) ([]byte, error) {
		return file.GzipRows(ctx, out, positions, f.Frame)
	}}
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
