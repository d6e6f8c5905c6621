package respond

import (
	"io"

	"voc/internal/snapshot"
)

// streamFrom is the size in bytes, before encoding, from which a body is sent while it is made. A
// shorter one is sent at once, with its length.
const streamFrom = 32 << 10

func (s Stream) send(w *Response, a Answer) error {
	body := &streamWriter{w: w, answer: a}
	for piece, err := range s {
		if err == nil {
			err = body.write(piece)
		}
		if err != nil {
			return err
		}
	}
	if body.out == nil {
		return Bytes(body.head).send(w, a)
	}
	return body.out.Close()
}

// streamWriter writes a body of unknown length.
type streamWriter struct {
	w      *Response
	answer Answer
	head   []byte         // the body so far, while it may still be short
	out    io.WriteCloser // nil while it may
}

func (s *streamWriter) write(piece []byte) error {
	if s.out == nil {
		if len(s.head)+len(piece) < streamFrom {
			s.head = append(s.head, piece...)
			return nil
		}
		s.open()
		if _, err := s.out.Write(s.head); err != nil {
			return err
		}
	}
	_, err := s.out.Write(piece)
	return err
}

// open sets out, in the best compressing encoding that the client accepts.
func (s *streamWriter) open() {
	encoding := snapshot.Identity
	if len(s.w.accepted) > 0 {
		encoding = s.w.accepted[0]
	}
	if s.w.maxBody > 0 {
		s.out = &limited{w: s.w, answer: s.answer, encoding: encoding}
	} else {
		s.w.start(s.answer, content{encoding: encoding})
		s.out = direct{s.w}
	}
	if encoding != snapshot.Identity {
		s.out = chain{compress(s.out, encoding), s.out}
	}
}

// chain compresses into a sink, and closes both.
type chain struct {
	io.WriteCloser
	sink io.Closer
}

func (c chain) Close() error {
	if err := c.WriteCloser.Close(); err != nil {
		return err
	}
	return c.sink.Close()
}

// direct writes to a response that has started.
type direct struct{ w *Response }

func (d direct) Write(p []byte) (int, error) { return d.w.write(p) }
func (direct) Close() error                  { return nil }

// limited buffers a body until it is complete, because a response that has started could no longer
// be rejected for its size.
type limited struct {
	w        *Response
	answer   Answer
	encoding snapshot.Encoding
	body     []byte
}

// Write implements io.Writer. Error: ErrTooLarge.
func (l *limited) Write(p []byte) (int, error) {
	if l.w.exceeds(int64(len(l.body) + len(p))) {
		return 0, ErrTooLarge
	}
	l.body = append(l.body, p...)
	return len(p), nil
}

// Close sends the body.
func (l *limited) Close() error { return Encoded{l.body, l.encoding}.send(l.w, l.answer) }
