package blob

import (
	"context"
	"io"
	"iter"
)

// A Store keeps objects under keys (see [CheckKey]). Every method costs at least one
// round trip to the objects, returns [ErrInvalidKey] for an invalid key, and returns the
// context's error once the context is done. The package comment lists what every store
// promises.
type Store interface {
	// Get opens the current object at the key; the caller closes its Body. The context
	// governs the Body too. Errors: ErrNotExist.
	Get(ctx context.Context, key string) (*Object, error)

	// GetIfChanged is like Get, but returns ErrNotModified, and transfers no body, if the
	// object's version is still since. With the zero Version it is Get. Errors: ErrNotExist,
	// ErrNotModified.
	GetIfChanged(ctx context.Context, key string, since Version) (*Object, error)

	// Stat returns the Info of the current object. Errors: ErrNotExist.
	Stat(ctx context.Context, key string) (Info, error)

	// PutNew creates the object from the whole body, whatever the body's offset. The store
	// owns the body until PutNew returns; it streams the body, and reads it again from the
	// start when it retries. Errors: ErrExist, ErrUncertain.
	PutNew(ctx context.Context, key string, body io.ReadSeeker) (Info, error)

	// Replace replaces the object by body if its version is still current; with the zero
	// Version, if there is no object. It is meant for small objects. Errors: ErrChanged,
	// also if the object was deleted; ErrUncertain.
	Replace(ctx context.Context, key string, body []byte, current Version) (Info, error)

	// List lists the objects whose keys begin with prefix (any beginning of a key, or "" for
	// all), in ascending byte order of the keys. Objects created or deleted during the
	// listing may or may not appear. The listing ends after the first error. Each range over
	// the result lists anew.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]

	// Delete removes the object, whatever its version. Deleting a missing object is no
	// error, so a failed Delete can be repeated.
	Delete(ctx context.Context, key string) error

	// String returns the address of the store: a URL without secrets.
	String() string
}

// Versioned is a store that keeps old versions of objects, as a bucket with versioning does.
type Versioned interface {
	// DeleteVersions deletes the versions below a prefix that are not current, which leaves
	// nothing of the objects that were deleted. It does nothing where versions are not kept.
	DeleteVersions(ctx context.Context, prefix string) error
}
