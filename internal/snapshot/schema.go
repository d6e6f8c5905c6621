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
// OldestFormat, so that hosts can be upgraded one after the other. Format 3 had all of a
// snapshot in one file.
const (
	Format       = 4
	OldestFormat = 3
)

// PRAGMA application_id of the parts of a snapshot, in ASCII, so that no other SQLite file
// is mistaken for one.
const (
	ServeID  = 0x766f6331 // "voc1"
	SourceID = 0x766f6373 // "vocs"
)

// Kind says what a part of a snapshot is for.
type Kind string

// The kinds of parts.
const (
	Serve   Kind = "serve"  // what readers may see, and no more
	Sources Kind = "source" // the records as Airtable sent them, for the next refresh
	Whole   Kind = "whole"  // both, as format 3 had them
)

// Schema creates the tables of a serve part.
//
//go:embed schema.sql
var Schema string

// Errors of Open and of the queries.
var (
	ErrNotSnapshot = errors.New("not a voc snapshot")
	ErrFormat      = errors.New("made by another version of voc")
	ErrNoRecord    = errors.New("no such record")
)

// Meta describes a snapshot: where its records are from and what they were made with. A
// serve part has it without Fields, Bound, Filled and PrivateIDs.
type Meta struct {
	Base      string `json:"base"`
	TableID   string `json:"table_id"` // "" when the schema could not be read
	TableName string `json:"table_name"`
	TableAs   string `json:"table_as"` // the table as it was configured

	Years          string          `json:"years"`
	Mapping        json.RawMessage `json:"mapping"` // as configured
	MappingVersion int             `json:"mapping_version"`
	Fields         []Field         `json:"fields,omitempty"` // of the table, as last known
	Bound          Binding         `json:"bound,omitempty"`
	Blind          bool            `json:"blind"` // Fields and Bound are of an older schema

	// Private is what readers never see of it. PrivateIDs has the ids of the fields that its
	// names stand for, so that renamed fields stay private.
	Private    feedback.Privacy    `json:"private"`
	PrivateIDs map[string][]string `json:"private_ids,omitempty"`

	// CreatedFrom has, by key, the configured names of the fields by whose times the records
	// were selected.
	CreatedFrom map[string][]string `json:"created_from,omitempty"`

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

// ForReaders returns the description that a serve part has.
func (m Meta) ForReaders() Meta {
	m.Fields, m.Bound, m.Filled, m.PrivateIDs = nil, nil, nil, nil
	return m
}

// Sealed is a finished snapshot that is not yet published.
type Sealed struct {
	Part         // the serve part
	Source  Part // the source part
	Records int
	Contents
}

// Part is a file of a snapshot.
type Part struct {
	Path   string
	Bytes  int64
	SHA256 string // of the file, hexadecimal
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
