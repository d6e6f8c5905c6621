package respond

import (
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"voc/internal/snapshot"
)

// How hard a body is compressed that is made for one request: about as fast as its rows are read.
// With these settings Brotli is the smaller one for any body that is streamed (slices of the real
// sample, November 2026). Its window of 256 KB limits a compressor to a megabyte of memory.
const gzipLevel = 4

var brotliOptions = brotli.WriterOptions{Quality: 3, LGWin: 18}

// compressors are reused: making one takes longer than compressing ten records.
var compressors = map[snapshot.Encoding]*sync.Pool{
	snapshot.Brotli: {New: func() any { return brotli.NewWriterOptions(nil, brotliOptions) }},
	snapshot.Gzip: {New: func() any {
		z, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is valid
		return z
	}},
}

type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

// pooled is a compressor that Close returns to its pool. One that is never closed, because of an
// error, is left to the garbage collector.
type pooled struct {
	compressor
	pool *sync.Pool
}

// compress returns a writer that compresses to w. Closing it does not close w.
func compress(w io.Writer, encoding snapshot.Encoding) io.WriteCloser {
	pool := compressors[encoding]
	c := pooled{pool.Get().(compressor), pool}
	c.Reset(w)
	return c
}

func (p pooled) Close() error {
	err := p.compressor.Close()
	p.pool.Put(p.compressor)
	return err
}
