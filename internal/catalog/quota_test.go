package catalog_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob/blobtest"
	"voc/internal/catalog"
)

func TestCallsCountByTheMonthInUTC(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	west := time.FixedZone("west", -8*3600)
	for i, ended := range []time.Time{
		noon,
		time.Date(2026, 11, 30, 15, 59, 59, 0, west),
		time.Date(2026, 11, 30, 16, 0, 0, 0, west), // December in UTC
	} {
		clock.Advance(ended.Sub(clock.Now()))
		fail(t, c, leased(t, c, receipt(fmt.Sprint("run-", i)))) // its host's clock says the 23rd of November, always
	}
	want := map[string]int{"2026-11": 14, "2026-12": 7}
	if m := load(t, c); !cmp.Equal(m.Calls, want) || m.CallsIn(time.Date(2026, 11, 30, 16, 0, 0, 0, west)) != 7 {
		t.Errorf("%v, want %v", m.Calls, want)
	}
}

// What a dead run may have called is counted when it is buried. When it comes back in another month, that is taken back where it was counted.
func TestALateReceiptCountsInItsMonthAndTakesBackTheGuessInThatOfTheGuess(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	november, december := noon, noon.AddDate(0, 1, 0)
	run := leased(t, c, begun("full-1"))
	clock.Advance(time.Minute)
	fail(t, c, leased(t, c, receipt("full-2"))) // buries it
	if m := load(t, c); m.CallsIn(november) != 55+7 {
		t.Fatalf("%v", m.Calls)
	}
	clock.Advance(december.Sub(november))
	fail(t, c, leased(t, c, receipt("full-3")))
	run.AirtableCalls = 20
	fail(t, c, run)
	want := map[string]int{"2026-11": 7, "2026-12": 7 + 20}
	if diff := cmp.Diff(want, load(t, c).Calls); diff != "" {
		t.Error(diff)
	}
}

func TestCallsOfWhatLeavesNoReceiptCountWhereTheStoreIsThatOfTheBase(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	faulty := blobtest.NewFaulty(store)
	c := open(faulty)
	count := func(base string, calls int) {
		t.Helper()
		if err := c.Count(t.Context(), base, calls); err != nil {
			t.Error(err)
		}
	}
	if count(base, 0); len(faulty.Log()) != 0 {
		t.Errorf("nothing to count, and the store is asked %v", faulty.Log())
	}
	if count(base, 3); len(keys(t, store, "")) != 0 {
		t.Errorf("in an empty store there is %q now", keys(t, store, ""))
	}
	publish(t, c, bytesOf(t, "full-1"), "full-1")
	clock.Advance(30 * 24 * time.Hour)
	count(base, 3)
	count("appOther", 100)
	count(base, 4)
	m := load(t, c)
	if diff := cmp.Diff(map[string]int{"2026-11": 7, "2026-12": 7}, m.Calls); diff != "" || len(m.Runs) != 1 {
		t.Error(diff)
	}
}

func TestARunIsEstimatedByTheLastOnesOfItsModeAndByWhatItMustRead(t *testing.T) {
	t.Parallel()
	of := func(records int, runs ...catalog.Run) catalog.Manifest {
		return catalog.Manifest{Current: "s", Snapshots: []catalog.Snapshot{{ID: "s", Records: records}}, Runs: runs}
	}
	run := func(mode catalog.Mode, outcome catalog.Outcome, calls int) catalog.Run {
		return catalog.Run{Mode: mode, Outcome: catalog.Nullable(outcome), AirtableCalls: calls}
	}
	incrementals := func(calls ...int) (runs []catalog.Run) {
		for _, n := range calls {
			runs = append(runs, run(catalog.Incremental, catalog.Unchanged, n))
		}
		return runs
	}
	for _, row := range []struct {
		name string
		m    catalog.Manifest
		mode catalog.Mode
		want int
	}{
		{"of a store that is empty: the schema and a page", catalog.Manifest{}, catalog.Full, 2},
		{"an incremental: the schema and a page", of(10_000), catalog.Incremental, 2},
		{"a full: the schema and all pages", of(10_001), catalog.Full, 1 + 101},
		{"a full of no records: the schema and a page", of(0), catalog.Full, 2},
		{"a sweep: the schema, what has changed and all pages", of(10_000), catalog.Sweep, 2 + 100},
		{"as the last one that succeeded", of(10_000, run(catalog.Incremental, catalog.Failed, 1), run(catalog.Full, catalog.Published, 101), run(catalog.Incremental, catalog.Unchanged, 9)), catalog.Incremental, 9},
		{"a day of many edits among the last five is no measure", of(10_000, incrementals(3, 3, 900, 4, 3)...), catalog.Incremental, 3},
		{"nor is one of none", of(10_000, incrementals(4, 2, 4, 5, 2)...), catalog.Incremental, 4},
		{"what was before the last five does not count", of(10_000, incrementals(9, 9, 4, 4, 4, 9, 9, 9, 9)...), catalog.Incremental, 4},
		{"not less than it must read, though it was less", of(10_000, run(catalog.Full, catalog.Published, 60)), catalog.Full, 101},
		{"as the last one, though that was more", of(10_000, run(catalog.Full, catalog.Published, 160)), catalog.Full, 160},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.m.Estimate(row.mode); got != row.want {
				t.Errorf("%d calls, want %d", got, row.want)
			}
		})
	}
}

func TestTheForecastIsWhatWasCalledAndWhatIsDue(t *testing.T) {
	t.Parallel()
	m := catalog.Manifest{
		Current: "s", Snapshots: []catalog.Snapshot{{ID: "s", Records: 10_000}},
		Runs:  []catalog.Run{{Mode: catalog.Incremental, Outcome: "unchanged", AirtableCalls: 3}},
		Calls: map[string]int{"2026-10": 5000, "2026-11": 400},
	}
	due := map[catalog.Mode]int{catalog.Incremental: 100, catalog.Sweep: 7, catalog.Full: 1}
	if got, want := m.Forecast(noon, due), 400+100*3+7*102+101; got != want {
		t.Errorf("%d calls, want %d", got, want)
	}
	if got := m.Forecast(noon.AddDate(0, 1, 0), nil); got != 0 {
		t.Errorf("%d calls in a month without any", got)
	}
}

func TestAfterTheQuotaErrorOneRunADayTriesAgain(t *testing.T) {
	t.Parallel()
	ended := func(ago time.Duration, calls int, quotaUsedUp bool) catalog.Run {
		return catalog.Run{AirtableFinished: catalog.At(noon.Add(-ago)), AirtableCalls: calls, QuotaUsedUp: quotaUsedUp}
	}
	firstOfMonth := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name  string
		now   time.Time
		runs  []catalog.Run // newest first
		since time.Time
	}{
		{"no run", noon, nil, time.Time{}},
		{"the last one was let through", noon, []catalog.Run{ended(time.Hour, 9, false), ended(2*time.Hour, 1, true)}, time.Time{}},
		{"the last one was refused", noon, []catalog.Run{ended(time.Hour, 1, true), ended(2*time.Hour, 9, false)}, noon.Add(-time.Hour)},
		{"those since did not even try", noon, []catalog.Run{ended(time.Minute, 0, false), ended(time.Hour, 0, false), ended(23*time.Hour, 1, true)}, noon.Add(-23 * time.Hour)},
		{"that was a day ago", noon, []catalog.Run{ended(time.Hour, 0, false), ended(24*time.Hour, 1, true)}, time.Time{}},
		{"the probe was refused too", noon, []catalog.Run{ended(time.Hour, 1, true), ended(25*time.Hour, 1, true)}, noon.Add(-time.Hour)},
		{"that was last month", firstOfMonth, []catalog.Run{ended(noon.Sub(firstOfMonth)+time.Minute, 1, true)}, time.Time{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := (catalog.Manifest{Runs: row.runs}).QuotaUsedUp(row.now); !got.Equal(row.since) {
				t.Errorf("since %s, want %s", got, row.since)
			}
		})
	}
}
