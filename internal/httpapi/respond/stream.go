package respond

import (
	"io"

	"voc/internal/snapshot"
)

// streamFrom is the size in bytes, before encoding, from which a body is sent while it is made. A
// shorter one is sent at once, with its length.
const streamFrom = 32 << 10

func (s Stream) send(w *Response, a Answer) error {
	var head []byte        // the body so far, while it may still be short
	var out io.WriteCloser // nil while it may
	for piece, err := range s {
		if err == nil && out == nil {
			if len(head)+len(piece) < streamFrom {
				head = append(head, piece...)
				continue
			}
			out = w.stream(a)
			_, err = out.Write(head)
		}
		if err == nil {
			_, err = out.Write(piece)
		}
		if err != nil {
			return err
		}
	}
	if out == nil {
		return Bytes(head).send(w, a)
	}
	return out.Close()
}

func (p Packed) send(w *Response, a Answer) error {
	if w.encoding() != snapshot.Gzip {
		return p.Stream.send(w, a)
	}
	packed, err := p.Pack()
	if err != nil {
		return err
	}
	return Encoded{packed, snapshot.Gzip}.send(w, a)
}

// stream returns a writer for a body of unknown length, compressed if the client accepts that.
func (w *Response) stream(a Answer) (out io.WriteCloser) {
	encoding := w.encoding()
	if w.maxBody > 0 {
		out = &limited{w: w, answer: a, encoding: encoding}
	} else {
		w.start(a, content{encoding: encoding})
		out = direct{w}
	}
	if encoding != snapshot.Identity {
		out = chain{compress(out), out}
	}
	return out
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
