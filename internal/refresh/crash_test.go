package refresh_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
)

// TestRunIsAtomicUnderCrash tries each fault at each store operation of each mode. The
// old or the new snapshot is served, and the next refresh converges.
func TestRunIsAtomicUnderCrash(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*crash{
		"the first full":                        {mode: job.Full},
		"a full that removes":                   {mode: job.Full, history: 4, edited: true},
		"a sweep":                               {mode: job.Sweep, history: 1, edited: true},
		"an incremental":                        {mode: job.Incremental, history: 1, edited: true},
		"an incremental that finds nothing new": {mode: job.Incremental, history: 1},
		"an incremental after a delta":          {mode: job.Incremental, history: 2, records: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.prepare(t)
			blobtest.CrashMatrix(c.attempt).Test(t)
		})
	}
}

// crash is a store, a base that was edited since the store was filled, and a refresh that
// may die.
type crash struct {
	mode    job.Mode
	history int // publications before
	edited  bool
	records int // beside the base's; if there are any, one is edited

	filled   *blobtest.Memory
	old, new []string // what is served before and after
}

func (c *crash) prepare(t *testing.T) {
	w := c.edit(t, func(w *world) { w.must(job.Full, job.Published) })
	c.filled = w.store
	c.old = w.servedIfAny()
	w.store = copied(t, c.filled, w.clock)
	if receipt := w.run(c.mode); !receipt.Succeeded() {
		t.Fatalf("receipt %+v, want success", receipt)
	}
	if keys := w.current().Keys(); c.records > 0 && len(keys) == len(w.current().Parts) {
		t.Errorf("%q has no delta", keys)
	}
	if c.new = w.servedIfAny(); c.mode == job.Full {
		w.converged()
	}
}

// edit returns a world with its edits. It publishes where the store's history has a
// publication.
func (c *crash) edit(t *testing.T, publish func(w *world)) *world {
	w := newWorld(t, airtablesim.Config{})
	w.fill(c.records)
	for i := range c.history {
		w.Update("rec00000000000001", edit{"Status": fmt.Sprint("of publication ", i)})
		publish(w)
		w.clock.Advance(2 * time.Hour) // what was dropped is due
	}
	if c.records > 0 {
		w.Update("rec00000000000001", edit{"Status": "Closed"})
	}
	if c.edited {
		w.Update("rec00000000000001", edit{"Status": "Closed"})
		w.Create(edit{"Notes": "new"})
		w.Delete("rec00000000000003")
	}
	return w
}

// servedIfAny returns what can be read of the store; nil if it is empty.
func (w *world) servedIfAny() []string {
	w.t.Helper()
	if w.current().ID == "" {
		return nil
	}
	return w.served(w.store)
}

func copied(t *testing.T, from *blobtest.Memory, clock *clock) *blobtest.Memory {
	t.Helper()
	store := blobtest.NewMemory(clock.Now)
	for info, err := range from.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		object, err := from.Get(t.Context(), info.Key)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(object.Body)
		if _, err := store.PutNew(t.Context(), info.Key, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// attempt refreshes in a world of its own, in the state that prepare left.
func (c *crash) attempt(t *testing.T) blobtest.Attempt {
	w := c.edit(t, func(w *world) { w.runs++ })
	w.store = copied(t, c.filled, w.clock)
	var got job.Run
	return blobtest.Attempt{
		Store: w.store,
		Run:   func(store blob.Store) { got = w.runOn(t.Context(), store, c.mode) },
		Check: func() { c.check(t, w, got) },
	}
}

func (c *crash) check(t *testing.T, w *world, got job.Run) {
	served := w.servedIfAny()
	isOld, isNew := cmp.Equal(served, c.old), cmp.Equal(served, c.new)
	if !isOld && !isNew || got.Outcome == "published" && !isNew || w.unkept != nil &&
		got.Outcome != "failed" {
		t.Errorf("the run is %s, and it is served\n%s", got.Outcome, served)
	}
	for _, run := range w.manifest().Runs {
		if run.ID == got.ID && run.Outcome != got.Outcome && w.unkept == nil {
			t.Errorf("the run says that it is %s, the store has %s", got.Outcome, run.Outcome)
		}
	}
	w.clock.Advance(time.Minute) // a dead run's lease is over
	if next := w.run(c.mode); !next.Succeeded() {
		t.Errorf("the next refresh: %+v", next)
	}
	if diff := cmp.Diff(c.new, w.servedIfAny()); diff != "" {
		t.Errorf("after the next refresh, served otherwise than without a fault: %s", diff)
	}
	calls := 0
	for _, run := range w.manifest().Runs {
		calls += run.AirtableCalls
	}
	if counted := w.manifest().CallsIn(w.clock.Now()); counted != calls {
		t.Errorf("%d calls are counted, the receipts have %d", counted, calls)
	}
}
