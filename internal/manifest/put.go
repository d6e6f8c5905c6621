package manifest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"voc/internal/blob"
	"voc/internal/snapshot"
)

// Where the parts are. Those for readers are apart, so that hosts that serve need no right to
// read the records as Airtable sent them.
const (
	snapshotsPrefix = "snapshots/"
	sourcesPrefix   = "sources/"
	wholeSuffix     = ".sqlite.zst"
	deltaSuffix     = ".delta.zst"
)

// file is a sealed file of a publication.
type file struct {
	kind snapshot.Kind
	snapshot.Part
}

// files returns the sealed files in the order in which the manifest has their parts.
func (p Publication) files() []file {
	var all []file
	for _, kind := range snapshot.Kinds() {
		if part, ok := p.Sealed.Parts[kind]; ok {
			all = append(all, file{kind, part})
		}
	}
	return all
}

// putPart stores a file of the next snapshot and returns its part: that of the parent if the
// file is the same, else a delta if that is small, else the whole. A delta's key contains its
// own digest, since attempts of one run may start from different parents.
func (s *Store) putPart(
	ctx context.Context, p Publication, next Snapshot, f file,
) (part Part, err error) {
	part = Part{Kind: f.kind, Bytes: f.Bytes, SHA256: f.SHA256}
	was := p.parent(f.kind)
	if was.Path != "" && was.Part.SHA256 == part.SHA256 {
		part.Key, part.Base = was.Part.Key, was.Part.Base
		return part, nil
	}
	from, err := os.Open(f.Path)
	if err != nil {
		return part, fmt.Errorf("open part %s: %w", f.kind, err)
	}
	defer from.Close()
	name := snapshotsPrefix + next.ID + "." + string(f.kind)
	if f.kind == snapshot.Sources {
		name = sourcesPrefix + next.ID
	}
	var changes *delta
	if was.Path != "" {
		if changes, err = newDelta(from, f.Bytes, was); err != nil {
			return part, fmt.Errorf("compare part %s with its parent's: %w", f.kind, err)
		}
	}
	var packed *os.File
	if changes == nil {
		part.Key = name + wholeSuffix
		packed, err = pack(io.NewSectionReader(from, 0, f.Bytes), f.Bytes, p.Dir)
	} else {
		digest := sha256.New()
		packed, err = pack(io.TeeReader(changes, digest), changes.length, p.Dir)
		part.Key = name + "." + hex.EncodeToString(digest.Sum(nil))[:12] + deltaSuffix
		part.Base = was.base()
	}
	if err != nil {
		return part, fmt.Errorf("compress part %s: %w", f.kind, err)
	}
	defer func() { _ = packed.Close(); _ = os.Remove(packed.Name()) }()
	if err := s.putObject(ctx, part.Key, packed); err != nil {
		return part, fmt.Errorf("store part %s: %w", f.kind, err)
	}
	return part, nil
}

// parent returns the parent's part of a kind if the next one may need its objects; else zero.
// They may show nothing that is hidden now, and what was deleted in Airtable must not stay in
// them for longer than it does in the snapshots of each day.
func (p Publication) parent(kind snapshot.Kind) Local {
	i := slices.IndexFunc(p.Parent, func(l Local) bool { return l.Part.Kind == kind })
	if i < 0 {
		return Local{}
	}
	was := p.Parent[i]
	age := p.Snapshot.CreatedAt.Sub(was.base().CreatedAt.Time)
	if age >= baseAge || !p.Snapshot.Private.Allows(was.snapshot.Private) {
		return Local{}
	}
	return was
}

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
