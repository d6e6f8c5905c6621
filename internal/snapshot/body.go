package snapshot

import (
	"context"
	"io"
	"slices"
)

// ListEncoding returns in which of the accepted encodings the list is sent.
func ListEncoding(accepted []Encoding) Encoding {
	if slices.Contains(accepted, Gzip) {
		return Gzip
	}
	return Identity
}

// ListSize returns the length of the whole list in an encoding, in bytes; 0 if that is not
// known yet.
func (f *File) ListSize(encoding Encoding) int64 {
	if !f.list.opened.Load() {
		return 0
	}
	return f.lists.size(encoding)
}

// Body opens the whole list in an encoding and returns its size; the caller closes it.
// The first call for an encoding unpacks the list into a file beside the snapshot, later
// ones only open that. If the file cannot be written, for instance because the disk is
// full, the list is read from the snapshot itself while it is sent: for Identity that
// costs the unpacking each time. Errors while it is read are of type *fs.PathError.
func (f *File) Body(ctx context.Context, encoding Encoding) (io.ReadCloser, int64, error) {
	if err := f.Need(ctx, List); err != nil {
		return nil, 0, err
	}
	return f.lists.open(ctx, encoding)
}

// DiskError returns why the last list could not be unpacked beside the snapshot, or nil. It is
// ErrDiskFull if the disk has no room. If that was more than a minute ago, it tries once more.
func (f *File) DiskError(ctx context.Context) error { return f.lists.retry(ctx) }
