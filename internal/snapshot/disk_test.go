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

// Advise names the settings that enlarge the disk, and returns other errors unchanged.
func TestAdvise(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "small.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, full := db.Exec(`PRAGMA max_page_count = 2;
		CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000))`)
	for name, err := range map[string]error{
		"SQLite": full,
		"system": &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC},
	} {
		advised := snapshot.Advise(err)
		if !errors.Is(advised, err) || !strings.Contains(advised.Error(), "EphemeralStorageMb") ||
			!strings.Contains(advised.Error(), "TMPDIR") {
			t.Errorf("%s: %v", name, advised)
		}
	}
	other := errors.New("another error")
	if got := snapshot.Advise(other); !errors.Is(got, other) || got.Error() != other.Error() {
		t.Errorf("%v became %v", other, got)
	}
}
