package httpapi

import (
	"context"
	"sync"

	"voc/internal/bound"
	"voc/internal/httpapi/respond"
	"voc/internal/snapshot"
)

// rowFormat is how a list is written.
type rowFormat struct {
	snapshot.Frame
	appendRow func(out, summary []byte) ([]byte, error) // nil: as the file has it, from its cache
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
		for rest := positions; len(rest) > 0; {
			chunk := rest[:min(len(rest), rowsPerQuery)]
			rest = rest[len(chunk):]
			if err := f.add(ctx, buffer, file, chunk); err != nil {
				yield(nil, err)
				return
			}
			if len(rest) > 0 {
				if !yield(buffer.text, nil) {
					return
				}
				buffer.text = buffer.text[:0]
			}
		}
		yield(append(buffer.text, f.Footer...), nil)
	}
	return respond.Stream{Pieces: pieces, Large: len(positions) > bound.SmallPage}
}

// add adds the records at positions to a buffer.
func (f *rowFormat) add(
	ctx context.Context, buffer *rowBuffer, file *snapshot.File, positions []uint32,
) (err error) {
	if f.appendRow == nil {
		buffer.text = append(buffer.text, buffer.separator...)
		buffer.text, err = file.AppendRows(ctx, buffer.text, positions, f.Separator)
		buffer.separator = f.Separator
		return err
	}
	for summary, err := range file.Summaries(ctx, positions) {
		if err == nil {
			buffer.text = append(buffer.text, buffer.separator...)
			buffer.text, err = f.appendRow(buffer.text, summary)
			buffer.separator = f.Separator
		}
		if err != nil {
			return err
		}
	}
	return nil
}
