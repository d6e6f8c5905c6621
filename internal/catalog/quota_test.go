package catalog_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCallsCountByTheMonthInUTC(t *testing.T) {
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
