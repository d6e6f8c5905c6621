package httpapi

import (
	"io"
	"net/http"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"voc/internal/snapshot"
)

// streamFrom is the length, in bytes before encoding, from which on a body goes out as it comes. A shorter one is sent whole.
const streamFrom = 32 << 10

// How hard answers that are made for one request are compressed: about as fast as their rows come. With these, Brotli's is the smaller one of any
// body that is streamed (slices of the real sample, November 2026). Its window of 256 KB bounds what one compressor holds to a megabyte.
const quickGzip = 4

var quickBrotli = brotli.WriterOptions{Quality: 3, LGWin: 18}

// compressors are kept for the next answer: making one takes longer than compressing ten records.
var compressors = map[snapshot.Encoding]*sync.Pool{
	snapshot.Brotli: {New: func() any { return brotli.NewWriterOptions(nil, quickBrotli) }},
	snapshot.Gzip:   {New: func() any { z, _ := gzip.NewWriterLevel(nil, quickGzip); return z }}, // the level is valid
}

type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

// borrowed goes back when it is closed. One that is not, since something went wrong, is left to the garbage collector.
type borrowed struct {
	compressor
	owner *sync.Pool
}

func compress(w io.Writer, encoding snapshot.Encoding) io.WriteCloser {
	owner := compressors[encoding]
	b := borrowed{owner.Get().(compressor), owner}
	b.Reset(w)
	return b
}

func (b borrowed) Close() error {
	err := b.compressor.Close()
	b.owner.Put(b.compressor)
	return err
}

// stream is a body whose length is not known before.
type stream struct {
	w    *response
	r    *request
	part []byte
	out  io.WriteCloser // nil while the body may still be short
	sink io.WriteCloser // where out writes to
}

// newStream begins a body with text.
func newStream(w *response, r *request, text string) *stream {
	return &stream{w: w, r: r, part: []byte(text)}
}

// add writes rows, or keeps them while the body may still be short.
func (s *stream) add(rows []byte) error {
	if s.out == nil && len(s.part)+len(rows) < streamFrom {
		s.part = append(s.part, rows...)
		return nil
	}
	if err := s.flush(); err != nil {
		return err
	}
	_, err := s.out.Write(rows)
	return err
}

// flush begins to write what was kept.
func (s *stream) flush() error {
	if s.out != nil {
		return nil
	}
	s.out = s.open()
	_, err := s.out.Write(s.part)
	return err
}

// open settles the encoding: the better compressing of those that the client takes.
func (s *stream) open() io.WriteCloser {
	s.sink = s.w.sink()
	accepted := s.r.acceptedEncodings()
	if len(accepted) == 0 {
		return plain{s.sink}
	}
	s.w.setEncoding(accepted[0])
	return compress(s.sink, accepted[0])
}

// end writes what is left.
func (s *stream) end(text string) error {
	if s.out == nil {
		return s.w.send(s.r, http.StatusOK, append(s.part, text...))
	}
	if _, err := io.WriteString(s.out, text); err != nil {
		return err
	}
	if err := s.out.Close(); err != nil {
		return err
	}
	return s.sink.Close()
}

// plain needs no closing.
type plain struct{ io.Writer }

func (plain) Close() error { return nil }
