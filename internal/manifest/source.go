package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"voc/internal/blob"
)

// source is a file of this host, or an object of the store that is unpacked while it is read.
type source struct {
	io.Reader
	io.Closer
	decoder *zstd.Decoder // nil for a file
	failed  error         // why the file or the connection cannot be read on
}

// openObject opens an object of the store. Error: ErrDamaged if it is missing.
func (s *Store) openObject(ctx context.Context, key string) (*source, error) {
	object, err := s.blobs.Get(ctx, key)
	if errors.Is(err, blob.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", ErrDamaged, key)
	}
	if err != nil {
		return nil, err
	}
	src := &source{Closer: object.Body}
	src.decoder, err = zstd.NewReader(&errorReader{object.Body, &src.failed},
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		_ = object.Body.Close()
		return nil, err
	}
	src.Reader = src.decoder
	return src, nil
}

// openFile opens a file of this host. One that cannot be read is of no use: ErrDamaged.
func openFile(path string) (*source, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	src := &source{Closer: file}
	src.Reader = &errorReader{file, &src.failed}
	return src, nil
}

// fault returns why a source could not be read; nil if its content is the reason.
func (s *source) fault() error {
	if s == nil || s.failed == nil {
		return nil
	}
	if s.decoder == nil {
		return fmt.Errorf("%w: %w", ErrDamaged, s.failed)
	}
	return s.failed
}

// close ends the reading.
func (s *source) close() {
	if s == nil {
		return
	}
	if s.decoder != nil {
		s.decoder.Close()
	}
	_ = s.Close() // it was only read
}

// errorReader remembers why its reader failed, to distinguish a broken connection from
// damaged content.
type errorReader struct {
	io.Reader
	failed *error
}

// Read implements io.Reader.
func (e *errorReader) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err != nil && err != io.EOF {
		*e.failed = err
	}
	return n, err
}
