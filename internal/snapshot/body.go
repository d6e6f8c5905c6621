package snapshot

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"voc/internal/bound"
)

// Encoding is the HTTP name of a content encoding.
type Encoding string

// The encodings in which a file has the reports. It has the list in Gzip alone, and unpacks
// that for Identity on first use.
const (
	Identity Encoding = "identity"
	Gzip     Encoding = "gzip"
	Brotli   Encoding = "br"
)

// Name is the name of a stored response, which depends only on the snapshot.
type Name string

// The stored responses.
const (
	listBody     Name = "feedback" // of format 4
	FacetsReport Name = "facets"
	TimesReport  Name = "response-times"
	PlacesReport Name = "environments"
	PulseReport  Name = "customer-pulse"
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
	f.bodies.Lock()
	defer f.bodies.Unlock()
	return f.lists[encoding]
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
	f.bodies.Lock()
	defer f.bodies.Unlock()
	body, size, err := f.unpacked(ctx, encoding)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		f.blameDisk(encoding, err)
		body, size, err = f.stream(ctx, encoding)
	}
	if err != nil {
		return nil, 0, wrap("open the list as "+string(encoding), err)
	}
	return body, size, nil
}

// DiskError returns why the last list could not be unpacked beside the snapshot, or nil. It is
// ErrDiskFull if the disk has no room. If that was more than a minute ago, it tries once more.
func (f *File) DiskError(ctx context.Context) error {
	f.bodies.Lock()
	defer f.bodies.Unlock()
	if f.diskError != nil && time.Until(f.streamUntil) <= 0 {
		body, _, err := f.unpacked(ctx, f.unwritten)
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			f.blameDisk(f.unwritten, err)
		}
		if err == nil {
			_ = body.Close()
		}
	}
	return f.diskError
}

// blameDisk records that a list could not be written. The caller must hold bodies.
func (f *File) blameDisk(encoding Encoding, err error) {
	f.streamUntil = time.Now().Add(bound.DiskRetry)
	f.diskError, f.unwritten = MarkDiskFull(err), encoding
}

// unpacked opens the list in a file beside the list part, and unpacks it there first if
// need be. The caller must hold bodies. An error of type *fs.PathError is about that file.
func (f *File) unpacked(ctx context.Context, encoding Encoding) (io.ReadCloser, int64, error) {
	path := f.unpackedPath(encoding) // Close removes it
	if f.ready[encoding] {
		file, err := os.Open(path)
		if err == nil {
			return file, f.lists[encoding], nil
		}
		delete(f.ready, encoding) // a cleaner of temporary files has removed it
	}
	if time.Until(f.streamUntil) > 0 {
		return f.stream(ctx, encoding)
	}
	size, err := f.unpack(ctx, encoding, path)
	if err != nil {
		_ = os.Remove(path) // half a list must not be served
		return nil, 0, err
	}
	f.ready[encoding], f.lists[encoding], f.diskError = true, size, nil
	file, err := os.Open(path)
	return file, size, err
}

// unpack writes the whole list to path.
func (f *File) unpack(ctx context.Context, encoding Encoding, path string) (int64, error) {
	body, err := f.reader(ctx, encoding)
	if err != nil {
		return 0, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	size, err := io.Copy(file, body)
	return size, errors.Join(err, file.Close())
}

// stream returns the whole list as it is read from the snapshot. The caller must hold
// bodies.
func (f *File) stream(ctx context.Context, encoding Encoding) (io.ReadCloser, int64, error) {
	body, err := f.reader(ctx, encoding)
	if err == nil && f.lists[encoding] == 0 { // Identity of a list of format 4
		f.lists[encoding], err = io.Copy(io.Discard, body)
		if err == nil {
			body, err = f.reader(ctx, encoding)
		}
	}
	if err != nil {
		return nil, 0, err
	}
	return streamed{io.NopCloser(body), f.list.path}, f.lists[encoding], nil
}
