package blob

import (
	"context"
	"io"
	"time"
)

// A Version names one state of one object in one store. It is opaque, compared with ==, and of no use for any other
// key or store. The zero Version is that of an object that does not exist.
//
// Different bodies under one key have different versions. Equal bodies may have equal ones, since S3's is a hash of
// the content: who must notice that an object went from A to B and back to A writes something new into each body.
type Version string

// Info is what a store says about an object.
type Info struct {
	Key     string
	Version Version
	Size    int64 // bytes

	// LastModified is when the object was written, and Date when the store gave this answer: UTC, by one clock, the
	// store's, so that the difference is the object's age whatever the host's clock says. Both are exact to
	// the second only. LastModified is zero in answers to PutNew and Replace, where S3 does not tell it: Date will do.
	LastModified, Date time.Time
}

// An Object is an open object: its Info, and the bytes this Info speaks of. Whoever got it closes the Body.
type Object struct {
	Info

	// Body gives exactly Size bytes and io.EOF, or else an error: the context's when that has ended,
	// io.ErrUnexpectedEOF when bytes are missing. It is for one goroutine.
	Body io.ReadCloser
}

// NewBody is for stores: it holds source to what [Object] says of a Body. Closing it closes source.
func NewBody(ctx context.Context, source io.ReadCloser, size int64) io.ReadCloser {
	return &body{ctx: ctx, ReadCloser: source, left: size}
}

type body struct {
	io.ReadCloser
	ctx  context.Context
	left int64
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
