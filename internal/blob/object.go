package blob

import (
	"context"
	"io"
	"time"
)

// A Version identifies one state of one object in one store. It is opaque, comparable
// with ==, and meaningless for another key or store. The zero Version is that of a
// missing object.
//
// Different bodies under one key have different versions. Equal bodies may have equal
// versions, because S3's are hashes of the content: a caller that must detect a change
// from A to B and back to A writes something unique into each body.
type Version string

// Info is the metadata of an object.
type Info struct {
	Key     string
	Version Version
	Size    int64 // bytes

	// LastModified is when the object was written and Date when the store responded: UTC,
	// both by the store's clock, so that their difference is the object's age, whatever
	// the host's clock shows. Both are exact to the second only. LastModified is zero in
	// the results of PutNew and Replace, where S3 does not return it; Date is close
	// enough.
	LastModified, Date time.Time
}

// An Object is an open object: its Info and the bytes that the Info describes. The caller
// closes the Body.
type Object struct {
	Info

	// Body returns exactly Size bytes and io.EOF, or else an error: the context's error once
	// that is done, io.ErrUnexpectedEOF if bytes are missing. It is not safe for concurrent
	// use.
	Body io.ReadCloser
}

// NewBody returns a reader of source that behaves as [Object] documents for Body. It is
// for stores. Closing it closes source.
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
