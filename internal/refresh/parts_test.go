package refresh_test

import (
	"bytes"
	"io"
	"io/fs"
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
		t.Errorf("receipt %+v, want mode full and a warning that all is read again", receipt)
	}
	w.converged()
}

// A store that a program of format 4 wrote is served and rolled back to, and the next
// incremental continues from it.
func TestRefreshContinuesFromFormat4(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.fill(5)
	w.load("testdata/format4")
	old := w.current()
	if diff := cmp.Diff(w.fresh(), w.served(w.store)); diff != "" {
		t.Errorf("format 4 is served otherwise:\n%s", diff)
	}
	w.edit()
	receipt := w.must(job.Incremental, job.Published)
	if receipt.Mode != job.Incremental || receipt.Changed != 1 {
		t.Errorf("receipt %+v, want mode incremental and 1 changed", receipt)
	}
	w.converged()
	if receipt := w.rollback(old.ID); receipt.SnapshotAfter != job.Nullable(old.ID) {
		t.Errorf("rollback: %+v", receipt)
	}
	w.edit()
	w.must(job.Incremental, job.Published)
	w.converged()
}

// An incremental stores the pages that its edits have changed. So does one that follows a
// rollback, whose base is older than the current snapshot. One that finds the base missing reads
// all records again, and stores all parts whole.
func TestIncrementalPublishesDeltas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.fill(2000) // of fewer, an edit changes more than a quarter of the pages
	w.must(job.Full, job.Published)
	first := w.current()
	follows := func() {
		t.Helper()
		w.edit()
		w.must(job.Incremental, job.Published)
		size, whole := 0, 0
		for i, part := range w.current().Parts {
			if part.Base.Key != first.Parts[i].Key {
				t.Errorf("%+v is not made of %+v", part, first.Parts[i])
			}
			size += len(w.object(part.Key))
			whole += len(w.object(first.Parts[i].Key))
		}
		if size > whole/2 {
			t.Errorf("%d bytes were stored, and %d at first", size, whole)
		}
	}
	follows()
	second := w.current()
	follows()
	w.rollback(second.ID)
	follows()
	w.converged()
	if err := w.store.Delete(t.Context(), first.Part(snapshot.Serve).Key); err != nil {
		t.Fatal(err)
	}
	w.edit()
	receipt := w.must(job.Incremental, job.Published)
	if receipt.Mode != job.Full || !strings.Contains(receipt.Warnings[0], "read again") {
		t.Errorf("receipt %+v, want mode full and a warning that all is read again", receipt)
	}
	for _, part := range w.current().Parts {
		if part.Base.Key != "" {
			t.Errorf("part %+v, want it whole", part)
		}
	}
	w.converged()
}

// An incremental amends its parent's files: a new record has the position before the first, while
// a full refresh numbers all of them anew.
func TestIncrementalAmends(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.fill(5)
	w.must(job.Full, job.Published)
	first := func() (pos int) {
		serve := snaptest.Connect(t, w.fetch(w.store, snapshot.Serve))
		const query = `SELECT min(pos) FROM feedback`
		if err := serve.QueryRowContext(t.Context(), query).Scan(&pos); err != nil {
			t.Fatal(err)
		}
		return pos
	}
	was := first()
	w.clock.Advance(time.Hour)
	w.Create(edit{"Status": "New"})
	w.clock.Advance(time.Minute)
	w.must(job.Incremental, job.Published)
	if got := first(); got != was-1 {
		t.Errorf("the new record is at %d, the first was at %d", got, was)
	}
	w.converged()
}

// load fills the store with the objects in a folder.
func (w *world) load(folder string) {
	w.t.Helper()
	err := fs.WalkDir(os.DirFS(folder), ".", func(key string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(folder, key))
		if err != nil {
			return err
		}
		_, err = w.store.PutNew(w.t.Context(), key, bytes.NewReader(content))
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// edit changes a record, an hour after what was last done.
func (w *world) edit() {
	w.clock.Advance(time.Hour)
	w.Update("rec00000000000001", edit{"Status": "at " + w.clock.Now().Format(time.Kitchen)})
	w.clock.Advance(time.Minute)
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

// A full refresh that finds nothing new writes the snapshot in full if amendments of it are older
// than a day: texts that were edited since leave traces in it.
func TestFullRenewsAmendedSnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.fill(5)
	w.must(job.Full, job.Published)
	w.edit()
	w.must(job.Incremental, job.Published)
	w.must(job.Full, job.Unchanged)
	w.clock.Advance(24 * time.Hour)
	w.must(job.Sweep, job.Unchanged)
	w.must(job.Full, job.Published)
	w.converged()
	w.clock.Advance(24 * time.Hour)
	w.must(job.Full, job.Unchanged)
}

// A refresh that finds the source of each snapshot damaged keeps no other part of them.
func TestDamagedSourcesTakeNoRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	for range 3 {
		w.edit()
		w.must(job.Full, job.Published)
		overwrite(w, w.current().Part(snapshot.Sources).Key, []byte("no part"))
	}
	cfg, fetched := w.config(w.store), 0
	w.Before(func(airtablesim.Call) {
		files, err := filepath.Glob(filepath.Join(cfg.Dir, "run-*", "serve-*.sqlite"))
		if err != nil {
			t.Error(err)
		}
		fetched = max(fetched, len(files))
	})
	request := job.Request{ID: "incremental-9", Mode: job.Incremental, Trigger: "cli"}
	receipt, err := w.newEngine(cfg).Run(t.Context(), request, nil)
	if err != nil || receipt.Mode != job.Full || receipt.Outcome != "published" || fetched != 0 {
		t.Errorf("%+v, %v, with %d files of damaged snapshots", receipt, err, fetched)
	}
	w.converged()
}
