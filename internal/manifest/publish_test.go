package manifest_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

func TestEmptyStoreHasNoSnapshot(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	m := load(t, open(store))
	_, err := m.CurrentSnapshot()
	fails(t, err, manifest.ErrNoSnapshot)
	if m.Belongs(base) != nil {
		t.Error("an empty store has an owner")
	}
}

func TestPublishMakesSnapshotCurrent(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	first := publish(t, c, bytesOf(t, "full-1"), "full-1")
	file := bytesOf(t, "full-2")
	clock.Advance(time.Hour)
	got, err := put(t.Context(), c, publication(t, file, receipt("full-2"), job.Nullable(first.ID)))
	if err != nil {
		t.Fatal(err)
	}
	serve, source := file.Parts[snapshot.Serve], file.Parts[snapshot.Sources]
	hashes := []string{serve.SHA256, source.SHA256}
	slices.Sort(hashes)
	sum := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n", hashes[0], hashes[1])))
	id := "full-2-" + sum[:12]
	want := manifest.Snapshot{
		ID: id, Parent: job.Nullable(first.ID), Run: "full-2",
		Parts: []manifest.Part{
			{Kind: snapshot.Serve, Key: "snapshots/" + id + ".serve.sqlite.zst", Bytes: serve.Bytes,
				SHA256: serve.SHA256},
			{Kind: snapshot.Sources, Key: "sources/" + id + ".sqlite.zst", Bytes: source.Bytes,
				SHA256: source.SHA256},
		},
		Records: file.Records, Bytes: serve.Bytes + source.Bytes, SHA256: sum,
		CreatedAt: job.At(noon), PublishedAt: job.At(noon.Add(time.Hour)), Watermark: job.At(noon),
		DeletesConfirmedAt: job.At(noon),
		ContentSHA256:      file.ContentSHA256, ComputedSHA256: file.ComputedSHA256,
	}
	m := load(t, c)
	if diff := cmp.Diff([]manifest.Snapshot{want, first}, m.Snapshots); diff != "" ||
		m.Current != job.Nullable(id) || m.Owner != owner || m.Lease != nil {
		t.Errorf("current is %s of %v; snapshots:\n%s", m.Current, m.Owner, diff)
	}
	wantRun := receipt("full-2")
	wantRun.Outcome, wantRun.SnapshotAfter, wantRun.Bytes, wantRun.Fence = "published",
		job.Nullable(id), want.Bytes, 2
	if diff := cmp.Diff(wantRun, got) + cmp.Diff(wantRun, m.Runs[0]); diff != "" {
		t.Error(diff)
	}
}

func TestPublishRejectsMovedParent(t *testing.T) {
	t.Parallel()
	for name, parent := range map[string]job.Nullable{"of an empty store": "",
		"of another snapshot": "full-0-0123456789ab"} {
		t.Run(name, func(t *testing.T) {
			store, _ := newStore()
			c := open(store)
			publish(t, c, bytesOf(t, "full-1"), "full-1")
			run := leased(t, c, receipt("full-2"))
			before := load(t, c)
			got, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-2"), run, parent))
			fails(t, err, manifest.ErrMoved)
			if diff := cmp.Diff(before, load(t, c)) + cmp.Diff(run, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConfirmOnlyAdvancesTimes(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	s := publish(t, c, bytesOf(t, "full-1"), "full-1")
	later := noon.Add(time.Hour)
	run, err := c.Confirm(t.Context(), leased(t, c, receipt("incremental-2")),
		manifest.Confirmation{Snapshot: s.ID, Watermark: later, Deletes: noon.Add(-time.Hour),
			Computed: later})
	if err != nil || run.Outcome != "unchanged" || run.SnapshotAfter != job.Nullable(s.ID) {
		t.Fatalf("receipt %+v, error %v, want outcome unchanged and the s snapshot after it", run, err)
	}
	want := s
	want.Watermark, want.ComputedConfirmedAt = job.At(later), job.At(later)
	if diff := cmp.Diff(want, current(t, c)); diff != "" {
		t.Error(diff)
	}
	if got := keys(t, store, "snapshots/"); len(got) != 1 {
		t.Errorf("nothing is new, and there are %q", got)
	}
	_, err = c.Confirm(t.Context(), leased(t, c, receipt("incremental-3")),
		manifest.Confirmation{Snapshot: "another", Watermark: later.Add(time.Hour)})
	fails(t, err, manifest.ErrMoved)
	if diff := cmp.Diff(want, current(t, c)); diff != "" {
		t.Error(diff)
	}
}

// A race is lost when another writer comes between a read and its Replace.
func TestLostRaceIsRetried(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	c, other := open(faulty), open(store)
	s := publish(t, c, bytesOf(t, "full-1"), "full-1")
	run := leased(t, c, receipt("full-2"))
	for i := range 3 {
		faulty.Inject(blobtest.Fault{Kind: blobtest.Replace, N: i + 1,
			Effect: blobtest.Before(func() { record(t, other, fmt.Sprint("other-", i)) })})
	}
	if _, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-2"), run,
		job.Nullable(s.ID))); err != nil {
		t.Fatal(err)
	}
	ids := runIDs(load(t, c))
	slices.Sort(ids)
	if want := []string{"full-1", "full-2", "other-0", "other-1", "other-2"}; !slices.Equal(ids,
		want) {
		t.Errorf("receipts %q, want %q", ids, want)
	}
}

func TestLostRacesAreBounded(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	n := 0
	faulty.Inject(blobtest.Fault{Kind: blobtest.Replace,
		Effect: blobtest.Before(func() { n++; record(t, open(store), fmt.Sprint("other-", n)) })})
	_, err := open(faulty).Record(t.Context(), failed("full-1"))
	if err == nil {
		t.Fatal("it won")
	}
	fails(t, err, blob.ErrChanged)
	says(t, err.Error(), "write the manifest")
}

func record(t testing.TB, c *manifest.Store, id string) {
	t.Helper()
	if _, err := c.Record(t.Context(), failed(id)); err != nil {
		t.Error(err)
	}
}

// A lost response leaves open whether the write happened. Neither the receipt nor the
// calls may count twice.
func TestUncertainWriteHappensOnce(t *testing.T) {
	t.Parallel()
	for _, effect := range []blobtest.Effect{blobtest.Lost, blobtest.Applied} {
		for _, kind := range []blobtest.Kind{blobtest.PutNew, blobtest.Replace} {
			t.Run(fmt.Sprint(kind, " ", effect), func(t *testing.T) {
				store, _ := newStore()
				faulty := blobtest.NewFaulty(store)
				c := open(faulty)
				run := leased(t, c, receipt("full-1"))
				faulty.Inject(blobtest.Fault{Kind: kind, N: 1, Effect: effect})
				if _, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-1"), run, "")); err != nil {
					t.Fatal(err)
				}
				m := load(t, c)
				if m.CallsIn(noon) != 7 || m.Generation != 2 || len(m.Runs) != 1 || len(m.Snapshots) != 1 {
					t.Errorf("manifest %+v, want generation 2, 7 calls, one run and one snapshot", m)
				}
			})
		}
	}
}

func TestUnavailableStoreIsReported(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	run := leased(t, open(store), receipt("full-1"))
	faulty := blobtest.NewFaulty(store)
	faulty.Inject(blobtest.Fault{Effect: blobtest.Refused})
	_, err := open(faulty).Publish(t.Context(), publication(t, bytesOf(t, "full-1"), run, ""))
	fails(t, err, blobtest.ErrInjected)
	if log := faulty.Log(); len(log) != 1 {
		t.Errorf("asked %d times: %v", len(log), log)
	}
	for _, kind := range []blobtest.Kind{blobtest.PutNew, blobtest.Replace} {
		faulty := blobtest.NewFaulty(store)
		faulty.Inject(blobtest.Fault{Kind: kind, Effect: blobtest.Lost})
		_, err := open(faulty).Publish(t.Context(), publication(t, bytesOf(t, "full-1"), run, ""))
		if err == nil || len(faulty.Log()) > 100 {
			t.Errorf("every %s is lost: error %v after %d operations", kind, err, len(faulty.Log()))
		}
	}
}

func TestBelongs(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	publish(t, c, bytesOf(t, "full-1"), "full-1")
	m := load(t, c)
	if err := m.Belongs(base); err != nil {
		t.Error(err)
	}
	err := m.Belongs("appOther")
	fails(t, err, manifest.ErrForeign)
	says(t, err.Error(), base, "appOther", "a store of its own")
}

func TestCanceledContextIsReported(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	faulty.Inject(blobtest.Fault{Kind: blobtest.Replace, Effect: blobtest.Hung})
	ctx, cancel := context.WithCancel(t.Context())
	faulty.Inject(blobtest.Fault{Kind: blobtest.GetIfChanged, N: 1, Effect: blobtest.Before(cancel)})
	_, err := open(faulty).Record(ctx, failed("run"))
	if err == nil || errors.Is(err, blob.ErrUncertain) {
		t.Errorf("error %v", err)
	}
	fails(t, err, ctx.Err())
}

// late is a store whose first Replace seems lost, and is applied when the second is under
// way.
type late struct {
	blob.Store
	first func()
}

func (l *late) Replace(ctx context.Context, key string, body []byte,
	current blob.Version) (blob.Info, error) {
	if l.first == nil {
		l.first = func() { _, _ = l.Store.Replace(ctx, key, body, current) }
		return blob.Info{}, blob.ErrUncertain
	}
	l.first()
	return l.Store.Replace(ctx, key, body, current)
}

func TestLateWriteIsDetected(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	run := leased(t, open(store), receipt("full-1"))
	c := open(&late{Store: store})
	if _, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-1"), run, "")); err != nil {
		t.Fatal(err)
	}
	if m := load(t, c); m.Generation != 2 || m.CallsIn(noon) != 7 || len(m.Snapshots) != 1 {
		t.Errorf("manifest %+v, want generation 2, 7 calls and one snapshot", m)
	}
}
