package refresh_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/refresh"
	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
	"voc/internal/voctest"
)

// secrets are the cells of a record by field, each with a value that no other cell has.
var secrets = map[string]any{
	"Initial Description": "zqinitial kept", "Notes": "zqnotes kept", "Resolution Notes": "zqresolved",
	"Priority": "zqpriority", "Team Routed": "zqteam", "Environment": "zqplace",
	"Area Impacted": []any{"zqarea one", "zqarea two"}, "System Impacted": "zqsystem",
	"Created": "2025-07-01T01:02:03.456Z", "Reported On": "2025-06-02T03:04:05.678Z",
	"Issue": 7654321, "Status": "zqstatus", "User Profile Email": "zqreporter@zqdomain.example",
	"Slack Thread Link": "https://zqslack.example/x", "Type of Issue": "zqtype",
	"Source": "zqsource", "Related IMT": "zqimt", "Time to In Progress": 1234.5678,
	"Triage Rep":  map[string]any{"id": "usrZ", "email": "zqtriage@example.com", "name": "Zqname Poe"},
	"Secret Plan": "zqplan kept",
	"Attachments": []any{map[string]any{"id": "attZ", "url": "https://zqattached"}},
}

// secretWorld returns a world of some sample records and one of secrets.
func secretWorld(t *testing.T) *world {
	t.Helper()
	fields, err := json.Marshal(map[string]any{
		"id": "recSecret00000001", "createdTime": "2025-08-08T08:08:08.000Z", "fields": secrets,
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "base.jsonl")
	lines := bytes.Join(append(voctest.Records(t)[:40:40], fields), []byte("\n"))
	if err := os.WriteFile(path, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := airtablesim.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, airtablesim.Config{})
	w.Server = airtablesim.New(data, airtablesim.Config{Clock: w.clock.Now, Rate: -1})
	w.base, w.private = data.ID(), "none"
	client, end := w.Pipe()
	t.Cleanup(end)
	w.http = client.Transport
	return w
}

// readable returns all that a host that serves can read in the store, folded: every object
// outside of sources/, unpacked, and every snapshot that these are or make, with the lists and
// the words of the search index in it.
func (w *world) readable() string {
	w.t.Helper()
	var all strings.Builder
	var files []string
	for _, info := range w.objects() {
		content := w.object(info)
		if !strings.HasPrefix(info, "snapshots/") {
			all.Write(content)
			continue
		}
		path := w.unpack(content)
		file, err := os.ReadFile(path)
		if err != nil {
			w.t.Fatal(err)
		}
		all.Write(file)
		if strings.HasSuffix(info, ".sqlite.zst") {
			files = append(files, path)
		}
	}
	for _, s := range w.manifest().Snapshots {
		for _, kind := range snapshot.ForReaders() {
			part, err := w.manifests().Fetch(w.t.Context(), s, kind, w.t.TempDir())
			if err != nil {
				w.t.Fatal(err)
			}
			files = append(files, part.Path)
		}
	}
	for _, path := range files {
		all.WriteString(w.packed(path))
	}
	return feedback.Fold(all.String())
}

// packed returns the packed texts of a part, or the words of its search index.
func (w *world) packed(path string) string {
	w.t.Helper()
	db := snaptest.Connect(w.t, path)
	db.SetMaxOpenConns(1) // which has the temporary table
	for table, query := range map[string]string{
		"search": `CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search, row);
			SELECT coalesce(group_concat(term, ' '), '') FROM temp.words`,
		"record": `SELECT coalesce(group_concat(unpack(size, crc, blocks)), '') FROM record`,
		"block":  `SELECT coalesce(group_concat(unpack(size, crc, blocks)), '') FROM block`,
	} {
		const exists = `SELECT 1 FROM sqlite_schema WHERE name = ?`
		if db.QueryRowContext(w.t.Context(), exists, table).Scan(new(int)) != nil {
			continue
		}
		var text string
		if err := db.QueryRowContext(w.t.Context(), query).Scan(&text); err != nil {
			w.t.Fatal(table, err)
		}
		return text
	}
	w.t.Fatal("no part of a snapshot: ", path)
	return ""
}

// TestPrivateFieldIsInNoObject hides each field of a record in turn. Nothing that a host reads
// has its value then, and the other values are there.
func TestPrivateFieldIsInNoObject(t *testing.T) {
	t.Parallel()
	w := secretWorld(t)
	w.must(job.Full, job.Published)
	shown := w.readable()
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		for _, secret := range forms(secrets[name]) {
			if !strings.Contains(shown, secret) && !strings.Contains(secret, "04:05.678") {
				t.Fatalf("%s: %q is not found where nothing is hidden", name, secret)
			}
		}
		w.private = name
		receipt := w.must(job.Remap, job.Published)
		if receipt.Mode != job.Remap || receipt.AirtableCalls != 0 || len(w.manifest().Snapshots) != 1 {
			t.Errorf("%s: %+v, and %d snapshots", name, receipt, len(w.manifest().Snapshots))
		}
		shown := w.readable()
		for _, secret := range forms(secrets[name]) {
			if strings.Contains(shown, secret) {
				t.Errorf("%s is private, and %q can be read", name, secret)
			}
		}
		if other := "zqplan"; name != "Secret Plan" && !strings.Contains(shown, other) {
			t.Errorf("%s is private, and %s is not shown", name, other)
		}
	}
	w.private = "reporter_email:mask,triage_rep:mask"
	w.must(job.Remap, job.Published)
	shown = w.readable()
	for _, secret := range []string{"zqreporter", "zqtriage", "zqname", "user.ecdfd2@"} {
		if strings.Contains(shown, secret) {
			t.Errorf("masked, and %q can be read", secret)
		}
	}
	if !strings.Contains(shown, feedback.Fold("z…@zqdomain.example")) {
		t.Error("the mask is not shown")
	}
}

// forms returns what may be left of a value, as it is found in a folded text.
func forms(value any) []string {
	switch v := value.(type) {
	case int:
		return []string{fmt.Sprint(v)}
	case float64:
		return []string{fmt.Sprint(v)}
	case []any:
		var all []string
		for _, element := range v {
			all = append(all, forms(element)...)
		}
		return all
	case map[string]any:
		var all []string
		for key, element := range v {
			if key != "id" {
				all = append(all, forms(element)...)
			}
		}
		return all
	case string:
		first, _, _ := strings.Cut(strings.TrimSuffix(v, "Z"), " ")
		return []string{feedback.Fold(first)}
	}
	return nil
}

// The key that Airtable calls for is not needed to hide a field, and what was confirmed stays
// as it was.
func TestRemapNeedsNoAirtable(t *testing.T) {
	t.Parallel()
	w := secretWorld(t)
	w.must(job.Full, job.Published)
	before := w.current()
	w.clock.Advance(time.Hour)
	w.Before(func(airtablesim.Call) { t.Error("Airtable was called") })
	w.private = "Secret Plan"
	w.must(job.Remap, job.Published)
	after := w.current()
	if after.Watermark != before.Watermark || after.DeletesConfirmedAt != before.DeletesConfirmedAt ||
		after.ContentSHA256 != before.ContentSHA256 || after.Records != before.Records {
		t.Errorf("%+v became %+v", before, after)
	}
	if m := w.manifest(); m.LastDone(job.Incremental) != m.LastDone(job.Full) {
		t.Error("a remap counts as a refresh")
	}
	w.must(job.Remap, job.Unchanged)
	w.Before(nil)
	w.clock.Advance(time.Hour)
	w.must(job.Incremental, job.Unchanged)
	w.private = "none"
	w.must(job.Incremental, job.Published)
	if !strings.Contains(w.readable(), "zqplan") {
		t.Error("what is no longer private is not shown")
	}
}

// Incrementals give what a full gives, whatever is private: also where that changes which
// records belong to the years.
func TestPrivateIncrementalEqualsFull(t *testing.T) {
	t.Parallel()
	w := secretWorld(t)
	w.must(job.Full, job.Published)
	for _, private := range []string{
		"created", "Reported On", "status,Secret Plan", "environment", "fields", "team", "modified_at",
		"timeToInProgressHoursAvg", "triage_rep:mask", "none",
	} {
		w.private = private
		w.clock.Advance(time.Hour)
		w.must(job.Remap, job.Published)
		w.Update("recSecret00000001", edit{"Status": "Edited " + private})
		w.must(job.Incremental, job.Published)
		if diff := cmp.Diff(w.fresh(), w.served(w.store)); diff != "" {
			t.Errorf("%s: a fresh full (-) differs from the store (+):\n%s", private, diff)
		}
	}
}

// A typo must not publish a secret: neither the refresh nor the remap takes a name that nothing
// has, and check reports it.
func TestUnknownPrivateFieldIsRejected(t *testing.T) {
	t.Parallel()
	w := secretWorld(t)
	w.private = "Secret Pla"
	for _, mode := range []job.Mode{job.Full, job.Remap} {
		receipt := w.run(mode)
		contains(t, string(receipt.Error), `"Secret Pla"`, `nearest is "Secret Plan"`)
		if receipt.Outcome != "failed" || w.manifest().Current != "" {
			t.Errorf("%s: %+v", mode, receipt)
		}
	}
	contains(t, of(w.check(), refresh.Wrong), `"Secret Pla"`, `nearest is "Secret Plan"`)
	w.private = "Secret Plan"
	w.must(job.Full, job.Published)
	w.private = "Secret Pla"
	if receipt := w.run(job.Remap); receipt.Outcome != "failed" || receipt.Mode != job.Remap {
		t.Errorf("receipt %+v, want outcome failed and mode remap", receipt)
	}
}

// A private field that is renamed stays private, and so does one that was removed since.
func TestPrivateFieldIsFollowed(t *testing.T) {
	t.Parallel()
	w := secretWorld(t)
	w.private = "Secret Plan"
	w.must(job.Full, job.Published)
	w.RenameField("Secret Plan", "Open Plan")
	w.Update("recSecret00000001", edit{"Status": "Renamed"})
	for _, mode := range []job.Mode{job.Incremental, job.Full} {
		w.clock.Advance(time.Hour)
		w.run(mode)
		shown := w.readable()
		if strings.Contains(shown, "zqplan") || !strings.Contains(shown, "renamed") {
			t.Errorf("after a rename and a run (%s), it can be read", mode)
		}
	}
	w.DropField("Open Plan")
	w.clock.Advance(time.Hour)
	receipt := w.run(job.Full)
	warned(t, receipt, "Secret Plan", "PRIVATE_FIELDS", "gone")
	if !receipt.Succeeded() || strings.Contains(w.readable(), "zqplan") {
		t.Errorf("receipt %+v, want success", receipt)
	}
}

// Without the schema, a name cannot be told from a typo unless the parent knows it.
func TestPrivateFieldWithoutSchema(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{DataToken: "patData"})
	w.token, w.private = "patData", "Notes Of Staff"
	receipt := w.run(job.Full)
	contains(t, string(receipt.Error), "Notes Of Staff", "schema.bases:read")
	w.private = "notes,Status"
	w.must(job.Full, job.Published)
	if detail := w.detail("rec00000000000001"); strings.Contains(detail, "seen twice") ||
		strings.Contains(detail, `"Open"`) {
		t.Error(detail)
	}
}

// A snapshot that shows too much is deleted at the next publication, and nothing rolls back to
// it meanwhile.
func TestExposedSnapshotsAreDeleted(t *testing.T) {
	t.Parallel()
	w := secretWorld(t)
	w.must(job.Full, job.Published)
	first := w.current()
	w.Update("recSecret00000001", edit{"Status": "Changed"})
	w.clock.Advance(time.Hour)
	w.must(job.Incremental, job.Published)
	w.private = "Secret Plan"
	receipt := w.rollback(first.ID)
	contains(t, string(receipt.Error), first.ID, "PRIVATE_FIELDS")
	if receipt.Outcome != "failed" || !receipt.Final {
		t.Errorf("receipt %+v, want outcome failed and final", receipt)
	}
	w.must(job.Remap, job.Published)
	m := w.manifest()
	if len(m.Snapshots) != 1 || len(m.Snapshots[0].Private.Fields) != 1 {
		t.Errorf("snapshots %+v, want one that hides one field", m.Snapshots)
	}
	var want []string
	for _, part := range m.Snapshots[0].Parts {
		if part.Kind != snapshot.Sources {
			want = append(want, part.Key)
		}
	}
	slices.Sort(want)
	got := slices.DeleteFunc(w.objects(), func(key string) bool {
		return strings.HasPrefix(key, "manifest")
	})
	if !slices.Equal(got, want) {
		t.Errorf("the store holds %q, want %q", got, want)
	}
	if _, err := m.Find(first.ID); err == nil {
		t.Error("the manifest still has a snapshot that shows too much")
	}
	// A hold of a rollback is no reason to go on showing it, and stays.
	w.must(job.Full, job.Unchanged)
	w.private = "none"
	w.must(job.Incremental, job.Published)
	w.rollback(w.manifest().Snapshots[1].ID)
	w.private = "Secret Plan,status"
	held := w.scheduled(job.Remap)
	if !held.Succeeded() || w.manifest().Hold == nil {
		t.Errorf("%+v, hold %v", held, w.manifest().Hold)
	}
}
