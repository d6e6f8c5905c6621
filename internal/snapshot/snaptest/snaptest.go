package snaptest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/voctest"
)

// Cells are the cells of records, as JSON objects by id.
type Cells map[string]string

// Mapping maps the records of Row, of a table with the box.
var Mapping = func() feedback.Mapping {
	m, err := feedback.NewMapping("", `{"loans":"Lending"}`)
	if err != nil {
		panic(err)
	}
	return m.WithBox(true)
}()

// Row returns a row as a refresh puts it. Its digests are those of its cells.
func Row(id, text string) build.Row {
	record := feedback.Record{
		ID: id, CreatedTime: time.Date(2025, time.June, 1, 22, 30, 15, 123_000_000, time.UTC),
	}
	if err := json.Unmarshal([]byte(text), &record.Fields); err != nil {
		panic(err)
	}
	digest := sha256.Sum256([]byte(text))
	return build.Row{
		Feedback: Mapping.Map(record),
		Source: snapshot.Source{
			ID: id, CreatedTime: record.CreatedTime, Fields: []byte(text),
			Digest: digest[:], Computed: digest[:],
		},
		Cells: record.Fields,
		URL:   "https://airtable.com/appA/tblB/" + id,
	}
}

// T is implemented by tests, benchmarks, fuzz tests and properties. A property passes its
// own *rapid.T, which shrinks failures and reports its seed.
type T interface {
	rapid.TB
	Cleanup(func())
	Context() context.Context
}

// TempDir makes a directory that is removed with the test, or after one run of a
// property.
func TempDir(t T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "snapshot-test-")
	Check(t, err)
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Check fails the test if there is an error.
func Check(t T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Snapshot is an open snapshot with the files that it was opened from.
type Snapshot struct {
	*snapshot.File
	Sealed snapshot.Sealed
}

// Path returns the path of a part.
func (s *Snapshot) Path(kind snapshot.Kind) string { return s.Sealed.Parts[kind].Path }

// Start starts a draft in a new directory, which it returns. A fork starts with the
// records of parent.
func Start(t T, parent *Snapshot, fork bool) (*build.Draft, string) {
	t.Helper()
	dir, begin := TempDir(t), build.New
	if fork {
		begin = build.Fork
	}
	var was *build.Parent
	if parent != nil {
		was = Parent(t, parent)
	}
	draft, err := begin(t.Context(), dir, was)
	Check(t, err)
	t.Cleanup(draft.Discard)
	return draft, dir
}

// Parent returns a snapshot as a draft takes it.
func Parent(t T, s *Snapshot) *build.Parent {
	t.Helper()
	was := &build.Parent{
		Paths: map[snapshot.Kind]string{}, Records: s.Records(), Source: Originals(t, s),
	}
	for kind, part := range s.Sealed.Parts {
		was.Paths[kind] = part.Path
	}
	return was
}

// Put puts records.
func Put(t T, draft *build.Draft, records Cells) {
	t.Helper()
	for id, cells := range records {
		Check(t, draft.Put(t.Context(), Row(id, cells)))
	}
}

// Remove removes records.
func Remove(t T, draft *build.Draft, ids ...string) {
	t.Helper()
	for _, id := range ids {
		Check(t, draft.Remove(t.Context(), id))
	}
}

// Seal seals a draft.
func Seal(t T, draft *build.Draft) snapshot.Sealed {
	t.Helper()
	sealed, err := draft.Seal(t.Context(), snapshot.Meta{Base: "appA"})
	Check(t, err)
	return sealed
}

// Create seals a snapshot of records.
func Create(t T, records Cells) snapshot.Sealed {
	t.Helper()
	draft, _ := Start(t, nil, false)
	Put(t, draft, records)
	return Seal(t, draft)
}

// Open opens a snapshot, until the test ends.
func Open(t T, sealed snapshot.Sealed) *Snapshot {
	t.Helper()
	file := snapshot.New(sealed.Records, sealed.Fetch)
	t.Cleanup(func() { _ = file.Close() })
	return &Snapshot{file, sealed}
}

// Originals opens the source part of a snapshot, until the test ends.
func Originals(t T, s *Snapshot) *snapshot.Originals {
	t.Helper()
	source, err := snapshot.OpenOriginals(s.Path(snapshot.Sources))
	Check(t, err)
	t.Cleanup(func() { _ = source.Close() })
	return source
}

// New creates a snapshot of records and opens it.
func New(t T, records Cells) *Snapshot {
	t.Helper()
	return Open(t, Create(t, records))
}

// Connect opens a snapshot as any SQLite program does.
func Connect(t T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	Check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Three records, created on the first days of January, February and March 2025.
const (
	Early  = `{"Created":"2025-01-01","Notes":"early"}`
	Middle = `{"Created":"2025-02-01","Notes":"middle"}`
	Late   = `{"Created":"2025-03-01","Notes":"late"}`
)

// Sample maps the whole sample.
func Sample(b *testing.B) []build.Row {
	b.Helper()
	return Rows(b, voctest.Whole(b))
}

// Rows maps records in the form that Airtable sends, a line each.
func Rows(t T, lines [][]byte) (rows []build.Row) {
	t.Helper()
	for _, line := range lines {
		var record struct {
			ID     string          `json:"id"`
			Fields json.RawMessage `json:"fields"`
		}
		Check(t, json.Unmarshal(line, &record))
		rows = append(rows, Row(record.ID, string(record.Fields)))
	}
	return rows
}

// PutAll puts rows into a new draft.
func PutAll(t T, rows []build.Row) *build.Draft {
	t.Helper()
	draft, _ := Start(t, nil, false)
	for _, r := range rows {
		Check(t, draft.Put(t.Context(), r))
	}
	return draft
}

// FewerChecks makes rapid check a property 25 times instead of 100, unless -rapid.checks
// is given: each draft costs 10 ms, and ten times that with -race.
func FewerChecks(t *testing.T) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	if given := checks.Value.String(); given == checks.DefValue {
		Check(t, checks.Value.Set("25"))
		t.Cleanup(func() { Check(t, checks.Value.Set(given)) })
	}
}

// Alter changes a sealed file by SQL, which voc never does.
func Alter(t T, path, statement string) {
	t.Helper()
	if _, err := Connect(t, path).ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
