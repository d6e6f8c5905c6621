package snapshot_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"pgregory.net/rapid"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// cells of a record by id, as JSON objects: what the tests' snapshots are made of.
type cells map[string]string

var mapping = func() feedback.Mapping {
	m, err := feedback.NewMapping("", `{"loans":"Lending"}`)
	if err != nil {
		panic(err)
	}
	return m
}()

// row is a record as a refresh would put it. Its digest is that of its cells.
func row(id, cells string) snapshot.Row {
	record := feedback.Record{ID: id, CreatedTime: time.Date(2025, time.June, 1, 22, 30, 15, 123_000_000, time.UTC)}
	if err := json.Unmarshal([]byte(cells), &record.Fields); err != nil {
		panic(err)
	}
	digest := sha256.Sum256([]byte(cells))
	return snapshot.Row{
		Feedback: mapping.Map(record),
		Source:   snapshot.Source{ID: id, CreatedTime: record.CreatedTime, Fields: []byte(cells), Digest: digest[:], Computed: digest[:]},
		URL:      "https://airtable.com/appA/tblB/" + id,
	}
}

// tester is what tests, benchmarks, fuzz tests and properties have in common. What is given a property's own *rapid.T shrinks a failure and tells its seed.
type tester interface {
	rapid.TB
	Cleanup(func())
	Context() context.Context
}

// folder makes a folder that goes with the test, or with one run of a property.
func folder(t tester) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "snapshot-test-")
	check(t, err)
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func check(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start begins a draft in a folder of its own; fork says whether it begins with what parent holds.
func start(t tester, parent *snapshot.File, fork bool) (*snapshot.Draft, string) {
	t.Helper()
	dir, begin := folder(t), snapshot.NewDraft
	if fork {
		begin = snapshot.Fork
	}
	draft, err := begin(t.Context(), dir, parent)
	check(t, err)
	t.Cleanup(draft.Discard)
	return draft, dir
}

func put(t tester, draft *snapshot.Draft, records cells) {
	t.Helper()
	for id, cells := range records {
		check(t, draft.Put(t.Context(), row(id, cells)))
	}
}

func remove(t tester, draft *snapshot.Draft, ids ...string) {
	t.Helper()
	for _, id := range ids {
		check(t, draft.Remove(t.Context(), id))
	}
}

func seal(t tester, draft *snapshot.Draft) snapshot.Sealed {
	t.Helper()
	sealed, err := draft.Seal(t.Context(), snapshot.Meta{Base: "appA"})
	check(t, err)
	return sealed
}

// made is a sealed snapshot of records.
func made(t tester, records cells) string {
	t.Helper()
	draft, _ := start(t, nil, false)
	put(t, draft, records)
	return seal(t, draft).Path
}

func open(t tester, path string) *snapshot.File {
	t.Helper()
	file, err := snapshot.Open(path)
	check(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// opened is a snapshot of records, open.
func opened(t tester, records cells) *snapshot.File {
	t.Helper()
	return open(t, made(t, records))
}

// connect opens a snapshot as any SQLite program would, for what File has no method for.
func connect(t tester, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// are names the values of properties in a filter.
type are = map[string][]string

// list are the newest summaries that match, at most limit of them (0: all).
func list(t tester, file *snapshot.File, filter feedback.Filter, limit int) []string {
	t.Helper()
	n, err := count(t.Context(), file, filter)
	check(t, err)
	if limit == 0 {
		limit = n
	}
	selection, err := file.Select(t.Context(), filter)
	check(t, err)
	page, err := selection.Page(t.Context(), feedback.Newest, 0, limit)
	check(t, err)
	all := []string{}
	for summary, err := range file.Summaries(t.Context(), page.Positions) {
		check(t, err)
		all = append(all, string(summary))
	}
	if len(all) != min(n, limit) || page.More != (n > limit) {
		t.Errorf("%d of %d summaries, and more: %t", len(all), n, page.More)
	}
	return all
}

func count(ctx context.Context, file *snapshot.File, filter feedback.Filter) (int, error) {
	selection, err := file.Select(ctx, filter)
	if err != nil {
		return 0, err
	}
	return selection.Count(ctx)
}

// ids are those of the records served, in order.
func ids(t tester, file *snapshot.File) []string {
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

// beside are the names in a folder.
func beside(t tester, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	check(t, err)
	names := []string{}
	for _, entry := range entries {
		names = append(names, filepath.Base(entry.Name()))
	}
	return names
}
