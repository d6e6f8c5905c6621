package respond

import (
	"context"
	"encoding/json"
	"io"

	"voc/internal/snapshot"
)

// Answer is what a handler answers with.
type Answer struct {
	Status    int // 0: 200
	Header    Header
	Validator Validator // zero: clients must not store the answer
	Source    Source    // zero: the answer is not made from a snapshot
	Body      Body      // nil: none

	cached bool
}

// Header holds the headers that a handler decides. Those that are empty are not sent.
type Header struct {
	ContentType        string // empty: application/json
	ContentDisposition string
	TotalCount         string
	Link               string
	NextCursor         string
	UnknownValues      string
	Location           string

	// The headers of problems.
	Allow        string
	RetryAfter   string
	Authenticate string

	// The headers of pages.
	ContentSecurityPolicy string
	ReferrerPolicy        string
}

// Validator names the version of an answer, so that a client can ask whether its copy is current.
type Validator struct {
	ETag         string
	LastModified string // empty: not sent
}

// Source describes the snapshot that an answer is made from. Problems have it as well.
type Source struct {
	Snapshot string
	AsOf     string
	Stale    bool
}

// Body is Bytes, Encoded, File, Stream or Packed.
type Body interface {
	// send starts the response and writes the body.
	send(w *Response, a Answer) error
}

// Bytes is a body that is complete in memory and not encoded.
type Bytes []byte

// Encoded is a body that is complete in memory, in an encoding that the client accepts.
type Encoded struct {
	Bytes    []byte
	Encoding snapshot.Encoding
}

// File is a body that Open returns with its size, in an encoding that the client accepts. Send
// opens it only if the body is needed, and closes it.
type File struct {
	Encoding snapshot.Encoding
	Open     func(context.Context, snapshot.Encoding) (io.ReadCloser, int64, error)
}

// Packed is a Stream that can also be made at once, plain or as gzip. Each function appends it.
type Packed struct {
	Stream
	Plain, Gzip func(out []byte) ([]byte, error)
}

// JSON returns an answer that describes the present, which clients must not store.
func JSON(status int, body any) (Answer, error) {
	text, err := json.Marshal(body)
	return Answer{Status: status, Body: Bytes(append(text, '\n'))}, err
}
