package respond

import (
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/gzip"

	"voc/internal/snapshot"
)

// gzipLevel is how hard a body is compressed that is made for one request: about as fast as its
// rows are read. A page of 50 records takes 0.34 ms of processor time and has 27 KB of 83. Level 4
// takes 0.63 ms for 1 % less, Brotli at quality 3 takes 1.3 ms for 7 % less (the real sample,
// November 2026). So bodies are sent as Brotli only where they are stored as such.
const gzipLevel = 3

// compressors are reused: making one takes longer than compressing ten records.
var compressors = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is valid
	return z
}}

// pooled is a compressor that Close returns to its pool. One that is never closed, because of an
// error, is left to the garbage collector.
type pooled struct{ *gzip.Writer }

// compress returns a writer that compresses to w. Closing it does not close w.
func compress(w io.Writer) io.WriteCloser {
	z := compressors.Get().(*gzip.Writer)
	z.Reset(w)
	return pooled{z}
}

// Close implements io.Closer.
func (p pooled) Close() error {
	err := p.Writer.Close()
	compressors.Put(p.Writer)
	return err
}

// encoding returns the encoding of a body that is made for this request.
func (w *Response) encoding() snapshot.Encoding {
	if slices.Contains(w.accepted, snapshot.Gzip) {
		return snapshot.Gzip
	}
	return snapshot.Identity
}
