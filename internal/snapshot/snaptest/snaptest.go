package snaptest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"pgregory.net/rapid"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/voctest"
)

// Cells of a record by id, as JSON objects: what the tests' snapshots are made of.
type Cells map[string]string

var Mapping = func() feedback.Mapping {
	m, err := feedback.NewMapping("", `{"loans":"Lending"}`)
	if err != nil {
		panic(err)
	}
	return m
}()

// Row is a record as a refresh would put it. Its digest is that of its cells.
func Row(id, text string) build.Row {
	record := feedback.Record{ID: id, CreatedTime: time.Date(2025, time.June, 1, 22, 30, 15, 123_000_000, time.UTC)}
	if err := json.Unmarshal([]byte(text), &record.Fields); err != nil {
		panic(err)
	}
	digest := sha256.Sum256([]byte(text))
	return build.Row{
		Feedback: Mapping.Map(record),
		Source:   snapshot.Source{ID: id, CreatedTime: record.CreatedTime, Fields: []byte(text), Digest: digest[:], Computed: digest[:]},
		URL:      "https://airtable.com/appA/tblB/" + id,
	}
}

// T is what tests, benchmarks, fuzz tests and properties have in common. What is given a property's own *rapid.T shrinks a failure and tells its seed.
type T interface {
	rapid.TB
	Cleanup(func())
	Context() context.Context
}

// Folder makes a folder that goes with the test, or with one run of a property.
func Folder(t T) string {
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

func Check(t T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Start begins a draft in a folder of its own; fork says whether it begins with what parent holds.
func Start(t T, parent *snapshot.File, fork bool) (*build.Draft, string) {
	t.Helper()
	dir, begin := Folder(t), build.New
	if fork {
		begin = build.Fork
	}
	draft, err := begin(t.Context(), dir, parent)
	Check(t, err)
	t.Cleanup(draft.Discard)
	return draft, dir
}

func Put(t T, draft *build.Draft, records Cells) {
	t.Helper()
	for id, cells := range records {
		Check(t, draft.Put(t.Context(), Row(id, cells)))
	}
}

func Remove(t T, draft *build.Draft, ids ...string) {
	t.Helper()
	for _, id := range ids {
		Check(t, draft.Remove(t.Context(), id))
	}
}

func Seal(t T, draft *build.Draft) snapshot.Sealed {
	t.Helper()
	sealed, err := draft.Seal(t.Context(), snapshot.Meta{Base: "appA"})
	Check(t, err)
	return sealed
}

// Made is a sealed snapshot of records.
func Made(t T, records Cells) string {
	t.Helper()
	draft, _ := Start(t, nil, false)
	Put(t, draft, records)
	return Seal(t, draft).Path
}

func Open(t T, path string) *snapshot.File {
	t.Helper()
	file, err := snapshot.Open(path)
	Check(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// Opened is a snapshot of records, open.
func Opened(t T, records Cells) *snapshot.File {
	t.Helper()
	return Open(t, Made(t, records))
}

// Connect opens a snapshot as any SQLite program would, for what File has no method for.
func Connect(t T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	Check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Are names the values of properties in a filter.
type Are = map[string][]string

// List are the newest summaries that match, at most limit of them (0: all).
func List(t T, file *snapshot.File, filter feedback.Filter, limit int) []string {
	t.Helper()
	n, err := Count(t.Context(), file, filter)
	Check(t, err)
	if limit == 0 {
		limit = n
	}
	selection, err := file.Select(t.Context(), filter)
	Check(t, err)
	page, err := selection.Page(t.Context(), feedback.Newest, 0, limit)
	Check(t, err)
	all := []string{}
	for summary, err := range file.Summaries(t.Context(), page.Positions) {
		Check(t, err)
		all = append(all, string(summary))
	}
	if len(all) != min(n, limit) || page.More != (n > limit) {
		t.Errorf("%d of %d summaries, and more: %t", len(all), n, page.More)
	}
	return all
}

func Count(ctx context.Context, file *snapshot.File, filter feedback.Filter) (int, error) {
	selection, err := file.Select(ctx, filter)
	if err != nil {
		return 0, err
	}
	return selection.Count(ctx)
}

// IDs are those of the records served, in order.
func IDs(t T, file *snapshot.File) []string {
	t.Helper()
	all := []string{}
	for source, err := range file.Sources(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source.ID)
	}
	return all
}

// Beside are the names in a folder.
func Beside(t T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	Check(t, err)
	names := []string{}
	for _, entry := range entries {
		names = append(names, filepath.Base(entry.Name()))
	}
	return names
}

const (
	Early  = `{"Created":"2025-01-01","Notes":"early"}`
	Middle = `{"Created":"2025-02-01","Notes":"middle"}`
	Late   = `{"Created":"2025-03-01","Notes":"late"}`
)

// Encodings are those of the whole list, with what reads each.
var Encodings = map[snapshot.Encoding]func(io.Reader) (io.Reader, error){
	snapshot.Identity: func(r io.Reader) (io.Reader, error) { return r, nil },
	snapshot.Gzip:     func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	snapshot.Brotli:   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
}

// Body reads the whole list in an encoding, and checks that it has the size that is told.
func Body(t T, file *snapshot.File, encoding snapshot.Encoding) (string, error) {
	t.Helper()
	opened, size, err := file.Body(t.Context(), encoding)
	if err != nil {
		return "", err
	}
	defer opened.Close()
	sent, err := io.ReadAll(opened)
	if err != nil || int64(len(sent)) != size {
		return "", fmt.Errorf("%d bytes, told are %d: %w", len(sent), size, err)
	}
	decoder, err := Encodings[encoding](bytes.NewReader(sent))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(decoder)
	return string(text), err
}

// Joined is the JSON array of a list, as it is served row by row.
func Joined(t T, file *snapshot.File) string {
	t.Helper()
	return "[" + strings.Join(List(t, file, feedback.Filter{}, 0), ",\n") + "]\n"
}

// Sample are the rows of the whole sample, mapped.
func Sample(b *testing.B) []build.Row {
	b.Helper()
	var rows []build.Row
	for _, line := range voctest.Whole(b) {
		var record struct {
			ID     string          `json:"id"`
			Fields json.RawMessage `json:"fields"`
		}
		Check(b, json.Unmarshal(line, &record))
		rows = append(rows, Row(record.ID, string(record.Fields)))
	}
	return rows
}

// PutAll puts rows into a new draft.
func PutAll(b *testing.B, rows []build.Row) *build.Draft {
	b.Helper()
	draft, _ := Start(b, nil, false)
	for _, r := range rows {
		Check(b, draft.Put(b.Context(), r))
	}
	return draft
}

// Fewer lets a property be checked 25 times, not 100, unless -rapid.checks says otherwise: each of its drafts costs 10 ms, and ten times that with -race.
func Fewer(t *testing.T) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	if given := checks.Value.String(); given == checks.DefValue {
		Check(t, checks.Value.Set("25"))
		t.Cleanup(func() { Check(t, checks.Value.Set(given)) })
	}
}

// Alter changes a sealed file as no program of ours does.
func Alter(t T, path, statement string) {
	t.Helper()
	if _, err := Connect(t, path).ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
