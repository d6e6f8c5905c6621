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

// Format numbers the form of all that a store holds: a snapshot's PRAGMA user_version, and the
// manifest. A program writes Format and reads it and the one before, OldestFormat, so that hosts can
// be upgraded one after the other. 2 was the first that was released.
const (
	Format       = 2
	OldestFormat = 2
)

// ApplicationID is PRAGMA application_id: "voc1" in ASCII, so that no other SQLite file is taken for a snapshot.
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

// Meta is what a snapshot says of itself: where its records are from and what they were made with.
type Meta struct {
	Base      string `json:"base"`
	TableID   string `json:"table_id"` // "" when the schema could not be read
	TableName string `json:"table_name"`
	TableAs   string `json:"table_as"` // what the table was asked for as: its name of then, if it is renamed later

	Years          string          `json:"years"`
	Mapping        json.RawMessage `json:"mapping"` // as configured
	MappingVersion int             `json:"mapping_version"`
	Fields         []Field         `json:"fields"` // of the table, as last known
	Bound          Binding         `json:"bound"`
	Blind          bool            `json:"blind"` // the schema could not be read, and Fields and Bound are an older snapshot's

	Run       string    `json:"run"`
	AsOf      time.Time `json:"as_of"` // Airtable's clock when the run began
	CreatedAt time.Time `json:"created_at"`
	Program   string    `json:"program"`

	Contents // what Seal finds in the rows
}

// Field is a column of the Airtable table, as its schema named it when the snapshot was made.
type Field struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`

	// Shape stands for what makes the values differ when it changes although no record does: the choices of a select, the formula of a computed field. "" is unknown.
	Shape string `json:"shape,omitempty"`
}

// Contents sums up the rows of a snapshot. Equal digests mean equal rows, however they came together.
type Contents struct {
	ContentSHA256  string         `json:"content_sha256"`  // over the lines "id digest", by id
	ComputedSHA256 string         `json:"computed_sha256"` // the same over what Airtable works out
	Filled         map[string]int `json:"filled"`          // in how many records a field has a value, by name
}

// Binding says which field id stood behind each configured name: how a field is followed when it is renamed, and missed when it is gone.
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
	Digest      []byte // SHA-256 of what people put in: equal digests mean that no such cell differs
	Computed    []byte // SHA-256 of what Airtable works out
}

// DSN names a SQLite file. A path may hold any character, so it is escaped.
func DSN(path string, options url.Values) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: options.Encode()}
	return u.String()
}

// immutable is how a sealed file is read: without locks, without files beside it, with a small page cache for each connection, since the operating
// system caches the same pages.
var immutable = url.Values{"mode": {"ro"}, "immutable": {"1"}, "_pragma": {"cache_size(-1024)", "query_only(1)"}}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("snapshot: %s: %w", doing, Advise(err))
}

// Filled says whether the record has a value in a field, by name.
func (s Source) Filled(field string) bool {
	var cells map[string]json.RawMessage
	return json.Unmarshal(s.Fields, &cells) == nil && feedback.Filled(cells[field])
}
