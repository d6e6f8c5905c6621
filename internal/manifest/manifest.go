package manifest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"voc/internal/blob"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// Errors about a store and what it holds.
var (
	ErrNoSnapshot = errors.New("no snapshot has been published yet")
	ErrForeign    = errors.New("belongs to another base or table")
	ErrExposed    = errors.New("shows more than is allowed now")
	ErrPromise    = blob.ErrPromise
)

// Manifest is the single source of truth about a store.
type Manifest struct {
	Generation int64        `json:"generation"` // +1 at each write
	Owner      Owner        `json:"owner"`
	Current    job.Nullable `json:"current"`   // id of the snapshot that is served
	Snapshots  []Snapshot   `json:"snapshots"` // newest first
	Dropped    []Dropped    `json:"dropped"`   // no longer in Snapshots, and not deleted yet

	job.State // runs, fence, lease, hold, calls: in the JSON they follow in this order

	// ReadAt is the store's clock when it returned this manifest; zero if the store had none.
	ReadAt time.Time `json:"-"`
}

// Owner is the base and the table that a store belongs to, from its first publication on.
type Owner struct {
	Base      string `json:"base"`
	TableID   string `json:"table_id"` // "" while it is not known
	TableName string `json:"table_name"`
}

// Snapshot is one published snapshot.
type Snapshot struct {
	ID        string       `json:"id"`
	Parts     []Part       `json:"parts"`
	Parent    job.Nullable `json:"parent"` // id of the snapshot that it was made from
	Run       string       `json:"run"`
	Records   int          `json:"records"`
	Bytes     int64        `json:"bytes"`  // of all parts, uncompressed
	SHA256    string       `json:"sha256"` // of the parts' hashes: see describe
	CreatedAt job.Time     `json:"created_at"`

	// Private is what readers never see of it.
	Private feedback.Privacy `json:"private,omitzero"`

	// PublishedAt is when the snapshot became current, by the store's clock; null if that
	// was not known.
	PublishedAt job.Time `json:"published_at"`

	// ContentSHA256 covers the values that people enter, ComputedSHA256 those that
	// Airtable computes: equal digests mean equal data.
	ContentSHA256  string `json:"content_sha256"`
	ComputedSHA256 string `json:"computed_sha256"`

	// Watermark is the time, by Airtable's clock, before the first page was requested: the
	// snapshot has everything that Airtable had then. It advances when a run finds nothing
	// new.
	Watermark           job.Time `json:"watermark"`
	DeletesConfirmedAt  job.Time `json:"deletes_confirmed_at"`
	ComputedConfirmedAt job.Time `json:"computed_confirmed_at"`
}

// Part is one file of a snapshot, and where it is in the store. Several snapshots may have the
// same part.
type Part struct {
	Kind   snapshot.Kind `json:"kind"`
	Key    string        `json:"key"`    // of the whole file, or of a delta if there is a base
	Bytes  int64         `json:"bytes"`  // of the SQLite file, uncompressed
	SHA256 string        `json:"sha256"` // of the same
	Base   Base          `json:"base,omitzero"`
}

// Base is what a delta is applied to: a part of an earlier snapshot, stored whole.
type Base struct {
	Key       string   `json:"key"`
	Bytes     int64    `json:"bytes"`      // of its SQLite file, uncompressed
	CreatedAt job.Time `json:"created_at"` // of its snapshot
}

// Keys returns the keys of the objects that the snapshot is made of. Other snapshots may be made
// of them, too.
func (s Snapshot) Keys() (keys []string) {
	for _, part := range s.Parts {
		keys = append(keys, part.Key)
		if part.Base.Key != "" {
			keys = append(keys, part.Base.Key)
		}
	}
	return keys
}

// Part returns the part of a kind; zero if there is none. In format 4 the serve part stands for
// others, too.
func (s Snapshot) Part(kind snapshot.Kind) Part {
	var serve Part
	for _, part := range s.Parts {
		switch part.Kind {
		case kind:
			return part
		case snapshot.Serve:
			serve = part
		}
	}
	if kind == snapshot.Sources {
		return Part{}
	}
	return serve
}

// Dropped is an object to delete when no reader can be fetching it any more.
type Dropped struct {
	Key string   `json:"key"`
	At  job.Time `json:"at"`

	// Purge is set if the object shows more than is allowed: it is deleted at once, with its
	// old versions.
	Purge bool `json:"purge,omitempty"`
}

// CurrentSnapshot returns the snapshot that is served. Error: ErrNoSnapshot.
func (m Manifest) CurrentSnapshot() (Snapshot, error) {
	for _, s := range m.Snapshots {
		if s.ID == string(m.Current) {
			return s, nil
		}
	}
	return Snapshot{}, ErrNoSnapshot
}

// Records returns how many records the current snapshot has; 0 if there is none.
func (m Manifest) Records() int {
	current, _ := m.CurrentSnapshot() // zero if there is none
	return current.Records
}

// Belongs checks that a store may be used for a base. Error: *ForeignError.
func (m Manifest) Belongs(base string) error {
	if m.Owner.Base == "" || m.Owner.Base == base {
		return nil
	}
	return &ForeignError{Owner: m.Owner, Base: base}
}

// ForeignError is ErrForeign with the base of the store and the configured base.
type ForeignError struct {
	Owner Owner
	Base  string
}

// Error names both bases.
func (f *ForeignError) Error() string {
	return fmt.Sprintf("the store %v: it holds base %s, and the configured base is %s: "+
		"give each base a store of its own", ErrForeign, f.Owner.Base, f.Base)
}

// Unwrap returns ErrForeign.
func (f *ForeignError) Unwrap() error { return ErrForeign }

// needsAll reports whether snapshots of the manifest need all objects of the parts.
func (m Manifest) needsAll(parts []Local) bool {
	for _, l := range parts {
		if !m.needs(l.Part.Key) || !m.needs(l.base().Key) {
			return false
		}
	}
	return true
}

// needs reports whether a snapshot of the manifest needs an object.
func (m Manifest) needs(key string) bool {
	for _, s := range m.Snapshots {
		if slices.Contains(s.Keys(), key) {
			return true
		}
	}
	return false
}
