package export_test

import (
	"database/sql"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"voc/internal/export"
)

// of yields records and then err, unless it is nil.
func of(err error, records ...string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, record := range records {
			if !yield([]byte(record), nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "odd name?.sqlite")
	err := export.Write(t.Context(), path, map[string]string{"snapshot": "s"}, of(nil,
		`{"id":"rec1","description":"a","issue_number":7,"areas":["B","A","B"],"fields":{"X":1},"new":1}`,
		`{"id":"rec2","issue_number":null}`))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(filepath.Dir(path), "odd name%3F.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]string{
		"SELECT description || typeof(issue_number) FROM feedback WHERE id = 'rec1'": "ainteger",
		"SELECT fields FROM feedback WHERE id = 'rec1'":                              `{"X":1}`,
		"SELECT typeof(description) FROM feedback WHERE id = 'rec2'":                 "null",
		"SELECT group_concat(area) FROM area":                                        "A,B",
		"SELECT value FROM about WHERE name = 'snapshot'":                            "s",
		"PRAGMA integrity_check":                                                     "ok",
	} {
		var got string
		if err := db.QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", query, got, err, want)
		}
	}
}

func TestWriteReplacesFileOnlyIfComplete(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "feedback.sqlite")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := errors.New("cut")
	for name, records := range map[string]iter.Seq2[[]byte, error]{
		"the records end early": of(cut, `{"id":"rec1"}`),
		"a record is no JSON":   of(nil, `{"id":`),
		"a record comes twice":  of(nil, `{"id":"rec1"}`, `{"id":"rec1"}`),
	} {
		if err := export.Write(t.Context(), path, nil, records); err == nil {
			t.Errorf("%s: no error", name)
		}
		text, err := os.ReadFile(path)
		if err != nil || string(text) != "before" {
			t.Errorf("%s: the file is %q, %v", name, text, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || !slices.EqualFunc(entries, []string{"feedback.sqlite"},
		func(e os.DirEntry, name string) bool { return e.Name() == name }) {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}
