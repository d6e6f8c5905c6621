package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/klauspost/compress/zstd"

	"voc/internal/blob"
	"voc/internal/snapshot"
)

// compression of objects. A window of 2 MB, which both ends hold in memory, gives 2 %
// larger files than the default of 8 MB (5,830 records, November 2026).
var compression = []zstd.EOption{
	zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithWindowSize(2 << 20),
	zstd.WithLowerEncoderMem(true), zstd.WithEncoderConcurrency(1),
}

// encoders retains an encoder for the next object: to allocate and clear its tables (8
// MB) takes longer than to compress a small one. The garbage collector empties the
// pool. With a concurrency of 1 an encoder starts no goroutine that would have to be
// stopped.
var encoders = sync.Pool{New: func() any {
	encoder, _ := zstd.NewWriter(nil, compression...) // the options are valid
	return encoder
}}

// pack compresses so many bytes into a file in dir. The caller closes and removes it.
func pack(from io.Reader, size int64, dir string) (packed *os.File, err error) {
	packed, err = os.CreateTemp(dir, "packed")
	if err != nil {
		return nil, err
	}
	encoder := encoders.Get().(*zstd.Encoder)
	defer encoders.Put(encoder)
	encoder.ResetContentSize(packed, size) // a reader of a small one needs no whole window
	_, err = io.Copy(encoder, from)
	if err = errors.Join(err, encoder.Close()); err != nil {
		_ = packed.Close()
		_ = os.Remove(packed.Name())
		return nil, snapshot.MarkDiskFull(err)
	}
	return packed, nil
}

// putObject stores an object. One that is there already has the same content.
func (s *Store) putObject(ctx context.Context, key string, packed io.ReadSeeker) (err error) {
	for range attempts {
		_, err = s.blobs.PutNew(ctx, key, packed)
		if err == nil || errors.Is(err, blob.ErrExist) {
			return nil
		}
		if !errors.Is(err, blob.ErrUncertain) || ctx.Err() != nil {
			break
		}
	}
	return err
}

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
