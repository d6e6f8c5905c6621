package blob

import "errors"

// What callers tell apart, with errors.Is. Stores wrap them with the verb, the key and where the store is.
var (
	// ErrNotExist: no object has this key. A missing bucket or an unreadable directory is another error.
	ErrNotExist = errors.New("no such object")

	// ErrNotModified: the object still has the version that the caller knows.
	ErrNotModified = errors.New("object not modified")

	// ErrExist: PutNew found an object at the key. This PutNew did not put it there.
	ErrExist = errors.New("object exists already")

	// ErrChanged: Replace found another version than the caller named, or met another write under way.
	// This Replace did not happen. Read again.
	ErrChanged = errors.New("object changed meanwhile")

	// ErrUncertain: a PutNew or Replace failed but may have happened, or may yet. The package comment says how to
	// settle it. The cause, such as context.DeadlineExceeded, is wrapped beside it.
	ErrUncertain = errors.New("the write failed but may have happened")

	// ErrInvalidKey: no store can hold such a key. It is a mistake in the program, or an attack.
	ErrInvalidKey = errors.New("invalid key")
)
