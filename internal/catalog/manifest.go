package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// format is the version of the manifest's form. A program refuses one that is newer than its own.
const format = 1

// runsKept bounds the receipts in a manifest.
const runsKept = 200

// Errors about what a store holds.
var (
	ErrNoSnapshot = errors.New("no snapshot has been published yet")
	ErrDamaged    = errors.New("damaged")
	ErrNewer      = errors.New("written by a newer version of voc")
	ErrForeign    = errors.New("belongs to another base or table")
	ErrMoved      = errors.New("another refresh has published meanwhile")
)

// Manifest is the one truth about a store.
type Manifest struct {
	Generation int64      `json:"generation"` // +1 at each write
	Owner      Owner      `json:"owner"`
	Current    Nullable   `json:"current"` // id of the snapshot that is served
	Snapshots  []Snapshot `json:"snapshots"`
	Dropped    []Dropped  `json:"dropped"` // keys of snapshots that fell out of Snapshots and are not deleted yet
	Runs       []Run      `json:"runs"`    // newest first

	// Calls counts the calls to Airtable by UTC month, such as "2026-11". Those of a run that was killed are missing.
	Calls map[string]int `json:"calls"`
}

// CallsIn is how many calls to Airtable were made in the UTC month of t.
func (m Manifest) CallsIn(t time.Time) int { return m.Calls[month(t)] }

func month(t time.Time) string { return t.UTC().Format("2006-01") }

func (m *Manifest) countCalls(run Run) {
	if run.AirtableCalls == 0 {
		return
	}
	if m.Calls == nil {
		m.Calls = map[string]int{}
	}
	m.Calls[month(run.Started.Time)] += run.AirtableCalls
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

// LastSuccess is when the newest run that did at least what mode does finished, zero if none succeeded.
func (m Manifest) LastSuccess(mode Mode) time.Time {
	for _, run := range m.Runs {
		if run.Succeeded() && run.Mode.Covers(mode) {
			return run.Finished.Time
		}
	}
	return time.Time{}
}

// receipt is that of a finished run: the mark by which a writer knows a write of its own whose answer was lost.
func (m Manifest) receipt(id string) (run Run, finished bool) {
	i := slices.IndexFunc(m.Runs, func(r Run) bool { return r.ID == id && r.Outcome != "" })
	if i < 0 {
		return Run{}, false
	}
	return m.Runs[i], true
}

// addRun puts a receipt where it belongs by its start; an older receipt of the same run goes, and the oldest where there are too many: never the new one, for it is the mark of the write.
func (m *Manifest) addRun(run Run) {
	m.Runs = slices.DeleteFunc(m.Runs, func(r Run) bool { return r.ID == run.ID })
	m.forget(runsKept - 1)
	m.Runs = slices.Insert(m.Runs, 0, run.clipped())
	slices.SortStableFunc(m.Runs, func(a, b Run) int { return b.Started.Compare(a.Started.Time) })
	m.countCalls(run)
}

// forget keeps the newest n receipts, and of each mode the newest success beyond them: whether a weekly full is overdue must not depend on how many incrementals
// there were since.
func (m *Manifest) forget(n int) {
	kept := m.Runs[:min(len(m.Runs), n):min(len(m.Runs), n)]
	for _, run := range m.Runs[len(kept):] {
		known := slices.ContainsFunc(kept, func(r Run) bool { return r.Mode == run.Mode && r.Succeeded() })
		if run.Succeeded() && !known {
			kept = append(kept, run)
		}
	}
	m.Runs = kept
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
	whole, err := json.Marshal(envelope{Format: format, SHA256: hex.EncodeToString(digest[:]), Manifest: inner})
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
	if e.Format > format {
		return Manifest{}, fmt.Errorf("%w: its format is %d, this program knows %d: upgrade", ErrNewer, e.Format, format)
	}
	digest := sha256.Sum256(e.Manifest)
	if e.Format < 1 || hex.EncodeToString(digest[:]) != e.SHA256 {
		return Manifest{}, fmt.Errorf("%w: its SHA-256 does not match", ErrDamaged)
	}
	var m Manifest
	if err := json.Unmarshal(e.Manifest, &m); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return m, nil
}
