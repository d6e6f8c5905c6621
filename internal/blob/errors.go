package blob

import "errors"

// The errors that callers distinguish with errors.Is. Stores wrap them with the verb, the
// key and the address of the store.
var (
	// ErrNotExist: no object has this key. A missing bucket or an unreadable directory is a
	// different error.
	ErrNotExist = errors.New("no such object")

	// ErrNotModified: the object still has the version that the caller named.
	ErrNotModified = errors.New("object not modified")

	// ErrExist: PutNew found an object at the key that this PutNew did not create.
	ErrExist = errors.New("object already exists")

	// ErrChanged: Replace found a version other than the one the caller named, or met a
	// concurrent write. This Replace did not happen. Read again.
	ErrChanged = errors.New("object has changed")

	// ErrUncertain: a PutNew or Replace failed but may have happened, or may still happen.
	// The package comment explains how to resolve it. The cause, such as
	// context.DeadlineExceeded, is wrapped beside it.
	ErrUncertain = errors.New("the write failed but may have happened")

	// ErrInvalidKey: no store accepts such a key. It indicates a bug or an attack.
	ErrInvalidKey = errors.New("invalid key")
)
