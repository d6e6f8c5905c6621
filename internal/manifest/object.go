package manifest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/klauspost/compress/zstd"

	"voc/internal/blob"
	"voc/internal/snapshot"
)

// Where the parts are. They are apart so that hosts that serve need no right to read the
// records as Airtable sent them.
const (
	snapshotsPrefix = "snapshots/"
	sourcesPrefix   = "sources/"
	suffix          = ".sqlite.zst"
)

// compression of snapshots. A window of 1 MB, which both ends hold in memory, gives 3 %
// larger files than the default of 8 MB (5,830 records, November 2026).
var compression = []zstd.EOption{
	zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithWindowSize(1 << 20),
	zstd.WithLowerEncoderMem(true), zstd.WithEncoderConcurrency(1),
}

// encoders retains an encoder for the next snapshot: to allocate and clear its tables (8
// MB) takes longer than to compress a small snapshot. The garbage collector empties the
// pool. With a concurrency of 1 an encoder starts no goroutine that would have to be
// stopped.
var encoders = sync.Pool{New: func() any {
	encoder, _ := zstd.NewWriter(nil, compression...) // the options are valid
	return encoder
}}

// putPart compresses a file and stores it at its key. An object that is there already has
// the same content.
func (s *Store) putPart(ctx context.Context, part Part, file snapshot.Part, dir string) error {
	packed, err := pack(file.Path, dir)
	if err != nil {
		return fmt.Errorf("compress the snapshot: %w", snapshot.MarkDiskFull(err))
	}
	defer func() { _ = packed.Close(); _ = os.Remove(packed.Name()) }()
	for range attempts {
		_, err = s.blobs.PutNew(ctx, part.Key, packed)
		if err == nil || errors.Is(err, blob.ErrExist) {
			return nil
		}
		if !errors.Is(err, blob.ErrUncertain) || ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("store the snapshot: %w", err)
}

func pack(path, dir string) (packed *os.File, err error) {
	from, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return nil, err
	}
	packed, err = os.CreateTemp(dir, "packed")
	if err != nil {
		return nil, err
	}
	encoder := encoders.Get().(*zstd.Encoder)
	defer encoders.Put(encoder)
	encoder.ResetContentSize(packed, info.Size()) // a reader of a small one needs no whole window
	_, err = io.Copy(encoder, from)
	if err = errors.Join(err, encoder.Close()); err != nil {
		_ = packed.Close()
		_ = os.Remove(packed.Name())
		return nil, err
	}
	return packed, nil
}

// Fetch copies a part of a snapshot into dir and returns the path of the file, which matches
// the manifest's digest and belongs to the caller. Error: ErrDamaged.
func (s *Store) Fetch(
	ctx context.Context, wanted Snapshot, kind snapshot.Kind, dir string,
) (path string, err error) {
	part := wanted.Part(kind)
	if part.Key == "" {
		return "", fmt.Errorf("snapshot %s is %w: it has no part %s", wanted.ID, ErrDamaged, kind)
	}
	object, err := s.blobs.Get(ctx, part.Key)
	if errors.Is(err, blob.ErrNotExist) {
		return "", fmt.Errorf("snapshot %s is %w: %s is not in %s", wanted.ID, ErrDamaged, part.Key, s)
	}
	if err != nil {
		return "", fmt.Errorf("fetch snapshot %s: %w", wanted.ID, err)
	}
	defer object.Body.Close()
	file, err := os.CreateTemp(dir, "snapshot-*.sqlite")
	if err != nil {
		return "", fmt.Errorf("fetch snapshot %s: %w", wanted.ID, err)
	}
	if err := errors.Join(unpack(file, object.Body, part), file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return "", fmt.Errorf("fetch snapshot %s from %s: %w", wanted.ID, s, err)
	}
	return file.Name(), nil
}

// unpack writes a part to file. It reads no more than the size in the manifest.
func unpack(file *os.File, body io.Reader, part Part) error {
	source := &errorReader{Reader: body}
	decoder, err := zstd.NewReader(source, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return err
	}
	defer decoder.Close()
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(file, hash), io.LimitReader(decoder, part.Bytes+1))
	if source.err != nil {
		return source.err // the connection broke; the object may be valid
	}
	var write *os.PathError
	if errors.As(err, &write) {
		return snapshot.MarkDiskFull(err)
	}
	if err != nil || n != part.Bytes || hex.EncodeToString(hash.Sum(nil)) != part.SHA256 {
		return fmt.Errorf("the snapshot is %w: it is not what the manifest describes", ErrDamaged)
	}
	return nil
}

// errorReader remembers why its reader failed, to distinguish a broken connection from
// damaged content.
type errorReader struct {
	io.Reader
	err error
}

func (e *errorReader) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err != nil && err != io.EOF {
		e.err = err
	}
	return n, err
}
