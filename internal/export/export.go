package export

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed schema.sql
var schema string

// columns are those of the table feedback, named as the keys of GET /api/feedback/{id}.
var columns = []string{
	"id", "description", "priority", "team", "environment", "area_impacted", "created", "week",
	"issue_number", "status", "reporter_email", "slack_thread", "type_of_issue", "type_of_report",
	"source", "triage_rep", "notes", "resolution_notes", "related_imt", "created_at", "modified_at",
	"airtable_url", "fields",
}

// Write writes records, each as GET /api/feedback/{id} returns it, to the file at path. about
// describes the whole. After an error there is no file, or the one that was there before.
func Write(
	ctx context.Context, path string, about map[string]string, records iter.Seq2[[]byte, error],
) (err error) {
	unfinished, err := createBeside(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("export to %s: %w", path, err)
			_ = os.Remove(unfinished) // of the process's own, and the first error counts
		}
	}()
	if err := fill(ctx, unfinished, about, records); err != nil {
		return err
	}
	// If the process dies before the rename, the file under path is the one before.
	file, err := os.OpenFile(unfinished, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}

// createBeside creates an empty file in the folder of path, with the mode of a new file.
func createBeside(path string) (string, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("export to %s: it is no file", path)
	}
	dir, name := filepath.Split(path)
	for n := range 100 {
		unfinished := filepath.Join(dir, fmt.Sprintf(".%s.%d.unfinished", name, os.Getpid()+n))
		file, err := os.OpenFile(unfinished, os.O_CREATE|os.O_EXCL|os.O_WRONLY,
			0o666) // #nosec G302 -- the umask says who may read it
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("export to %s: %w", path, err)
		}
		return unfinished, file.Close()
	}
	return "", fmt.Errorf("export to %s: %w", path, fs.ErrExist)
}

// fill makes the tables. The file needs no journal: it is deleted if anything fails.
func fill(
	ctx context.Context, path string, about map[string]string, records iter.Seq2[[]byte, error],
) (err error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	dsn := url.URL{Scheme: "file", Path: absolute, RawQuery: "_pragma=journal_mode(OFF)" +
		"&_pragma=synchronous(OFF)&_pragma=foreign_keys(ON)"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // without effect after a commit
	put, err := tx.PrepareContext(ctx, "INSERT INTO feedback ("+strings.Join(columns, ", ")+
		") VALUES (?"+strings.Repeat(", ?", len(columns)-1)+")")
	if err != nil {
		return err
	}
	defer put.Close()
	for text, err := range records {
		if err == nil {
			err = add(ctx, tx, put, text)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(about)) {
		const query = "INSERT INTO about VALUES (?, ?)"
		if _, err := tx.ExecContext(ctx, query, name, about[name]); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "ANALYZE")
	return err
}

// add adds a record and its areas. A key that the record does not have is NULL.
func add(ctx context.Context, tx *sql.Tx, put *sql.Stmt, text []byte) error {
	var record map[string]json.RawMessage
	if err := json.Unmarshal(text, &record); err != nil {
		return fmt.Errorf("read a record: %w", err)
	}
	values := make([]any, len(columns))
	for i, column := range columns {
		raw := cmp.Or(string(record[column]), "null")
		if err := json.Unmarshal([]byte(raw), &values[i]); err != nil {
			return fmt.Errorf("read %s of a record: %w", column, err)
		}
		if column == "fields" && values[i] != nil {
			values[i] = raw
		}
	}
	if _, err := put.ExecContext(ctx, values...); err != nil {
		return err
	}
	var areas []string
	if raw, ok := record["areas"]; ok {
		if err := json.Unmarshal(raw, &areas); err != nil {
			return fmt.Errorf("read the areas of a record: %w", err)
		}
	}
	slices.Sort(areas)
	for _, area := range slices.Compact(areas) {
		const query = "INSERT INTO area VALUES (?, ?)"
		if _, err := tx.ExecContext(ctx, query, values[0], area); err != nil {
			return err
		}
	}
	return nil
}
