package manifest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

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
		return part, fmt.Errorf("compress the snapshot: %w", err)
	}
	defer from.Close()
	name := snapshotsPrefix + next.ID + "." + string(f.kind)
	if f.kind == snapshot.Sources {
		name = sourcesPrefix + next.ID
	}
	var changes *delta
	size := f.Bytes
	if was.Path != "" {
		if changes, size, err = newDelta(from, f.Bytes, was); err != nil {
			return part, fmt.Errorf("compare the snapshot with its parent: %w", err)
		}
	}
	var packed *os.File
	if changes == nil {
		part.Key = name + wholeSuffix
		packed, err = pack(io.NewSectionReader(from, 0, f.Bytes), f.Bytes, p.Dir)
	} else {
		digest := sha256.New()
		packed, err = pack(io.TeeReader(changes, digest), size, p.Dir)
		part.Key = name + "." + hex.EncodeToString(digest.Sum(nil))[:12] + deltaSuffix
		part.Base = was.base()
	}
	if err != nil {
		return part, fmt.Errorf("compress the snapshot: %w", err)
	}
	defer func() { _ = packed.Close(); _ = os.Remove(packed.Name()) }()
	if err := s.putObject(ctx, part.Key, packed); err != nil {
		return part, fmt.Errorf("store the snapshot: %w", err)
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
	if age >= baseAge || !p.Snapshot.Private.Allows(was.of.Private) {
		return Local{}
	}
	return was
}

// has reports whether snapshots of the manifest need all objects of the parts.
func (m Manifest) has(parts []Local) bool {
	for _, l := range parts {
		if !m.needs(l.Part.Key) || !m.needs(l.base().Key) {
			return false
		}
	}
	return true
}
