package serverhost_test

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"voc/internal/serverhost/servertest"
)

func TestExport(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables("READ_ACCESS=token", "PRIVATE_FIELDS=none")...)
	dir := t.TempDir()
	path := filepath.Join(dir, "feedback.sqlite")
	code, _, stderr := servertest.Run(t, env, "export", path)
	if code != 1 || !strings.Contains(stderr, "no snapshot") {
		t.Errorf("export of an empty store: exit code %d: %s", code, stderr)
	}
	runReceipt(t, env, 0, "refresh", "full")
	if err := os.WriteFile(path, []byte("the file before"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := servertest.Run(t, env, "export", path)
	if code != 0 || !strings.Contains(stdout, "90 records") || stderr != "" {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	usual, _ := os.Stat(plain)
	if info, err := os.Stat(path); err != nil || info.Mode() != usual.Mode() {
		t.Errorf("mode %v, want %v: %v", info.Mode(), usual.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("the export leaves %q", left)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, url := serve(t, append(env, "READ_ACCESS=public"))
	list := servertest.Get(t, url+"/api/feedback/")
	for _, item := range servertest.Parse[[]map[string]any](t, list) {
		var description, notes, fields string
		const query = "SELECT description, notes, fields FROM feedback WHERE id = ?"
		if err := db.QueryRow(query, item["id"]).Scan(&description, &notes, &fields); err != nil {
			t.Fatal(err)
		}
		if description != item["description"] || !json.Valid([]byte(fields)) {
			t.Errorf("%s: description %q, fields %s", item["id"], description, fields)
		}
	}
}

// TestExportKeepsFileAfterFailure: the file under the name is a complete one at any time.
func TestExportKeepsFileAfterFailure(t *testing.T) {
	t.Parallel()
	env := servertest.Environment(t, servertest.NewBase(t, nil).Variables()...)
	runReceipt(t, env, 0, "refresh", "full")
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "absent", "feedback.sqlite")} {
		code, _, stderr := servertest.Run(t, env, "export", path)
		if code != 1 || !strings.Contains(stderr, path) {
			t.Errorf("export to %s: exit code %d: %s", path, code, stderr)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("a failed export leaves %q", left)
	}
}
