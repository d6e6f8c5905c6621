package snapshot_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite"

	"voc/internal/snapshot"
)

func TestMarkDiskFull(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "small.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, full := db.Exec(`PRAGMA max_page_count = 2;
		CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000))`)
	for name, err := range map[string]error{
		"SQLite's":     full,
		"the system's": &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC},
		"a quota's":    &fs.PathError{Op: "write", Path: "x", Err: syscall.EDQUOT},
	} {
		marked := snapshot.MarkDiskFull(err)
		if !errors.Is(marked, err) || !errors.Is(marked, snapshot.ErrDiskFull) {
			t.Errorf("%s: %v", name, marked)
		}
		if text := marked.Error(); strings.Contains(text, "TMPDIR") || strings.Contains(text, "Mb") {
			t.Errorf("%s: %q names a setting", name, text)
		}
	}
	for name, other := range map[string]error{"none": nil, "another": errors.New("another fault")} {
		if got := snapshot.MarkDiskFull(other); got != other { //nolint:errorlint // must be the same
			t.Errorf("%s: %v became %v", name, other, got)
		}
	}
}
