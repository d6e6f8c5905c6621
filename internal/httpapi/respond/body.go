package respond

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"

	"voc/internal/snapshot"
)

// send encodes the body in the smallest of the accepted encodings, or leaves it as it is if none
// makes it smaller.
func (b Bytes) send(w *Response, a Answer) error {
	best := Encoded{b, snapshot.Identity}
	for _, encoding := range w.accepted {
		var packed bytes.Buffer
		z := compress(&packed, encoding)
		_, _ = z.Write(b) // a bytes.Buffer returns no error
		_ = z.Close()
		if packed.Len() < len(best.Bytes) {
			best = Encoded{packed.Bytes(), encoding}
		}
	}
	return best.send(w, a)
}

func (b Encoded) send(w *Response, a Answer) error {
	size := int64(len(b.Bytes))
	if w.exceeds(size) {
		return ErrTooLarge
	}
	w.start(a, content{b.Encoding, size, true})
	_, err := w.write(b.Bytes)
	return err
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
	_, err = io.Copy(w.out, file)
	_, unreadable := errors.AsType[*fs.PathError](err)
	w.clientGone = err != nil && !unreadable
	return err
}

func (c *cachedAnswer) send(w *Response, a Answer) error {
	w.start(a, c.content)
	_, err := w.write(c.body)
	return err
}
