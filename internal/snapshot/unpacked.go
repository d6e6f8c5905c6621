package snapshot

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"voc/internal/bound"
)

// unpackedLists unpacks the list part into a file for each encoding, beside the part.
type unpackedLists struct {
	part *part

	mu    sync.Mutex
	sizes map[Encoding]int64 // of the list, once they are known
	ready map[Encoding]bool  // has a file

	streamUntil time.Time // lists are streamed: the disk could not be written
	diskError   error     // why; nil once a list could be written
	unwritten   Encoding  // of the list that could not
}

// load works out how long the list is, once the part is open.
func (u *unpackedLists) load() (err error) {
	u.sizes, err = u.part.listSizes()
	return err
}

// size returns the length of the list in an encoding; 0 if that is not known yet.
func (u *unpackedLists) size(encoding Encoding) int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.sizes[encoding]
}

// open opens the list as Body does.
func (u *unpackedLists) open(ctx context.Context, encoding Encoding) (io.ReadCloser, int64, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	body, size, err := u.file(ctx, encoding)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		u.blameDisk(encoding, err)
		body, size, err = u.stream(ctx, encoding)
	}
	if err != nil {
		return nil, 0, Wrap("open the list as "+string(encoding), err)
	}
	return body, size, nil
}

// retry returns why the last list could not be written, or nil. If that was some time ago, it
// tries once more.
func (u *unpackedLists) retry(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.diskError != nil && time.Until(u.streamUntil) <= 0 {
		body, _, err := u.file(ctx, u.unwritten)
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			u.blameDisk(u.unwritten, err)
		}
		if err == nil {
			_ = body.Close()
		}
	}
	return u.diskError
}

// blameDisk records that a list could not be written. The caller must hold mu.
func (u *unpackedLists) blameDisk(encoding Encoding, err error) {
	u.streamUntil = time.Now().Add(bound.DiskRetry)
	u.diskError, u.unwritten = MarkDiskFull(err), encoding
}

// file opens the file of an encoding, and unpacks the list there first if need be. The caller must
// hold mu. An error of type *fs.PathError is about that file.
func (u *unpackedLists) file(ctx context.Context, encoding Encoding) (io.ReadCloser, int64, error) {
	path := u.path(encoding) // remove removes it
	if u.ready[encoding] {
		file, err := os.Open(path)
		if err == nil {
			return file, u.sizes[encoding], nil
		}
		delete(u.ready, encoding) // a cleaner of temporary files has removed it
	}
	if time.Until(u.streamUntil) > 0 {
		return u.stream(ctx, encoding)
	}
	size, err := u.unpack(ctx, encoding, path)
	if err != nil {
		_ = os.Remove(path) // half a list must not be served
		return nil, 0, err
	}
	u.ready[encoding], u.sizes[encoding], u.diskError = true, size, nil
	file, err := os.Open(path)
	return file, size, err
}

// unpack writes the whole list to path.
func (u *unpackedLists) unpack(
	ctx context.Context, encoding Encoding, path string,
) (int64, error) {
	body, err := u.part.listReader(ctx, encoding)
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

// stream returns the whole list as it is read from the part. The caller must hold mu.
func (u *unpackedLists) stream(
	ctx context.Context, encoding Encoding,
) (io.ReadCloser, int64, error) {
	body, err := u.part.listReader(ctx, encoding)
	if err == nil && u.sizes[encoding] == 0 { // Identity of a list of format 4
		u.sizes[encoding], err = io.Copy(io.Discard, body)
		if err == nil {
			body, err = u.part.listReader(ctx, encoding)
		}
	}
	if err != nil {
		return nil, 0, err
	}
	return streamed{io.NopCloser(body), u.part.path}, u.sizes[encoding], nil
}

// path returns where the file of an encoding is.
func (u *unpackedLists) path(encoding Encoding) string {
	return u.part.path + "." + string(encoding)
}

// remove removes the files. The caller must hold mu.
func (u *unpackedLists) remove() {
	for encoding := range u.ready {
		_ = os.Remove(u.path(encoding)) // it is in a directory of this process
	}
}
