package refresh_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtable/airtablesim"
	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/catalog"
)

// TestWhateverDiesOldOrNewIsServedAndTheNextRefreshConverges tries every store operation of each kind of refresh with every fault.
func TestWhateverDiesOldOrNewIsServedAndTheNextRefreshConverges(t *testing.T) {
	for name, c := range map[string]*crash{
		"the first full":                        {mode: catalog.Full},
		"a full that removes":                   {mode: catalog.Full, history: 4, edited: true},
		"a sweep":                               {mode: catalog.Sweep, history: 1, edited: true},
		"an incremental":                        {mode: catalog.Incremental, history: 1, edited: true},
		"an incremental that finds nothing new": {mode: catalog.Incremental, history: 1},
	} {
		t.Run(name, func(t *testing.T) {
			c.prepare(t)
			blobtest.CrashMatrix{Fresh: c.fresh, Run: c.run, Check: c.check}.Test(t)
		})
	}
}

// crash is a store, an Airtable that was edited since the store was filled, and a refresh that may die.
type crash struct {
	mode    catalog.Mode
	history int // publications before
	edited  bool

	w        *world
	filled   *blobtest.Memory
	old, new []string // what is served before and after
	got      catalog.Run
}

func (c *crash) prepare(t *testing.T) {
	c.w = newWorld(t, airtablesim.Config{})
	c.filled = c.w.store
	for i := range c.history {
		c.w.Update("rec00000000000001", edit{"Status": fmt.Sprint("of publication ", i)})
		c.w.must(catalog.Full, catalog.Published)
		c.w.clock.Advance(2 * time.Hour) // what was dropped is due
	}
	if c.edited {
		c.w.Update("rec00000000000001", edit{"Status": "Closed"})
		c.w.Create(edit{"Notes": "new"})
		c.w.Delete("rec00000000000003")
	}
	c.old = c.servedBy(c.filled)
	c.fresh(t)
	if receipt := c.w.run(c.mode); !receipt.Succeeded() {
		t.Fatalf("%+v", receipt)
	}
	if c.new = c.servedBy(c.w.store); c.mode == catalog.Full {
		c.w.converged()
	}
}

// servedBy is what can be read of a store, nothing if it is empty.
func (c *crash) servedBy(store *blobtest.Memory) []string {
	c.w.store = store
	if c.w.current().ID == "" {
		return nil
	}
	return c.w.served(store)
}

// fresh copies the store as it was filled.
func (c *crash) fresh(t *testing.T) blob.Store {
	c.w.t, c.w.store = t, blobtest.NewMemory(c.w.clock.Now)
	for info, err := range c.filled.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		object, err := c.filled.Get(t.Context(), info.Key)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(object.Body)
		if _, err := c.w.store.PutNew(t.Context(), info.Key, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	return c.w.store
}

func (c *crash) run(t *testing.T, store blob.Store) { c.got = c.w.runOn(t.Context(), store, c.mode) }

func (c *crash) check(t *testing.T, _ blob.Store) {
	served := c.servedBy(c.w.store)
	isOld, isNew := cmp.Equal(served, c.old), cmp.Equal(served, c.new)
	if !isOld && !isNew || c.got.Outcome == "published" && !isNew || c.w.unkept != nil && c.got.Outcome != "failed" {
		t.Errorf("the run is %s, and it is served\n%s", c.got.Outcome, served)
	}
	for _, run := range c.w.manifest().Runs {
		if run.ID == c.got.ID && run.Outcome != c.got.Outcome && c.w.unkept == nil {
			t.Errorf("the run says that it is %s, the store has %s", c.got.Outcome, run.Outcome)
		}
	}
	c.w.clock.Advance(time.Minute) // a dead run's lease is over
	if next := c.w.run(c.mode); !next.Succeeded() {
		t.Errorf("the next refresh: %+v", next)
	}
	if diff := cmp.Diff(c.new, c.servedBy(c.w.store)); diff != "" {
		t.Errorf("after the next refresh, served otherwise than without a fault: %s", diff)
	}
	calls := 0
	for _, run := range c.w.manifest().Runs {
		calls += run.AirtableCalls
	}
	if counted := c.w.manifest().CallsIn(c.w.clock.Now()); counted != calls {
		t.Errorf("%d calls are counted, the receipts have %d", counted, calls)
	}
}
