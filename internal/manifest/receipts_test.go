package manifest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
)

// A run whose publication seemed lost but succeeded gets the receipt of the success when
// it records its failure.
func TestRecordKeepsEarlierSuccess(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	c := open(faulty)
	run := leased(t, c, receipt("full-1"))
	faulty.Inject(blobtest.Fault{Kind: blobtest.Replace, N: 1, Effect: blobtest.Applied},
		blobtest.Fault{Kind: blobtest.GetIfChanged, N: 2, Effect: blobtest.Refused})
	_, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-1"), run, ""))
	fails(t, err, blobtest.ErrInjected)
	run.Outcome, run.Error = "failed", "the store did not answer"
	run, err = c.Record(t.Context(), run)
	if m := load(t, c); err != nil || !run.Succeeded() || m.CallsIn(noon) != 7 ||
		!m.Runs[0].Succeeded() {
		t.Errorf("recorded %+v, %v; the store has %+v", run, err, m.Runs)
	}
}

func TestReceiptsAreBoundedAndSorted(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	at := func(id string, started time.Time) job.Run {
		run := failed(id)
		run.Started, run.AirtableCalls = job.At(started), 1
		return run
	}
	var before manifest.Manifest
	for i := range 199 {
		before.Runs = append(before.Runs, at(fmt.Sprintf("run-%03d", 198-i),
			noon.Add(time.Duration(198-i)*time.Second)))
	}
	text, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, store, manifestKey, signed(4, string(text)))
	for i := 199; i < 205; i++ {
		if _, err := c.Record(t.Context(), at(fmt.Sprintf("run-%03d", i),
			noon.Add(time.Duration(i)*time.Second))); err != nil {
			t.Fatal(err)
		}
	}
	m := load(t, c)
	if len(m.Runs) != 200 || m.Runs[0].ID != "run-204" || m.Runs[199].ID != "run-005" ||
		m.CallsIn(noon) != 6 {
		t.Fatalf("%d receipts, from %s to %s, %d calls", len(m.Runs), m.Runs[0].ID, m.Runs[199].ID,
			m.CallsIn(noon))
	}
	again := at("run-100", noon.Add(time.Hour))
	if got, err := c.Record(t.Context(), again); err != nil ||
		!got.Started.Equal(noon.Add(100*time.Second)) || !cmp.Equal(m, load(t, c)) {
		t.Errorf("a second receipt of a run counts: %v, %v", got, err)
	}
	// A clock that was set back must not lose the mark by which a writer detects its own
	// write.
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

func TestReceiptTextsAreClipped(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	run := failed("run")
	run.Error = job.Nullable(strings.Repeat("é", 1<<20))
	for range 1000 {
		run.Warnings = append(run.Warnings, strings.Repeat("\x00", 1<<10))
	}
	if _, err := c.Record(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	got := load(t, c).Runs[0]
	if len(got.Error) > 4003 || strings.Trim(string(got.Error), "é") != "…" ||
		len(got.Warnings) != 20 {
		t.Errorf("error of %d bytes, %d warnings", len(got.Error), len(got.Warnings))
	}
	if size := len(content(t, store, manifestKey)); size > 16<<20/200 {
		t.Errorf("200 of %d bytes are more than a manifest may have", size)
	}
	if len(run.Warnings) != 1000 || len(run.Warnings[0]) != 1<<10 {
		t.Error("the caller's run was changed")
	}
}

// Receipts are bounded, so only a store that retains tens of thousands of snapshots has
// such a manifest. What could not be read again is not written.
func TestTooLargeManifestIsNotWritten(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	full := func(padding int) []byte {
		return signed(4, `{"owner":{"table_name":"`+strings.Repeat("x", padding)+`"}}`)
	}
	before := full(16<<20 - len(full(0)))
	overwrite(t, store, manifestKey, before)
	load(t, open(store))
	_, err := open(store).Record(t.Context(), failed("full-1"))
	if err == nil || string(content(t, store, manifestKey)) != string(before) {
		t.Fatalf("it was written, error %v", err)
	}
	fails(t, err, manifest.ErrTooLarge)
}

// Whether a weekly full is overdue, and why, must not depend on the number of incrementals
// since: the newest success of the mode and its open error stay.
func TestNewestSuccessOfEachModeIsRetained(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	record := func(run job.Run, mode job.Mode, outcome job.Outcome, at time.Time) {
		t.Helper()
		run.Mode, run.Outcome = mode, job.Nullable(outcome)
		run.Started, run.Finished = job.At(at), job.At(at)
		if _, err := c.Record(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	record(receipt("full-1"), job.Full, job.Unchanged, noon)
	record(receipt("full-2"), job.Full, job.Unchanged, noon.Add(time.Minute))
	record(receipt("full-3"), job.Full, job.Failed, noon.Add(2*time.Minute))
	for i := range 205 {
		record(receipt(fmt.Sprintf("incremental-%d", i)), job.Incremental, job.Failed,
			noon.Add(time.Hour+time.Duration(i)*time.Second))
	}
	m := load(t, c)
	if got := m.LastDone(job.Full); !got.Equal(noon.Add(time.Minute)) || len(m.Runs) != 202 {
		t.Errorf("the last full succeeded at %s of %d receipts", got, len(m.Runs))
	}
	if failed, ok := m.Receipt("full-3"); !ok || failed.Outcome != job.Nullable(job.Failed) {
		t.Errorf("the open error of the mode is %+v", failed)
	}
}
