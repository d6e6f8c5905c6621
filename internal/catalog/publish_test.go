package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/catalog"
)

func TestAnEmptyStoreHasNoSnapshot(t *testing.T) {
	store, _ := newStore()
	m := load(t, open(store))
	_, err := m.CurrentSnapshot()
	fails(t, err, catalog.ErrNoSnapshot)
	if m.Belongs(base) != nil {
		t.Error("an empty store belongs to somebody")
	}
}

func TestPublishMakesASnapshotCurrent(t *testing.T) {
	store, _ := newStore()
	c := open(store)
	first := publish(t, c, bytesOf(t, "full-1"), "full-1")
	file := bytesOf(t, "full-2")
	got, err := c.Publish(t.Context(), publication(t, file, receipt("full-2"), catalog.Nullable(first.ID)))
	if err != nil {
		t.Fatal(err)
	}
	id := "full-2-" + file.SHA256[:12]
	want := catalog.Snapshot{
		ID: id, Key: "snapshots/" + id + ".sqlite.zst", Parent: catalog.Nullable(first.ID), Run: "full-2",
		Records: file.Records, Bytes: file.Bytes, SHA256: file.SHA256,
		CreatedAt: catalog.At(noon), Watermark: catalog.At(noon), DeletesConfirmedAt: catalog.At(noon),
	}
	m := load(t, c)
	if diff := cmp.Diff([]catalog.Snapshot{want, first}, m.Snapshots); diff != "" || m.Current != catalog.Nullable(id) || m.Owner != owner {
		t.Errorf("current is %s of %v; snapshots:\n%s", m.Current, m.Owner, diff)
	}
	wantRun := receipt("full-2")
	wantRun.Outcome, wantRun.SnapshotAfter, wantRun.Bytes = "published", catalog.Nullable(id), file.Bytes
	if diff := cmp.Diff(wantRun, got) + cmp.Diff(wantRun, m.Runs[0]); diff != "" {
		t.Error(diff)
	}
}

func TestAPublicationWhoseParentHasMovedChangesNothing(t *testing.T) {
	for name, parent := range map[string]catalog.Nullable{"of an empty store": "", "of another snapshot": "full-0-0123456789ab"} {
		t.Run(name, func(t *testing.T) {
			store, _ := newStore()
			c := open(store)
			publish(t, c, bytesOf(t, "full-1"), "full-1")
			before := load(t, c)
			run := receipt("full-2")
			got, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-2"), run, parent))
			fails(t, err, catalog.ErrMoved)
			if diff := cmp.Diff(before, load(t, c)) + cmp.Diff(run, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConfirmMovesTheTimesOnAndNeverBack(t *testing.T) {
	store, _ := newStore()
	c := open(store)
	s := publish(t, c, bytesOf(t, "full-1"), "full-1")
	later := noon.Add(time.Hour)
	run, err := c.Confirm(t.Context(), receipt("incremental-2"), catalog.Confirmation{Snapshot: s.ID, Watermark: later, Deletes: noon.Add(-time.Hour), Computed: later})
	if err != nil || run.Outcome != "unchanged" || run.SnapshotAfter != catalog.Nullable(s.ID) {
		t.Fatalf("%+v, %v", run, err)
	}
	want := s
	want.Watermark, want.ComputedConfirmedAt = catalog.At(later), catalog.At(later)
	if diff := cmp.Diff(want, current(t, c)); diff != "" {
		t.Error(diff)
	}
	if got := keys(t, store, "snapshots/"); len(got) != 1 {
		t.Errorf("nothing is new, and there are %q", got)
	}
	_, err = c.Confirm(t.Context(), receipt("incremental-3"), catalog.Confirmation{Snapshot: "another", Watermark: later.Add(time.Hour)})
	fails(t, err, catalog.ErrMoved)
	if diff := cmp.Diff(want, current(t, c)); diff != "" {
		t.Error(diff)
	}
}

// A race is lost when somebody else writes between a read and its Replace.
func TestALostRaceIsTriedAgainOnWhatIsThereNow(t *testing.T) {
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	c, other := open(faulty), open(store)
	s := publish(t, c, bytesOf(t, "full-1"), "full-1")
	for i := range 3 {
		faulty.Inject(blobtest.Fault{Kind: blobtest.Replace, N: i + 1, Effect: blobtest.Before(func() { record(t, other, fmt.Sprint("other-", i)) })})
	}
	if _, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-2"), receipt("full-2"), catalog.Nullable(s.ID))); err != nil {
		t.Fatal(err)
	}
	ids := runIDs(load(t, c))
	slices.Sort(ids)
	if want := []string{"full-1", "full-2", "other-0", "other-1", "other-2"}; !slices.Equal(ids, want) {
		t.Errorf("receipts %q, want %q", ids, want)
	}
}

func TestARaceThatIsAlwaysLostEnds(t *testing.T) {
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	n := 0
	faulty.Inject(blobtest.Fault{Kind: blobtest.Replace, Effect: blobtest.Before(func() { n++; record(t, open(store), fmt.Sprint("other-", n)) })})
	_, err := open(faulty).Record(t.Context(), failed("full-1"))
	if err == nil {
		t.Fatal("it won")
	}
	fails(t, err, blob.ErrChanged)
	says(t, err.Error(), "write the manifest")
}

func record(t testing.TB, c *catalog.Catalog, id string) {
	t.Helper()
	if _, err := c.Record(t.Context(), failed(id)); err != nil {
		t.Error(err)
	}
}

func failed(id string) catalog.Run {
	run := receipt(id)
	run.Outcome, run.Error = "failed", "for a reason"
	return run
}

// An answer that is lost does not tell whether the write happened. Neither the receipt nor the calls may count twice.
func TestAnUncertainWriteHappensOnce(t *testing.T) {
	for _, effect := range []blobtest.Effect{blobtest.Lost, blobtest.Applied} {
		for _, kind := range []blobtest.Kind{blobtest.PutNew, blobtest.Replace} {
			t.Run(fmt.Sprint(kind, " ", effect), func(t *testing.T) {
				store, _ := newStore()
				faulty := blobtest.NewFaulty(store)
				faulty.Inject(blobtest.Fault{Kind: kind, N: 1, Effect: effect})
				c := open(faulty)
				if _, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-1"), receipt("full-1"), "")); err != nil {
					t.Fatal(err)
				}
				m := load(t, c)
				if m.CallsIn(noon) != 7 || m.Generation != 1 || len(m.Runs) != 1 || len(m.Snapshots) != 1 {
					t.Errorf("%+v", m)
				}
			})
		}
	}
}

// A run whose publication went through, though it seemed lost, is told so when it wants to report its failure.
func TestAFailureIsNotRecordedOverASuccess(t *testing.T) {
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	faulty.Inject(blobtest.Fault{Kind: blobtest.Replace, N: 1, Effect: blobtest.Applied},
		blobtest.Fault{Kind: blobtest.GetIfChanged, N: 2, Effect: blobtest.Refused})
	c := open(faulty)
	_, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-1"), receipt("full-1"), ""))
	fails(t, err, blobtest.ErrInjected)
	run, err := c.Record(t.Context(), failed("full-1"))
	if m := load(t, c); err != nil || !run.Succeeded() || m.CallsIn(noon) != 7 || !m.Runs[0].Succeeded() {
		t.Errorf("recorded %+v, %v; the store has %+v", run, err, m.Runs)
	}
}

func TestAStoreThatDoesNotAnswerIsNamedAndNotAskedForEver(t *testing.T) {
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	faulty.Inject(blobtest.Fault{Effect: blobtest.Refused})
	_, err := open(faulty).Publish(t.Context(), publication(t, bytesOf(t, "full-1"), receipt("full-1"), ""))
	fails(t, err, blobtest.ErrInjected)
	if log := faulty.Log(); len(log) != 1 {
		t.Errorf("asked %d times: %v", len(log), log)
	}
	for _, kind := range []blobtest.Kind{blobtest.PutNew, blobtest.Replace} {
		faulty := blobtest.NewFaulty(store)
		faulty.Inject(blobtest.Fault{Kind: kind, Effect: blobtest.Lost})
		_, err := open(faulty).Publish(t.Context(), publication(t, bytesOf(t, "full-1"), receipt("full-1"), ""))
		if err == nil || len(faulty.Log()) > 100 {
			t.Errorf("every %s is lost: error %v after %d operations", kind, err, len(faulty.Log()))
		}
	}
}

func TestReceiptsAreNewestFirstOnePerRunAndNoMoreThan200(t *testing.T) {
	store, _ := newStore()
	c := open(store)
	at := func(id string, started time.Time) catalog.Run {
		run := failed(id)
		run.Started, run.AirtableCalls = catalog.At(started), 1
		return run
	}
	var before catalog.Manifest
	for i := range 199 {
		before.Runs = append(before.Runs, at(fmt.Sprintf("run-%03d", 198-i), noon.Add(time.Duration(198-i)*time.Second)))
	}
	text, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, store, manifestKey, signed(1, string(text)))
	for i := 199; i < 205; i++ {
		if _, err := c.Record(t.Context(), at(fmt.Sprintf("run-%03d", i), noon.Add(time.Duration(i)*time.Second))); err != nil {
			t.Fatal(err)
		}
	}
	m := load(t, c)
	if len(m.Runs) != 200 || m.Runs[0].ID != "run-204" || m.Runs[199].ID != "run-005" || m.CallsIn(noon) != 6 {
		t.Fatalf("%d receipts, from %s to %s, %d calls", len(m.Runs), m.Runs[0].ID, m.Runs[199].ID, m.CallsIn(noon))
	}
	again := at("run-100", noon.Add(time.Hour))
	if got, err := c.Record(t.Context(), again); err != nil || !got.Started.Equal(noon.Add(100*time.Second)) || !cmp.Equal(m, load(t, c)) {
		t.Errorf("a second receipt of a run counts: %v, %v", got, err)
	}
	// A clock that was set back must not lose the mark by which a writer knows its write.
	old := at("run-old", noon.Add(-time.Hour))
	record := func() {
		if _, err := c.Record(t.Context(), old); err != nil {
			t.Fatal(err)
		}
	}
	record()
	record()
	if m := load(t, c); len(m.Runs) != 200 || m.Runs[199].ID != "run-old" || m.CallsIn(noon) != 7 {
		t.Errorf("%d receipts, the last is %s, %d calls", len(m.Runs), m.Runs[199].ID, m.CallsIn(noon))
	}
}

func TestLongTextsAreCutSoThatAManifestStaysReadable(t *testing.T) {
	store, _ := newStore()
	c := open(store)
	run := failed("run")
	run.Error = catalog.Nullable(strings.Repeat("é", 1<<20))
	for range 1000 {
		run.Warnings = append(run.Warnings, strings.Repeat("\x00", 1<<10))
	}
	if _, err := c.Record(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	got := load(t, c).Runs[0]
	if len(got.Error) > 4003 || strings.Trim(string(got.Error), "é") != "…" || len(got.Warnings) != 20 {
		t.Errorf("error of %d bytes, %d warnings", len(got.Error), len(got.Warnings))
	}
	if size := len(content(t, store, manifestKey)); size > 16<<20/200 {
		t.Errorf("200 of %d bytes are more than a manifest may have", size)
	}
	if len(run.Warnings) != 1000 || len(run.Warnings[0]) != 1<<10 {
		t.Error("the caller's run was changed")
	}
}

// Receipts and snapshots are bounded, so that this can only be a store that keeps tens of thousands. What could not be read again is not written.
func TestAManifestThatCouldNotBeReadAgainIsNotWritten(t *testing.T) {
	store, _ := newStore()
	full := func(padding int) []byte {
		return signed(1, `{"owner":{"table_name":"`+strings.Repeat("x", padding)+`"}}`)
	}
	before := full(16<<20 - len(full(0)))
	overwrite(t, store, manifestKey, before)
	load(t, open(store))
	_, err := open(store).Record(t.Context(), failed("full-1"))
	if err == nil || string(content(t, store, manifestKey)) != string(before) {
		t.Fatalf("it was written, error %v", err)
	}
	says(t, err.Error(), "SNAPSHOT_KEEP")
}

func TestCallsCountByTheMonthInUTC(t *testing.T) {
	store, _ := newStore()
	c := open(store)
	west := time.FixedZone("west", -8*3600)
	for i, started := range []time.Time{
		time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 30, 15, 59, 59, 0, west),
		time.Date(2026, 11, 30, 16, 0, 0, 0, west), // December in UTC
	} {
		run := failed(fmt.Sprint("run-", i))
		run.Started = catalog.At(started)
		if _, err := c.Record(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]int{"2026-11": 14, "2026-12": 7}
	if m := load(t, c); !cmp.Equal(m.Calls, want) || m.CallsIn(time.Date(2026, 11, 30, 16, 0, 0, 0, west)) != 7 {
		t.Errorf("%v, want %v", m.Calls, want)
	}
}

func TestAStoreOfAnotherBaseIsRefusedByName(t *testing.T) {
	store, _ := newStore()
	c := open(store)
	publish(t, c, bytesOf(t, "full-1"), "full-1")
	m := load(t, c)
	if err := m.Belongs(base); err != nil {
		t.Error(err)
	}
	err := m.Belongs("appOther")
	fails(t, err, catalog.ErrForeign)
	says(t, err.Error(), base, "appOther", "AIRTABLE_BASE_ID", "SNAPSHOT_STORE")
}

func TestLastSuccessIsOfTheNewestRunThatDidAsMuch(t *testing.T) {
	run := func(mode catalog.Mode, outcome catalog.Nullable, minute int) catalog.Run {
		return catalog.Run{Mode: mode, Outcome: outcome, Finished: catalog.At(noon.Add(time.Duration(minute) * time.Minute))}
	}
	m := catalog.Manifest{Runs: []catalog.Run{
		run(catalog.Full, "failed", 5), run(catalog.Incremental, "unchanged", 4), run(catalog.Full, "published", 3), run(catalog.Full, "published", 2),
	}}
	if got := m.LastSuccess(catalog.Full); !got.Equal(noon.Add(3 * time.Minute)) {
		t.Errorf("of full: %v", got)
	}
	if got := m.LastSuccess(catalog.Incremental); !got.Equal(noon.Add(4 * time.Minute)) {
		t.Errorf("of incremental: %v", got)
	}
	if got := (catalog.Manifest{}).LastSuccess(catalog.Full); !got.IsZero() {
		t.Errorf("of nothing: %v", got)
	}
}

func TestAnEndedContextIsToldAsSuch(t *testing.T) {
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

// late is a store whose first Replace seems lost, and lands when the second is on its way.
type late struct {
	blob.Store
	first func()
}

func (l *late) Replace(ctx context.Context, key string, body []byte, current blob.Version) (blob.Info, error) {
	if l.first == nil {
		l.first = func() { _, _ = l.Store.Replace(ctx, key, body, current) }
		return blob.Info{}, blob.ErrUncertain
	}
	l.first()
	return l.Store.Replace(ctx, key, body, current)
}

func TestAWriteThatLandsLateIsKnown(t *testing.T) {
	store, _ := newStore()
	c := open(&late{Store: store})
	if _, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-1"), receipt("full-1"), "")); err != nil {
		t.Fatal(err)
	}
	if m := load(t, c); m.Generation != 1 || m.CallsIn(noon) != 7 || len(m.Snapshots) != 1 {
		t.Errorf("%+v", m)
	}
}

// Whether a weekly full is overdue must not depend on how many incrementals there were since.
func TestTheNewestSuccessOfEachModeIsNeverForgotten(t *testing.T) {
	store, _ := newStore()
	c := open(store)
	record := func(run catalog.Run, mode catalog.Mode, outcome catalog.Outcome, at time.Time) {
		t.Helper()
		run.Mode, run.Outcome, run.Started, run.Finished = mode, catalog.Nullable(outcome), catalog.At(at), catalog.At(at)
		if _, err := c.Record(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	record(receipt("full-1"), catalog.Full, catalog.Unchanged, noon)
	record(receipt("full-2"), catalog.Full, catalog.Unchanged, noon.Add(time.Minute))
	record(receipt("full-3"), catalog.Full, catalog.Failed, noon.Add(2*time.Minute))
	for i := range 205 {
		record(receipt(fmt.Sprintf("incremental-%d", i)), catalog.Incremental, catalog.Failed, noon.Add(time.Hour+time.Duration(i)*time.Second))
	}
	m := load(t, c)
	if got := m.LastSuccess(catalog.Full); !got.Equal(noon.Add(time.Minute)) || len(m.Runs) != 201 {
		t.Errorf("the last full succeeded at %s of %d receipts", got, len(m.Runs))
	}
}
