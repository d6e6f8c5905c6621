package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"voc/internal/snapshot"
)

// Errors about what a store holds.
var (
	ErrNoSnapshot = errors.New("no snapshot has been published yet")
	ErrDamaged    = errors.New("damaged")
	ErrNewer      = errors.New("written by a newer version of voc")
	ErrForeign    = errors.New("belongs to another base or table")
)

// Manifest is the one truth about a store.
type Manifest struct {
	Generation int64      `json:"generation"` // +1 at each write
	Owner      Owner      `json:"owner"`
	Current    Nullable   `json:"current"`   // id of the snapshot that is served
	Snapshots  []Snapshot `json:"snapshots"` // newest first
	Dropped    []Dropped  `json:"dropped"`   // keys of snapshots that fell out of Snapshots and are not deleted yet
	Runs       []Run      `json:"runs"`      // newest first
	Fence      int64      `json:"fence"`     // of the last lease that was given
	Lease      *Lease     `json:"lease"`     // nil: nobody refreshes
	Hold       *Hold      `json:"hold"`      // nil: scheduled refreshes run

	// Calls counts the calls to Airtable by UTC month, such as "2026-11".
	Calls map[string]int `json:"calls"`

	// ReadAt is the store's clock when it gave this manifest; zero if there was none to give.
	ReadAt time.Time `json:"-"`
}

// Owner is the base and the table that a store belongs to, from its first publication on.
type Owner struct {
	Base      string `json:"base"`
	TableID   string `json:"table_id"` // "" while it is not known
	TableName string `json:"table_name"`
}

// Snapshot is one published file.
type Snapshot struct {
	ID        string   `json:"id"`
	Key       string   `json:"key"`
	Parent    Nullable `json:"parent"`
	Run       string   `json:"run"`
	Records   int      `json:"records"`
	Bytes     int64    `json:"bytes"`  // of the SQLite file, unpacked
	SHA256    string   `json:"sha256"` // of the same
	CreatedAt Time     `json:"created_at"`

	// PublishedAt is when it became current, by the store's clock; null if the store had not told its time before.
	PublishedAt Time `json:"published_at"`

	// ContentSHA256 and ComputedSHA256 are over the records, what people put in and what Airtable works out: equal ones mean equal data.
	ContentSHA256  string `json:"content_sha256"`
	ComputedSHA256 string `json:"computed_sha256"`

	// Watermark is Airtable's clock before the first page was asked for: all that Airtable had then is in here. It moves on when a run finds nothing new.
	Watermark           Time `json:"watermark"`
	DeletesConfirmedAt  Time `json:"deletes_confirmed_at"`
	ComputedConfirmedAt Time `json:"computed_confirmed_at"`
}

// Dropped is an object to delete once no reader can be busy with it.
type Dropped struct {
	Key string `json:"key"`
	At  Time   `json:"at"`
}

// CurrentSnapshot is the one that is served. Error: ErrNoSnapshot.
func (m Manifest) CurrentSnapshot() (Snapshot, error) {
	for _, s := range m.Snapshots {
		if s.ID == string(m.Current) {
			return s, nil
		}
	}
	return Snapshot{}, ErrNoSnapshot
}

// Belongs says whether a store may be used for a base. Error: ErrForeign.
func (m Manifest) Belongs(base string) error {
	if m.Owner.Base == "" || m.Owner.Base == base {
		return nil
	}
	return fmt.Errorf("the store %w: it holds base %s, and AIRTABLE_BASE_ID is %s: give each base a SNAPSHOT_STORE of its own", ErrForeign, m.Owner.Base, base)
}

// envelope is how a manifest lies in the store. The digest is over the manifest's bytes as they stand.
type envelope struct {
	Format   int             `json:"format"`
	SHA256   string          `json:"sha256"`
	Manifest json.RawMessage `json:"manifest"`
}

func (m Manifest) encode() ([]byte, error) {
	inner, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(inner)
	whole, err := json.Marshal(envelope{Format: snapshot.Format, SHA256: hex.EncodeToString(digest[:]), Manifest: inner})
	if len(whole) > manifestLimit {
		return nil, fmt.Errorf("it would have %d bytes, more than the %d that are read: lower SNAPSHOT_KEEP", len(whole), manifestLimit)
	}
	return whole, err
}

// decode reads a manifest. Errors: ErrNewer, ErrDamaged.
func decode(data []byte) (Manifest, error) {
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if e.Format > snapshot.Format {
		return Manifest{}, fmt.Errorf("%w: its format is %d, this program knows %d: upgrade", ErrNewer, e.Format, snapshot.Format)
	}
	digest := sha256.Sum256(e.Manifest)
	if e.Format < snapshot.OldestFormat || hex.EncodeToString(digest[:]) != e.SHA256 {
		return Manifest{}, fmt.Errorf("%w: its SHA-256 does not match", ErrDamaged)
	}
	var m Manifest
	if err := json.Unmarshal(e.Manifest, &m); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return m, nil
}
