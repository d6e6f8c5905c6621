package main_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// TestFormatPageExamples follows infra/FORMAT.md with nothing of voc: from the manifest to the
// current snapshot, and through each of the page's statements. `.ci/format` does it with the
// page's own commands.
func TestFormatPageExamples(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := serve(t, dir, environment(t))
	p.Printed(`(voc serves)`)
	stores, err := filepath.Glob(filepath.Join(dir, "data", "app*"))
	if err != nil || len(stores) != 1 {
		t.Fatalf("stores %v: %v", stores, err)
	}
	exported := filepath.Join(dir, "feedback.sqlite")
	code, stdout, stderr := run(t, dir, environment(t, "AIRTABLE_API_KEY=unused",
		"AIRTABLE_BASE_ID="+filepath.Base(stores[0]), "SNAPSHOT_STORE=file://"+stores[0]),
		"export", exported)
	if code != 0 {
		t.Fatalf("voc export: exit code %d: %s%s", code, stdout, stderr)
	}
	// A statement in a block "sql" is for a snapshot, in a block "sqlite" for an export.
	for language, file := range map[string]string{
		"sql": currentSnapshot(t, stores[0]), "sqlite": exported,
	} {
		db, err := sql.Open("sqlite", file)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		statements := 0
		all := blocks(page(t, "infra/FORMAT.md"))
		for i, b := range all[:len(all)-1] {
			if b.language != language {
				continue
			}
			statements++
			if got := query(t, db, b.text); got != all[i+1].text {
				t.Errorf("%s\n%s\nthe page has\n%s", b.text, got, all[i+1].text)
			}
		}
		if want := map[string]int{"sql": 8, "sqlite": 2}[language]; statements < want {
			t.Errorf("the page has %d statements in blocks %q, want %d", statements, language, want)
		}
	}
}

// currentSnapshot unpacks the current snapshot of a store, and returns its path.
func currentSnapshot(t *testing.T, store string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(store, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var envelope struct {
		Format   int
		SHA256   string
		Manifest json.RawMessage
	}
	var manifest struct {
		Current   string
		Snapshots []struct {
			ID    string
			Parts []struct {
				Kind, Key, SHA256 string
				Bytes             int
			}
		}
	}
	if err := json.Unmarshal(text, &envelope); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(envelope.Manifest, &manifest); err != nil {
		t.Fatal(err)
	}
	if got := digest(envelope.Manifest); got != envelope.SHA256 {
		t.Errorf("the manifest's digest is %s, it says %s", got, envelope.SHA256)
	}
	for _, s := range manifest.Snapshots {
		if s.ID != manifest.Current {
			continue
		}
		part := s.Parts[0]
		packed, err := os.ReadFile(filepath.Join(store, part.Key))
		if err != nil {
			t.Fatal(err)
		}
		decoder, err := zstd.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		defer decoder.Close()
		var file bytes.Buffer
		if _, err := decoder.WriteTo(&file); err != nil {
			t.Fatal(err)
		}
		if file.Len() != part.Bytes || digest(file.Bytes()) != part.SHA256 {
			t.Errorf("the snapshot has %d bytes and digest %s, the manifest says %d and %s",
				file.Len(), digest(file.Bytes()), part.Bytes, part.SHA256)
		}
		path := filepath.Join(t.TempDir(), "snapshot.sqlite")
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Fatalf("the manifest has no snapshot %s", manifest.Current)
	return ""
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// query returns the rows of a statement as the sqlite3 shell prints them.
func query(t *testing.T, db *sql.DB, statement string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		cells := make([]string, len(values))
		for i, value := range values {
			cells[i] = fmt.Sprint(value)
		}
		lines = append(lines, strings.TrimSpace(strings.Join(cells, "|")))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
