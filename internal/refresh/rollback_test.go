package refresh_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtable/airtablesim"
	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/catalog"
	"voc/internal/refresh"
)

// rolledBack is a world with two snapshots, of which the older is current again.
func rolledBack(t *testing.T) (w *world, older catalog.Snapshot) {
	w = newWorld(t, airtablesim.Config{})
	w.must(catalog.Full, catalog.Published)
	older = w.current()
	w.clock.Advance(time.Hour)
	w.Update("rec00000000000001", edit{"Status": "Closed"})
	w.must(catalog.Incremental, catalog.Published)
	w.clock.Advance(time.Hour)
	receipt := w.rollback(catalog.Previous)
	if receipt.Outcome != "published" || receipt.SnapshotAfter != catalog.Nullable(older.ID) || receipt.Mode != catalog.Rollback || receipt.AirtableCalls != 0 {
		t.Fatalf("%+v", receipt)
	}
	return w, older
}

func (w *world) rollback(to string) catalog.Run {
	w.t.Helper()
	w.runs++
	receipt, err := w.engine(w.store).Run(w.t.Context(), refresh.Request{ID: fmt.Sprint("rollback-", w.runs), Mode: catalog.Rollback, Trigger: "cli", To: to})
	if err != nil {
		w.t.Fatal(err)
	}
	return receipt
}

// scheduled does a run that nobody asked for.
func (w *world) scheduled(mode catalog.Mode) catalog.Run {
	w.t.Helper()
	w.runs++
	receipt, err := w.engine(w.store).Run(w.t.Context(), refresh.Request{ID: catalog.NewRunID(mode, w.clock.Now()), Mode: mode, Trigger: catalog.TriggerSchedule})
	if err != nil {
		w.t.Fatal(err)
	}
	return receipt
}

func TestARollbackHoldsScheduledRunsUntilAPersonStartsOneWhichGoesOnFromThere(t *testing.T) {
	w, older := rolledBack(t)
	says(t, w.detail("rec00000000000001"), `"status":"Open"`)
	for range 2 {
		receipt := w.scheduled(catalog.Incremental)
		if says(t, string(receipt.Error), "rollback holds"); receipt.Outcome != "held" || receipt.AirtableCalls != 0 || w.current() != older {
			t.Errorf("%+v", receipt)
		}
	}
	if receipt := w.must(catalog.Incremental, catalog.Published); receipt.SnapshotBefore != catalog.Nullable(older.ID) || receipt.Changed != 1 {
		t.Errorf("%+v", receipt)
	}
	w.converged()
	w.clock.Advance(time.Hour)
	if receipt := w.scheduled(catalog.Incremental); receipt.Outcome != "unchanged" {
		t.Errorf("after a person's run: %+v", receipt)
	}
}

func TestARollbackToWhatIsNotThereOrDamagedChangesNothing(t *testing.T) {
	w, older := rolledBack(t)
	for to, words := range map[string]string{"nonsense": "no such snapshot", catalog.Previous: "none before"} {
		receipt := w.rollback(to)
		if says(t, string(receipt.Error), words); receipt.Outcome != "failed" || !receipt.Final || w.current() != older {
			t.Errorf("%s: %+v", to, receipt)
		}
	}
	newer := w.manifest().Snapshots[0]
	overwrite(w, newer.Key, []byte("no snapshot"))
	receipt := w.rollback(newer.ID)
	if says(t, string(receipt.Error), newer.ID, "damaged"); receipt.Outcome != "failed" || w.current() != older {
		t.Errorf("%+v", receipt)
	}
}

// A rollback waits for nobody: the refresh that is under way ends fenced.
func TestARollbackOvertakesARunningRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(t)
		first := p.manifest().Snapshots[0]
		running, waiting := p.ask(catalog.Incremental), p.ask(catalog.Full)
		synctest.Wait()
		back, err := p.Rollback(refresh.Request{Trigger: "api", To: first.ID})
		if err != nil {
			t.Fatal(err)
		}
		if receipt := p.wait(back); receipt.Outcome != "published" || receipt.ID != back.RunID {
			t.Errorf("%+v", receipt)
		}
		close(p.release)
		for _, ticket := range []refresh.Ticket{running, waiting} {
			if receipt := p.wait(ticket); receipt.Outcome != "fenced" {
				t.Errorf("%+v", receipt)
			}
		}
		if current := p.current(); current.ID != first.ID || p.manifest().Hold == nil {
			t.Errorf("current is %+v", current)
		}
		for _, run := range p.manifest().Runs {
			if run.Outcome == "fenced" && run.ID == running.RunID && run.AirtableCalls == 0 {
				t.Errorf("its calls are forgotten: %+v", run)
			}
		}
		if receipt := p.wait(p.ask(catalog.Incremental)); receipt.Outcome != "published" {
			t.Errorf("a person's run: %+v", receipt)
		}
		p.converged()
	})
}

// Its operations are tried with every fault: what is served is the one snapshot or the other, and never a mixture.
func TestWhateverDiesInARollbackOldOrNewIsServed(t *testing.T) {
	w, older := rolledBack(t)
	filled, newer := w.store, w.manifest().Snapshots[0]
	c := &crash{mode: catalog.Incremental, w: w, filled: filled}
	c.old, c.new = c.servedBy(filled), nil
	w.rollback(newer.ID)
	c.new = w.served(w.store)
	w.rollback(older.ID)
	blobtest.CrashMatrix{
		Fresh: c.fresh,
		Run: func(t *testing.T, store blob.Store) {
			c.got, w.unkept = w.engine(store).Run(t.Context(), refresh.Request{ID: "rollback-again", Mode: catalog.Rollback, Trigger: "cli", To: newer.ID})
		},
		Check: func(t *testing.T, _ blob.Store) {
			served := c.servedBy(w.store)
			if isOld, isNew := cmp.Equal(served, c.old), cmp.Equal(served, c.new); !isOld && !isNew || c.got.Outcome == "published" && !isNew {
				t.Errorf("the rollback is %s, and it is served\n%s", c.got.Outcome, served)
			}
			w.clock.Advance(time.Minute)
			w.run(catalog.Incremental)
			w.converged()
		},
	}.Test(t)
}
