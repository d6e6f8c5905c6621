package respond

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"

	"voc/internal/bound"
	"voc/internal/snapshot"
)

// send compresses the body if the client accepts that and it gets smaller.
func (b Bytes) send(w *Response, a Answer) error {
	if w.encoding() == snapshot.Gzip {
		var packed bytes.Buffer
		z := compress(&packed)
		_, _ = z.Write(b) // a bytes.Buffer returns no error
		_ = z.Close()
		z.release()
		if packed.Len() < len(b) {
			return Encoded{packed.Bytes(), snapshot.Gzip}.send(w, a)
		}
	}
	return Encoded{b, snapshot.Identity}.send(w, a)
}

func (b Encoded) send(w *Response, a Answer) error {
	size := int64(len(b.Bytes))
	if w.exceeds(size) {
		return ErrTooLarge
	}
	w.start(a, content{b.Encoding, size, true})
	return w.write(b.Bytes)
}

// send leaves the copying to net/http, which lets the kernel do it.
func (b File) send(w *Response, a Answer) error {
	file, size, err := b.Open(w.request.Context(), b.Encoding)
	if err != nil {
		return err
	}
	defer file.Close()
	if w.exceeds(size) {
		return ErrTooLarge
	}
	w.start(a, content{b.Encoding, size, true})
	if w.recording != nil {
		w.recording.tooLong = true
	}
	if w.request.Method == http.MethodHead {
		return nil
	}
	for err == nil {
		w.extend()
		var sent int64
		sent, err = io.CopyN(w.out, file, bound.WritePiece)
		w.sent.Bytes += sent
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	_, unreadable := errors.AsType[*fs.PathError](err)
	w.clientGone = !unreadable
	return err
}

func (c *cachedAnswer) send(w *Response, a Answer) error {
	w.start(a, c.content)
	return w.write(c.body)
}
