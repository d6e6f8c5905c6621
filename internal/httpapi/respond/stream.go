package respond

import (
	"bytes"
	"iter"
	"net/http"
	"slices"
	"sync"

	"voc/internal/bound"
	"voc/internal/snapshot"
)

// Stream is a body that is made while it is sent. Each piece is valid until the next one.
type Stream struct {
	Pieces iter.Seq2[[]byte, error]
	Large  bool // it has more than some dozen records
}

// streamFrom is the size in bytes, before encoding, from which a body is sent while it is made. A
// shorter one is sent at once, with its length.
const streamFrom = 32 << 10

// packAtOnce and sendFrom bound the memory of a stream: so many bytes are encoded, and so many
// encoded ones sent, at once.
const (
	packAtOnce = 32 << 10
	sendFrom   = 16 << 10
)

// send makes a large body in a lane, and leaves it while the client takes what is made: a slow
// client holds memory, of which the number of streams is the bound, but no processor. A page of
// some dozen records is no such stream: it is made at once.
func (s Stream) send(w *Response, a Answer) error {
	m := maker{w: w, answer: a, made: newBuffer()}
	defer m.end()
	if s.Large {
		if err := m.begin(); err != nil {
			return err
		}
	}
	for piece, err := range s.Pieces {
		if err == nil {
			err = m.add(piece)
		}
		if err != nil {
			return err
		}
		if m.started && w.request.Method == http.MethodHead && w.maxBody == 0 {
			if w.recording != nil {
				w.recording.tooLong = true // nothing of the body was made for the cache
			}
			return m.write(nil)
		}
	}
	return m.finish()
}

// packedBodies are the bodies that Packed made, whose memory is reused: up to bound.SmallBody each.
var packedBodies = sync.Pool{New: func() any { return new([]byte) }}

// send makes the body at once. An uncompressed body above bound.SmallBody is streamed in a lane
// instead.
func (p Packed) send(w *Response, a Answer) error {
	pack, encoding := p.Plain, w.encoding()
	if encoding == snapshot.Gzip {
		pack = p.Gzip
	}
	memory := packedBodies.Get().(*[]byte)
	packed, err := pack((*memory)[:0])
	isLarge := encoding == snapshot.Identity && len(packed) > bound.SmallBody
	if err == nil && !isLarge {
		err = Encoded{packed, encoding}.send(w, a)
	}
	if cap(packed) <= bound.SmallBody {
		*memory = packed
		packedBodies.Put(memory)
	}
	if err == nil && isLarge {
		return p.Stream.send(w, a)
	}
	return err
}

// buffers are reused: a page has 30 to 100 KB.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func newBuffer() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) }

// putBuffer keeps a buffer for another body.
func putBuffer(buffer *bytes.Buffer) {
	if buffer.Cap() <= bound.SmallBody {
		buffer.Reset()
		buffers.Put(buffer)
	}
}

// maker makes and sends one Stream.
type maker struct {
	w        *Response
	answer   Answer
	made     *bytes.Buffer // what is not sent yet
	encoding snapshot.Encoding
	packer   *packer // nil: the body is not encoded, or not yet

	streaming bool // it is one of the streams
	making    bool // it has a lane
	started   bool // the body is not short
}

// begin makes the body one of the streams, and takes a lane. Errors: those of streams.enter and
// [bound.Lanes.Enter].
func (m *maker) begin() error {
	ctx := m.w.request.Context()
	if err := m.w.streams.enter(ctx); err != nil {
		return err
	}
	m.streaming = true
	err := m.w.streams.making.Enter(ctx)
	m.making = err == nil
	return err
}

// end gives back what begin has taken, whatever has become of the body.
func (m *maker) end() {
	if m.making {
		m.w.streams.making.Leave()
	}
	if m.streaming {
		m.w.streams.leave()
	}
	if m.packer != nil {
		m.packer.release()
	}
	putBuffer(m.made)
}

// add adds a piece, and sends what is made so far if that is enough. Error: ErrTooLarge.
func (m *maker) add(piece []byte) error {
	if !m.started && m.made.Len()+len(piece) < streamFrom {
		m.made.Write(piece)
		return nil
	}
	if !m.streaming && m.made.Len()+len(piece) > bound.SmallBody {
		if err := m.begin(); err != nil {
			return err
		}
	}
	if !m.started {
		m.start()
	}
	if m.packer == nil && m.w.maxBody == 0 && m.streaming {
		err := m.flush(m.made.Bytes())
		m.made.Reset()
		if err == nil {
			err = m.flush(piece)
		}
		return err
	}
	for part := range slices.Chunk(piece, packAtOnce) {
		if m.packer != nil {
			_, _ = m.packer.Write(part) // a bytes.Buffer returns no error
		} else {
			m.made.Write(part)
		}
		switch {
		case m.w.maxBody > 0 && m.w.exceeds(int64(m.made.Len())):
			return ErrTooLarge
		case m.w.maxBody > 0 || !m.streaming || m.made.Len() < sendFrom:
			continue
		}
		if err := m.flush(m.made.Bytes()); err != nil {
			return err
		}
		m.made.Reset()
	}
	return nil
}

// start begins to compress, if the client accepts that.
func (m *maker) start() {
	m.started, m.encoding = true, m.w.encoding()
	if m.encoding != snapshot.Identity {
		head := bytes.Clone(m.made.Bytes())
		m.made.Reset()
		m.packer = compress(m.made)
		_, _ = m.packer.Write(head)
	}
}

// write sends a part of the body, and the headers first. Where the platform limits the body, it is
// not called: a response that has begun could no longer be rejected for its size.
func (m *maker) write(part []byte) error {
	if !m.w.started {
		m.w.start(m.answer, content{encoding: m.encoding})
	}
	return m.w.write(part)
}

// flush sends a part of the body, without a lane meanwhile.
func (m *maker) flush(part []byte) error {
	m.w.streams.making.Leave()
	m.making = false
	m.w.streams.sends(m.w)
	err := m.write(part)
	m.w.streams.sent(m.w)
	if err == nil {
		err = m.w.streams.making.Enter(m.w.request.Context())
		m.making = err == nil
	}
	return err
}

// finish sends the rest.
func (m *maker) finish() error {
	if !m.started {
		return Bytes(m.made.Bytes()).send(m.w, m.answer)
	}
	if m.packer != nil {
		_ = m.packer.Close() // a bytes.Buffer returns no error
	}
	if m.streaming && m.w.maxBody == 0 {
		return m.flush(m.made.Bytes())
	}
	if m.packer != nil { // a slow client holds none
		m.packer.release()
		m.packer = nil
	}
	return Encoded{m.made.Bytes(), m.encoding}.send(m.w, m.answer)
}
