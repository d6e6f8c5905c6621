package blob

import (
	"context"
	"io"
	"iter"
)

// A Store keeps objects under keys (see [CheckKey]). Every method costs at least one round trip to where the objects
// are, returns [ErrInvalidKey] for what is not a key, and returns the context's error once that has ended.
// The package comment says what all stores promise.
type Store interface {
	// Get opens the newest object at the key; the caller closes its Body. The context governs the Body too.
	// Errors: ErrNotExist.
	Get(ctx context.Context, key string) (*Object, error)

	// GetIfChanged is Get unless the object's version is still since; then it is ErrNotModified, and no body travels.
	// The zero Version always gets. Errors: ErrNotExist, ErrNotModified.
	GetIfChanged(ctx context.Context, key string, since Version) (*Object, error)

	// Stat is Get without the body. Errors: ErrNotExist.
	Stat(ctx context.Context, key string) (Info, error)

	// PutNew creates the object, from the body's first byte to its last, wherever the body stood. The body is the
	// store's until PutNew returns; it is streamed, and read again from the start when the store tries again.
	// Errors: ErrExist, ErrUncertain.
	PutNew(ctx context.Context, key string, body io.ReadSeeker) (Info, error)

	// Replace swaps the object for body if its version is still current; with the zero Version, if there is none.
	// It is for small objects. Errors: ErrChanged, also when the object was deleted; ErrUncertain.
	Replace(ctx context.Context, key string, body []byte, current Version) (Info, error)

	// List walks the objects whose keys begin with prefix (any beginning of a key, or "" for all), ascending by the
	// keys' bytes. One created or deleted meanwhile may be among them or not. It ends after the first error.
	// Each range over the result lists anew.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]

	// Delete removes the object, whatever its version. Deleting what is not there is no error, so a Delete that
	// failed is simply repeated.
	Delete(ctx context.Context, key string) error

	// String is the store's address, for people: a URL without secrets.
	String() string
}
