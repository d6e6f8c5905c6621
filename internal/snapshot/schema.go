package snapshot

import (
	"context"
	_ "embed" // the schemas
	"encoding/json"
	"errors"
	"time"

	"voc/internal/feedback"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Format numbers the form of all that a store holds: a snapshot's PRAGMA user_version,
// and the manifest. A program writes Format and reads it and the one before,
// OldestFormat, so that hosts can be upgraded one after the other. Format 4 had the list and
// the details in the serve part.
const (
	Format       = 5
	OldestFormat = 4
)

// Kind says what a part of a snapshot is for.
type Kind string

// The kinds of parts. Readers may see all but Sources.
const (
	Serve   Kind = "serve"   // rows, search, filters, reports
	List    Kind = "list"    // the whole list, ready to be sent
	Details Kind = "details" // the response for each single record, and removed records
	Sources Kind = "source"  // the records as Airtable sent them, for the next refresh
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Serve, List, Details, Sources} }

// ForReaders returns the kinds that readers may see.
func ForReaders() []Kind { return []Kind{Serve, List, Details} }

// ApplicationID returns the PRAGMA application_id of a kind of part, in ASCII, so that no other
// SQLite file is mistaken for one.
func ApplicationID(kind Kind) int {
	switch kind {
	case List:
		return 0x766f636c // "vocl"
	case Details:
		return 0x766f6364 // "vocd"
	case Sources:
		return 0x766f6373 // "vocs"
	}
	return 0x766f6331 // "voc1"
}

// Schema returns the statements that create the tables of a kind of part.
func Schema(kind Kind) string {
	switch kind {
	case List:
		return listSchema
	case Details:
		return detailsSchema
	case Sources:
		return sourceSchema
	}
	return serveSchema
}

var (
	//go:embed serve.sql
	serveSchema string
	//go:embed list.sql
	listSchema string
	//go:embed details.sql
	detailsSchema string
	//go:embed source.sql
	sourceSchema string
)

// BlockPositions is how many positions a row of the list part covers.
const BlockPositions = 64

// Errors of Need, OpenOriginals and the queries.
var (
	ErrNotSnapshot = errors.New("not a voc snapshot")
	ErrFormat      = errors.New("made by another version of voc")
	ErrNoRecord    = errors.New("no such record")

	errIncomplete = errors.New("the snapshot lacks a row that it should have")
)

// Meta describes a snapshot: where its records are from and what they were made with. Only
// the source part has its Fields, Bound, Filled and PrivateIDs.
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

	// AmendedSince is when the last snapshot that was written in full was made, if this one is an
	// amendment of that; Seal fills it in. Until the next one, its search index may have words of
	// texts that were edited since.
	AmendedSince time.Time `json:"amended_since,omitzero"`

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

// WithoutSource returns the description that all parts but the source have.
func (m Meta) WithoutSource() Meta {
	m.Fields, m.Bound, m.Filled, m.PrivateIDs = nil, nil, nil, nil
	return m
}

// Sealed is a finished snapshot that is not yet published.
type Sealed struct {
	Parts   map[Kind]Part // one of each kind
	Records int
	Contents
}

// Bytes returns the size of all parts.
func (s Sealed) Bytes() (size int64) {
	for _, part := range s.Parts {
		size += part.Bytes
	}
	return size
}

// Fetch returns the paths of the sealed files, for New.
func (s Sealed) Fetch(_ context.Context, kind Kind) (string, error) {
	return s.Parts[kind].Path, nil
}

// Part is a file of a snapshot.
type Part struct {
	Path   string
	Bytes  int64
	SHA256 string // of the file, hexadecimal
}

// Encoding is the HTTP name of a content encoding.
type Encoding string

// The encodings in which a file has the reports. It has the list in Gzip alone, and unpacks
// that for Identity on first use.
const (
	Identity Encoding = "identity"
	Gzip     Encoding = "gzip"
	Brotli   Encoding = "br"
)

// Name is the name of a stored response, which depends only on the snapshot.
type Name string

// The stored responses.
const (
	FacetsReport Name = "facets"
	TimesReport  Name = "response-times"
	PlacesReport Name = "environments"
	PulseReport  Name = "customer-pulse"
)
