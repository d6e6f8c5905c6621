package manifest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob/blobtest"
)

func TestCallsCountByUTCMonth(t *testing.T) {
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
		// by its host's clock, it is always 23 November
		fail(t, c, leased(t, c, receipt(fmt.Sprint("run-", i))))
	}
	want := map[string]int{"2026-11": 14, "2026-12": 7}
	if m := load(t, c); !cmp.Equal(m.Calls, want) ||
		m.CallsIn(time.Date(2026, 11, 30, 16, 0, 0, 0, west)) != 7 {
		t.Errorf("%v, want %v", m.Calls, want)
	}
}

// The calls of an abandoned run are counted when it is reaped. If it returns in another
// month, they are subtracted from the month in which they were counted.
func TestLateReceiptCorrectsBothMonths(t *testing.T) {
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

func TestCount(t *testing.T) {
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
	if diff := cmp.Diff(map[string]int{"2026-11": 7, "2026-12": 7}, m.Calls); diff != "" ||
		len(m.Runs) != 1 {
		t.Error(diff)
	}
}
