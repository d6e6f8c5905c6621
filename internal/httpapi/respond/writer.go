package respond

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"voc/internal/bound"
	"voc/internal/snapshot"
)

// ErrTooLarge is the error of a body that is larger than the platform can carry.
var ErrTooLarge = errors.New("the body is larger than the platform's limit")

// Writer writes the answers of one API. It is safe for concurrent use.
type Writer struct {
	maxBody int64
	cache   *responseCache
	streams *streams
}

// NewWriter returns a Writer for bodies of at most maxBody bytes, as they are sent; 0: any.
func NewWriter(maxBody int64) *Writer {
	return &Writer{maxBody: maxBody, cache: newResponseCache(), streams: newStreams()}
}

// Response is the response to one request.
type Response struct {
	*Writer
	out      http.ResponseWriter
	request  *http.Request
	accepted []snapshot.Encoding

	started    bool
	extended   bool // the write deadline already covers the next piece
	clientGone bool
	content    content // once started
	sent       Sent
	recording  *recording // nil: the body is not copied for the cache
}

// To returns the response to a request, which writes to out. It must not be copied once in use.
func (w *Writer) To(out http.ResponseWriter, r *http.Request) Response {
	return Response{Writer: w, out: out, request: r, accepted: acceptedEncodings(r)}
}

// Accepted returns the encodings that the client accepts, the better compressing first.
func (w *Response) Accepted() []snapshot.Encoding { return w.accepted }

// Started reports whether the status has been written, so that it is too late for another answer.
func (w *Response) Started() bool { return w.started }

// ClientGone reports whether a write to the client failed.
func (w *Response) ClientGone() bool { return w.clientGone }

// Cached returns the answer that validator names if it need not be made, because the client or
// the cache has it. Its Source is empty.
func (w *Response) Cached(validator Validator) (Answer, bool) {
	found, ok := w.cache.get(w.key(validator))
	if !ok || found.body == nil && !w.notModified(validator) {
		return Answer{}, false
	}
	return Answer{Header: found.header, Validator: validator, Body: found, cached: true}, true
}

// Send writes an answer. An answer that the client already has becomes a 304, but only if it is
// a 200 (RFC 9110 §13.2.1). Errors: ErrTooLarge, and those of the body.
func (w *Response) Send(a Answer) error {
	a.Status = cmp.Or(a.Status, http.StatusOK)
	switch {
	case a.Body == nil:
		w.start(a, content{})
		return nil
	case w.notModified(a.Validator):
		if !a.cached { // so that the next such request is found without its query
			w.cache.add(w.key(a.Validator), &cachedAnswer{header: a.Header})
		}
		a.Status = http.StatusNotModified
		w.start(a, content{})
		return nil
	case a.cached, a.Validator.ETag == "":
		return a.Body.send(w, a)
	}
	key := w.key(a.Validator)
	known, again := w.cache.get(key)
	if again && known.tooLong {
		return a.Body.send(w, a)
	}
	if again {
		w.recording = recordings.Get().(*recording)
		w.recording.buffer.Reset()
		w.recording.tooLong = false
		defer func() { recordings.Put(w.recording); w.recording = nil }()
	}
	if err := a.Body.send(w, a); err != nil {
		return err
	}
	sent := &cachedAnswer{header: a.Header, content: w.content}
	if again {
		sent.tooLong = w.recording.tooLong
	}
	if again && !sent.tooLong {
		sent.body = bytes.Clone(w.recording.buffer.Bytes())
	}
	w.cache.add(key, sent)
	return nil
}

// key identifies an answer in the encoding that the client would get.
func (w *Response) key(validator Validator) cacheKey {
	key := cacheKey{tag: validator.ETag}
	copy(key.accepted[:], w.accepted)
	return key
}

// notModified compares weakly, as RFC 9110 §13.1.2 requires for If-None-Match.
func (w *Response) notModified(validator Validator) bool {
	if validator.ETag == "" {
		return false
	}
	tag := strings.TrimPrefix(validator.ETag, "W/")
	for candidate := range strings.SplitSeq(headerList(w.request, "If-None-Match"), ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}

func (w *Response) exceeds(size int64) bool { return w.maxBody > 0 && size > w.maxBody }

// content describes a body.
type content struct {
	encoding snapshot.Encoding
	size     int64
	sized    bool
}

// start sets all headers and writes the status. The names are in canonical form.
func (w *Response) start(a Answer, body content) {
	stale, caching, contentType, encoding, size := "", "", "", "", ""
	if a.Source.Stale {
		stale = "true"
	}
	switch {
	case a.Validator.ETag != "":
		caching = "no-cache"
	case a.Body != nil:
		caching = "no-store"
	}
	if body.encoding != "" {
		contentType = cmp.Or(a.Header.ContentType, "application/json")
	}
	if body.encoding != snapshot.Identity {
		encoding = string(body.encoding)
	}
	if body.sized {
		size = strconv.FormatInt(body.size, 10)
	}
	header := w.out.Header()
	fields := [...]struct{ name, value string }{
		{"X-Snapshot", a.Source.Snapshot},
		{"X-Data-As-Of", a.Source.AsOf},
		{"X-Data-Stale", stale},
		{"Etag", a.Validator.ETag},
		{"Last-Modified", a.Validator.LastModified},
		{"Cache-Control", caching},
		{"Content-Type", contentType},
		{"Content-Encoding", encoding},
		{"Content-Length", size},
		{"Content-Disposition", a.Header.ContentDisposition},
		{"X-Total-Count", a.Header.TotalCount},
		{"Link", a.Header.Link},
		{"X-Next-Cursor", a.Header.NextCursor},
		{"X-Unknown-Values", a.Header.UnknownValues},
		{"Location", a.Header.Location},
		{"Allow", a.Header.Allow},
		{"Retry-After", a.Header.RetryAfter},
		{"Www-Authenticate", a.Header.Authenticate},
		{"Content-Security-Policy", a.Header.ContentSecurityPolicy},
		{"Referrer-Policy", a.Header.ReferrerPolicy},
	}
	values := make([]string, len(fields)) // of all headers, in one allocation
	for i, field := range fields {
		if field.value != "" {
			values[i] = field.value
			header[field.name] = values[i : i+1 : i+1]
		}
	}
	w.started, w.content = true, body
	w.extend()
	w.extended = true
	w.sent = Sent{Status: a.Status, Cache: a.cacheResult()}
	w.out.WriteHeader(a.Status)
}

// write sends a part of the body, unless the request is a HEAD.
func (w *Response) write(p []byte) error {
	if r := w.recording; r != nil {
		r.tooLong = r.tooLong || r.buffer.Len()+len(p) > bound.CachedBody
		if !r.tooLong {
			r.buffer.Write(p)
		}
	}
	if w.request.Method == http.MethodHead {
		return nil
	}
	for piece := range slices.Chunk(p, bound.WritePiece) {
		if !w.extended {
			w.extend()
		}
		w.extended = false
		n, err := w.out.Write(piece)
		w.sent.Bytes += int64(n)
		if err != nil {
			w.clientGone = true
			return err
		}
	}
	return nil
}

// extend gives the client time for the next piece. Hosts without connections have no deadline.
func (w *Response) extend() {
	deadline := time.Now().Add(bound.WriteProgress)
	_ = http.NewResponseController(w.out).SetWriteDeadline(deadline)
}
