package refresh_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"voc/internal/airtablesim"
	"voc/internal/job"
	"voc/internal/manifest/manifesttest"
	"voc/internal/replica"
	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
)

// Readers need no source part. A refresh that finds it damaged reads all records again, and
// a rollback does not make such a snapshot current.
func TestDamagedSourcePart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	first := w.current()
	w.edit()
	w.must(job.Incremental, job.Published)
	for _, s := range w.manifest().Snapshots {
		overwrite(w, s.Part(snapshot.Sources).Key, []byte("no records"))
	}
	reader := replica.New(w.manifests(), t.TempDir(), slog.New(slog.DiscardHandler))
	defer reader.Close()
	if err := reader.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	view, release := reader.Acquire()
	release()
	if view.File == nil || view.Snapshot.ID != w.current().ID || len(view.Warnings) > 0 {
		t.Errorf("%s is served with the warnings %q", view.Snapshot.ID, view.Warnings)
	}
	if receipt := w.rollback(first.ID); receipt.Outcome != "failed" ||
		!strings.Contains(string(receipt.Error), "damaged") {
		t.Errorf("rollback: %+v", receipt)
	}
	w.edit()
	receipt := w.must(job.Incremental, job.Published)
	if receipt.Mode != job.Full || !strings.Contains(receipt.Warnings[0], "read again") {
		t.Errorf("%+v", receipt)
	}
	w.converged()
}

// A store of format 3 has one object for each snapshot. The next incremental continues from
// it and writes parts.
func TestRefreshContinuesFromFormat3(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.fill(5)
	w.must(job.Full, job.Published)
	before := w.served(w.store)
	w.asFormat3()
	if s := w.current(); len(s.Parts) != 1 || s.Parts[0].Kind != snapshot.Whole {
		t.Fatalf("%+v", s.Parts)
	}
	if diff := cmp.Diff(before, w.served(w.store)); diff != "" {
		t.Errorf("format 3 is served otherwise:\n%s", diff)
	}
	w.edit()
	receipt := w.must(job.Incremental, job.Published)
	if receipt.Mode != job.Incremental || receipt.Changed != 1 || len(w.current().Parts) != 2 {
		t.Errorf("%+v", receipt)
	}
	w.converged()
	old := w.manifest().Snapshots[1]
	if receipt := w.rollback(old.ID); receipt.SnapshotAfter != job.Nullable(old.ID) {
		t.Errorf("rollback: %+v", receipt)
	}
	w.edit()
	w.must(job.Incremental, job.Published)
	w.converged()
}

// edit changes a record, an hour after what was last done.
func (w *world) edit() {
	w.clock.Advance(time.Hour)
	w.Update("rec00000000000001", edit{"Status": "at " + w.clock.Now().Format(time.Kitchen)})
	w.clock.Advance(time.Minute)
}

// asFormat3 replaces the current snapshot and the manifest by what a program of format 3
// would have written.
func (w *world) asFormat3() {
	w.t.Helper()
	sealed := snapshot.Sealed{
		Part:   snapshot.Part{Path: w.fetch(w.store, snapshot.Serve)},
		Source: snapshot.Part{Path: w.fetch(w.store, snapshot.Sources)},
	}
	path := snaptest.Format3(w.t, sealed)
	whole, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	s := w.current()
	key := "snapshots/old-" + s.ID + ".sqlite.zst"
	if _, err := w.store.PutNew(w.t.Context(), key,
		bytes.NewReader(manifesttest.Packed(w.t, whole))); err != nil {
		w.t.Fatal(err)
	}
	text := w.object("manifest.json")
	var envelope struct{ Manifest map[string]any }
	if err := json.Unmarshal(text, &envelope); err != nil {
		w.t.Fatal(err)
	}
	entry := envelope.Manifest["snapshots"].([]any)[0].(map[string]any)
	delete(entry, "parts")
	entry["key"], entry["bytes"] = key, len(whole)
	entry["sha256"] = fmt.Sprintf("%x", sha256.Sum256(whole))
	inner, err := json.Marshal(envelope.Manifest)
	if err != nil {
		w.t.Fatal(err)
	}
	overwrite(w, "manifest.json", manifesttest.Signed(3, string(inner)))
}

// objects lists the keys of what a host that serves may read.
func (w *world) objects() []string {
	w.t.Helper()
	return slices.DeleteFunc(manifesttest.Keys(w.t, w.store, ""), func(key string) bool {
		return strings.HasPrefix(key, "sources/")
	})
}

// object returns the content of an object.
func (w *world) object(key string) []byte {
	w.t.Helper()
	return manifesttest.Content(w.t, w.store, key)
}

// unpack writes a part to a file, uncompressed, and returns its path.
func (w *world) unpack(packed []byte) string {
	w.t.Helper()
	decoder, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		w.t.Fatal(err)
	}
	defer decoder.Close()
	content, err := io.ReadAll(decoder)
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.t.TempDir(), "part.sqlite")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}
