package httpapi

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"

	"voc/internal/snapshot"
)

// response knows whether an answer has begun, whether its client is still there, and how much it may hold. It lets no body out for a HEAD.
type response struct {
	http.ResponseWriter
	head  bool
	room  int64 // bytes that a body may have; -1: any
	begun bool
	lost  bool // the client did not take what was written

	recorder *recorder // nil: nobody wants a copy of what is written
}

func (w *response) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	w.begun = true
	if w.recorder != nil {
		w.recorder.write(p)
	}
	if w.head {
		return len(p), nil
	}
	n, err := w.ResponseWriter.Write(p)
	w.lost = w.lost || err != nil
	return n, err
}

// sendFile leaves the copying to the server's own writer, which has the kernel do it.
func (w *response) sendFile(file io.Reader, size int64) error {
	if err := w.fits(size); err != nil {
		return err
	}
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	w.WriteHeader(http.StatusOK)
	if w.recorder != nil {
		w.recorder.tooLong = true
	}
	if w.head {
		return nil
	}
	_, err := io.Copy(w.ResponseWriter, file)
	_, unreadable := errors.AsType[*fs.PathError](err)
	w.lost = err != nil && !unreadable
	return err
}

// send writes a body that is whole in memory, in the smallest encoding that the client takes.
func (w *response) send(r *request, status int, body []byte) error {
	body, encoding := smallest(body, r.acceptedEncodings())
	return w.sendEncoded(status, body, encoding)
}

// sendEncoded writes a body that is whole in memory, as it is.
func (w *response) sendEncoded(status int, body []byte, encoding snapshot.Encoding) error {
	if err := w.fits(int64(len(body))); err != nil {
		return err
	}
	w.setEncoding(encoding)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

func (w *response) setEncoding(encoding snapshot.Encoding) {
	if encoding != snapshot.Identity {
		w.Header().Set("Content-Encoding", string(encoding))
	}
}
