package feedback_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// odd are the cells of a record, most with an unusual value.
const odd = `{
	"Initial Description": "N/A",
	"Notes": " <script>alert(\"1 & 2\")</script>\r\n=SUM(A1) 日本語 😀 \u2028 \u0000 café\n",
	"Resolution Notes": "Closed with explanation",
	"Priority": "2",
	"Team Routed": "Unassigned",
	"Environment": "",
	"CW 2.0 Bug": true,
	"Area Impacted": ["Mortgage", null, "Credit card, prepaid", {"error": "#ERROR!"}],
	"Created": "2025-03-09T23:30:00.1239-05:00",
	"Reported On": "2025-03-01",
	"Last Modified Time": "2025-04-01T00:00:00.000Z",
	"Issue": "1309",
	"Status": ["In Progress"],
	"User Profile Email": "user.ecdfd2@example.com",
	"Triage Rep": {"id": "usr1", "email": "t1@example.com", "name": "Triage 1"},
	"Time to In Progress": {"specialValue": "NaN"}
}`

func TestRenderMatchesGoldenFiles(t *testing.T) {
	t.Parallel()
	f := mapCells(t, mapping(t, "", `{"credit card, PREPAID":"Cards"}`), odd)
	golden(t, "list.json", f.Summary())
	golden(t, "detail.json", response(f, odd))
}

// golden compares JSON with a file of testdata, indented; -update rewrites the file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var lines bytes.Buffer
	if err := json.Indent(&lines, got, "", "  "); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	lines.WriteByte('\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, lines.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), lines.String()); diff != "" {
		t.Errorf("%s (-golden +got):\n%s", path, diff)
	}
}
