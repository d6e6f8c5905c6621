package snapshot

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"voc/internal/feedback"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Format numbers the form of all that a store holds: a snapshot's PRAGMA user_version,
// and the manifest. A program writes Format and reads it and the one before,
// OldestFormat, so that hosts can be upgraded one after the other. 2 was the first
// released format.
const (
	Format       = 3
	OldestFormat = 2
)

// ApplicationID is PRAGMA application_id of a snapshot: "voc1" in ASCII, so that no other
// SQLite file is mistaken for one.
const ApplicationID = 0x766f6331

// Schema creates the tables of a snapshot.
//
//go:embed schema.sql
var Schema string

// Errors of Open and of the queries.
var (
	ErrNotSnapshot = errors.New("not a voc snapshot")
	ErrFormat      = errors.New("made by another version of voc")
	ErrNoRecord    = errors.New("no such record")
)

// Meta describes a snapshot: where its records are from and what they were made with.
type Meta struct {
	Base      string `json:"base"`
	TableID   string `json:"table_id"` // "" when the schema could not be read
	TableName string `json:"table_name"`
	TableAs   string `json:"table_as"` // the table as it was configured

	Years          string          `json:"years"`
	Mapping        json.RawMessage `json:"mapping"` // as configured
	MappingVersion int             `json:"mapping_version"`
	Fields         []Field         `json:"fields"` // of the table, as last known
	Bound          Binding         `json:"bound"`
	Blind          bool            `json:"blind"` // Fields and Bound are of an older schema

	Run       string    `json:"run"`
	AsOf      time.Time `json:"as_of"` // Airtable's clock when the run began
	CreatedAt time.Time `json:"created_at"`
	Program   string    `json:"program"`

	Contents // filled in by Seal
}

// Field is a column of the Airtable table, as its schema named it when the snapshot was
// made.
type Field struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`

	// Shape is a digest of the settings that can change values without a change of any
	// record: the choices of a select, the formula of a computed field. "" is unknown.
	Shape string `json:"shape,omitempty"`
}

// Contents sums up the rows of a snapshot. Equal digests mean equal rows, however they
// were put.
type Contents struct {
	ContentSHA256  string         `json:"content_sha256"`  // of the lines "id digest", by id
	ComputedSHA256 string         `json:"computed_sha256"` // the same of the computed values
	Filled         map[string]int `json:"filled"`          // records that have a value, by field name
}

// Binding maps each configured name to the id of its field, so that a renamed field is
// followed and a deleted one detected.
type Binding map[string]string

// Sealed is a finished file that is not yet published.
type Sealed struct {
	Path    string
	Records int
	Bytes   int64
	SHA256  string // of the file, hexadecimal
	Contents
}

// Source is a record as Airtable sent it: enough to map it again.
type Source struct {
	ID          string
	CreatedTime time.Time
	Fields      []byte // JSON object, by field name
	Digest      []byte // SHA-256 of the cells that people fill in
	Computed    []byte // SHA-256 of the computed cells
}

// DSN returns the name of a SQLite file for its driver. It escapes path, which may hold
// any character.
func DSN(path string, options url.Values) string {
	escaped := (&url.URL{Path: path}).EscapedPath()
	u := url.URL{Scheme: "file", Opaque: escaped, RawQuery: options.Encode()}
	return u.String()
}

// immutable is how a sealed file is read: without locks, without files beside it, with a
// small page cache for each connection, since the operating system caches the same pages.
var immutable = url.Values{
	"mode": {"ro"}, "immutable": {"1"}, "_pragma": {"cache_size(-1024)", "query_only(1)"},
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("snapshot: %s: %w", doing, MarkDiskFull(err))
}

// Filled reports whether the record has a value in a field, by name.
func (s Source) Filled(field string) bool {
	var cells map[string]json.RawMessage
	return json.Unmarshal(s.Fields, &cells) == nil && feedback.Filled(cells[field])
}
