package catalog_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/catalog"
	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

const (
	manifestKey = "manifest.json"
	base        = "appFeedback000001"
)

var (
	owner = catalog.Owner{Base: base, TableID: "tblLeadBugs000001", TableName: "Lead Bugs"}
	noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	quiet = slog.New(slog.DiscardHandler)
)

// clock is the store's; only a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newStore() (*blobtest.Memory, *clock) {
	c := &clock{now: noon}
	return blobtest.NewMemory(c.Now), c
}

func open(store blob.Store) *catalog.Catalog { return catalog.New(store, 3, quiet) }

// bytesOf is a file that is published like a snapshot, for tests that open none.
func bytesOf(t testing.TB, run string) snapshot.Sealed {
	t.Helper()
	content := "the snapshot of " + run
	path := filepath.Join(t.TempDir(), run)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(content))
	return snapshot.Sealed{
		Path: path, Records: len(run), Bytes: int64(len(content)), SHA256: hex.EncodeToString(digest[:]),
		Contents: snapshot.Contents{ContentSHA256: "content of " + run, ComputedSHA256: "computed of " + run},
	}
}

// sealed is a real snapshot, which names the run that made it. It takes tens of milliseconds.
func sealed(t testing.TB, run string) snapshot.Sealed {
	t.Helper()
	draft, err := build.New(t.Context(), t.TempDir(), nil)
	if err == nil {
		err = draft.Put(t.Context(), build.Row{
			Feedback: feedback.Feedback{ID: "rec1", Description: run, Created: noon},
			Source:   snapshot.Source{ID: "rec1", CreatedTime: noon, Fields: []byte("{}"), Digest: []byte(run), Computed: []byte(run)},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := draft.Seal(t.Context(), snapshot.Meta{Base: base, Run: run, Mapping: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// receipt is of a run that a person asked for, that was tried once and made seven calls.
func receipt(id string) catalog.Run {
	return catalog.Run{
		ID: id, Mode: catalog.Full, Trigger: catalog.TriggerCLI, Attempt: "attempt-" + id,
		Started: catalog.At(noon), Finished: catalog.At(noon.Add(time.Minute)), AirtableCalls: 7,
	}
}

func failed(id string) catalog.Run {
	run := receipt(id)
	run.Outcome, run.Error = "failed", "for a reason"
	return run
}

// scheduled is a run that nobody asked for.
func scheduled(id string) catalog.Run {
	run := receipt(id)
	run.Trigger = catalog.TriggerSchedule
	return run
}

// begin takes the lease for a run, or says why it can not be had.
func begin(ctx context.Context, c *catalog.Catalog, run catalog.Run) (catalog.Run, error) {
	_, leased, err := c.Acquire(ctx, catalog.Application{Base: base, Run: run})
	return leased, err
}

// leased is a run that has the lease.
func leased(t testing.TB, c *catalog.Catalog, run catalog.Run) catalog.Run {
	t.Helper()
	run, err := begin(t.Context(), c, run)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// fail ends a run, with or without the lease, and gives its receipt as the store has it.
func fail(t testing.TB, c *catalog.Catalog, run catalog.Run) catalog.Run {
	t.Helper()
	run.Outcome, run.Error = "failed", "for a reason"
	got, err := c.Record(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// put lets a run take the lease and publish.
func put(ctx context.Context, c *catalog.Catalog, p catalog.Publication) (run catalog.Run, err error) {
	if p.Run, err = begin(ctx, c, p.Run); err != nil {
		return p.Run, err
	}
	return c.Publish(ctx, p)
}

// publication makes file current after parent.
func publication(t testing.TB, file snapshot.Sealed, run catalog.Run, parent catalog.Nullable) catalog.Publication {
	return catalog.Publication{
		Owner: owner, Sealed: file, Run: run, Dir: t.TempDir(),
		Snapshot: catalog.Snapshot{Parent: parent, CreatedAt: catalog.At(noon), Watermark: catalog.At(noon), DeletesConfirmedAt: catalog.At(noon)},
	}
}

// publish makes file current after what is.
func publish(t testing.TB, c *catalog.Catalog, file snapshot.Sealed, run string) catalog.Snapshot {
	t.Helper()
	if _, err := put(t.Context(), c, publication(t, file, receipt(run), load(t, c).Current)); err != nil {
		t.Fatal(err)
	}
	return current(t, c)
}

// confirm lets a run take the lease and find nothing new up to a time.
func confirm(t testing.TB, c *catalog.Catalog, run string, upTo time.Time) {
	t.Helper()
	what := catalog.Confirmation{Snapshot: string(load(t, c).Current), Watermark: upTo}
	if _, err := c.Confirm(t.Context(), leased(t, c, receipt(run)), what); err != nil {
		t.Fatal(err)
	}
}

// rollback makes an older snapshot current, by a person.
func rollback(t testing.TB, c *catalog.Catalog, id, to string) catalog.Run {
	t.Helper()
	run := receipt(id)
	run.Mode, run.AirtableCalls = catalog.Rollback, 0
	run, err := c.Rollback(t.Context(), base, run, to)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func load(t testing.TB, c *catalog.Catalog) catalog.Manifest {
	t.Helper()
	m, err := c.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func current(t testing.TB, c *catalog.Catalog) catalog.Snapshot {
	t.Helper()
	s, err := load(t, c).CurrentSnapshot()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func runIDs(m catalog.Manifest) (ids []string) {
	for _, run := range m.Runs {
		ids = append(ids, run.ID)
	}
	return ids
}

// content is what the store has at key.
func content(t testing.TB, store blob.Store, key string) []byte {
	t.Helper()
	object, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	data, err := io.ReadAll(object.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// overwrite puts data at key, whatever is there.
func overwrite(t testing.TB, store blob.Store, key string, data []byte) {
	t.Helper()
	var version blob.Version
	info, err := store.Stat(t.Context(), key)
	if err == nil {
		version = info.Version
	}
	if _, err := store.Replace(t.Context(), key, data, version); err != nil {
		t.Fatal(err)
	}
}

func keys(t testing.TB, store blob.Store, prefix string) (all []string) {
	t.Helper()
	for info, err := range store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Key)
	}
	return all
}

func fails(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// says checks that a text has all parts.
func says(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}
