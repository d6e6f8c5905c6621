package httpapi

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
	"voc/internal/snapshot"
)

// rowFormat is how a list is written.
type rowFormat struct {
	header, separator, footer string
	appendRow                 func(out, summary []byte) ([]byte, error)
}

var (
	jsonRows = &rowFormat{"[", ",\n", "]\n", appendJSON}
	csvRows  = &rowFormat{strings.Join(feedback.Columns(), ",") + "\r\n", "", "", appendCSV}
)

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

func appendJSON(out, summary []byte) ([]byte, error) { return append(out, summary...), nil }

// appendCSV writes the values of a JSON object, whose members are the columns in their order, as a
// row (RFC 4180). The writer of encoding/csv would change carriage returns inside cells.
func appendCSV(out, summary []byte) ([]byte, error) {
	decoder := jsontext.NewDecoder(bytes.NewReader(summary))
	if _, err := decoder.ReadToken(); err != nil { // the opening brace
		return nil, err
	}
	for cells := 0; decoder.PeekKind() != jsontext.KindEndObject; cells++ {
		if err := decoder.SkipValue(); err != nil { // the name
			return nil, err
		}
		value, err := decoder.ReadToken()
		if err != nil {
			return nil, err
		}
		if cells > 0 {
			out = append(out, ',')
		}
		if value.Kind() != jsontext.KindNull {
			out = appendCell(out, value.String())
		}
	}
	return append(out, "\r\n"...), nil
}

// appendCell writes a text. An apostrophe in front keeps a spreadsheet from running a formula.
func appendCell(out []byte, text string) []byte {
	if text != "" && strings.IndexByte("=+-@\t\r", text[0]) >= 0 {
		text = "'" + text
	}
	if !strings.ContainsAny(text, ",\"\r\n") {
		return append(out, text...)
	}
	return append(append(append(out, '"'), strings.ReplaceAll(text, `"`, `""`)...), '"')
}
