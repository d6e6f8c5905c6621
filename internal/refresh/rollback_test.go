package refresh_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/refresh"
)

// rolledBack returns a world with two snapshots, of which the older is current again.
func rolledBack(t *testing.T) (w *world, older manifest.Snapshot) {
	w = newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	older = w.current()
	w.clock.Advance(time.Hour)
	w.Update("rec00000000000001", edit{"Status": "Closed"})
	w.must(job.Incremental, job.Published)
	w.clock.Advance(time.Hour)
	receipt := w.rollback(job.Previous)
	if receipt.Outcome != "published" || receipt.SnapshotAfter != job.Nullable(older.ID) ||
		receipt.Mode != job.Rollback || receipt.AirtableCalls != 0 {
		t.Fatalf("receipt %+v, want a rollback to %s without calls", receipt, older.ID)
	}
	return w, older
}

func (w *world) rollback(to string) job.Run {
	w.t.Helper()
	w.runs++
	receipt, err := w.engine(w.store).Run(w.t.Context(),
		job.Request{ID: fmt.Sprint("rollback-", w.runs), Mode: job.Rollback, Trigger: "cli", To: to}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return receipt
}

// scheduled does a scheduled run.
func (w *world) scheduled(mode job.Mode) job.Run {
	w.t.Helper()
	w.runs++
	receipt, err := w.engine(w.store).Run(w.t.Context(),
		job.Request{ID: job.NewRunID(mode, w.clock.Now()), Mode: mode, Trigger: job.TriggerSchedule}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return receipt
}

func TestRollbackHoldsScheduledRuns(t *testing.T) {
	t.Parallel()
	w, older := rolledBack(t)
	contains(t, w.detail("rec00000000000001"), `"status":"Open"`)
	for range 2 {
		receipt := w.scheduled(job.Incremental)
		if contains(t, string(receipt.Error), "rollback holds"); receipt.Outcome != "held" ||
			receipt.AirtableCalls != 0 || !cmp.Equal(w.current(), older) {
			t.Errorf("receipt %+v, want outcome held and 0 calls", receipt)
		}
	}
	receipt := w.must(job.Incremental, job.Published)
	if receipt.SnapshotBefore != job.Nullable(older.ID) || receipt.Changed != 1 {
		t.Errorf("receipt %+v, want the older snapshot before it and 1 changed", receipt)
	}
	w.converged()
	w.clock.Advance(time.Hour)
	if receipt := w.scheduled(job.Incremental); receipt.Outcome != "unchanged" {
		t.Errorf("after a person's run: %+v", receipt)
	}
}

func TestRollbackToInvalidSnapshot(t *testing.T) {
	t.Parallel()
	w, older := rolledBack(t)
	for to, words := range map[string]string{"nonsense": "/api/cache/snapshots",
		job.Previous: "none before"} {
		receipt := w.rollback(to)
		if contains(t, string(receipt.Error), words); receipt.Outcome != "failed" || !receipt.Final ||
			!cmp.Equal(w.current(), older) {
			t.Errorf("%s: %+v", to, receipt)
		}
	}
	newer := w.manifest().Snapshots[0]
	overwrite(w, newer.Parts[0].Key, []byte("no snapshot"))
	receipt := w.rollback(newer.ID)
	if contains(t, string(receipt.Error), newer.ID, "damaged"); receipt.Outcome != "failed" ||
		!cmp.Equal(w.current(), older) {
		t.Errorf("receipt %+v, want outcome failed", receipt)
	}
}

// A rollback does not wait: the running refresh ends fenced.
func TestRollbackFencesRunningRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(t)
		first := p.manifest().Snapshots[0]
		running, waiting := p.ask(job.Incremental), p.ask(job.Full)
		synctest.Wait()
		back, err := p.Ask(t.Context(), job.Request{Mode: job.Rollback, Trigger: "api", To: first.ID})
		if err != nil {
			t.Fatal(err)
		}
		if receipt := p.wait(back); receipt.Outcome != "published" || receipt.ID != back.RunID {
			t.Errorf("receipt %+v, want outcome published", receipt)
		}
		close(p.release)
		for _, ticket := range []job.Ticket{running, waiting} {
			if receipt := p.wait(ticket); receipt.Outcome != "fenced" {
				t.Errorf("receipt %+v, want outcome fenced", receipt)
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
		if receipt := p.wait(p.ask(job.Incremental)); receipt.Outcome != "published" {
			t.Errorf("a person's run: %+v", receipt)
		}
		p.converged()
	})
}

// Each operation of a rollback is tried with each fault: the one snapshot or the other is
// served, never a mixture.
func TestRollbackIsAtomicUnderCrash(t *testing.T) {
	t.Parallel()
	w, older := rolledBack(t)
	newer := w.manifest().Snapshots[0]
	previous := w.served(w.store)
	w.rollback(newer.ID)
	next := w.served(w.store)
	w.rollback(older.ID)
	blobtest.CrashMatrix(func(t *testing.T) blobtest.Attempt {
		w, _ := rolledBack(t)
		id := w.manifest().Snapshots[0].ID
		var got job.Run
		return blobtest.Attempt{
			Store: w.store,
			Run: func(store blob.Store) {
				got, w.unkept = w.engine(store).Run(t.Context(),
					job.Request{ID: "rollback-again", Mode: job.Rollback, Trigger: "cli", To: id}, nil)
			},
			Check: func() {
				served := w.served(w.store)
				if isOld, isNew := cmp.Equal(served, previous), cmp.Equal(served, next); !isOld && !isNew ||
					got.Outcome == "published" && !isNew {
					t.Errorf("the rollback is %s, and it is served\n%s", got.Outcome, served)
				}
				w.clock.Advance(time.Minute)
				w.run(job.Incremental)
				w.converged()
			},
		}
	}).Test(t)
}

// After a rollback and a refresh, the previous snapshot is the one that was restored, not
// the one that was left.
func TestRollbackToPrevious(t *testing.T) {
	t.Parallel()
	w, older := rolledBack(t)
	w.Update("rec00000000000002", edit{"Status": "Third"})
	w.must(job.Incremental, job.Published)
	if receipt := w.rollback(job.Previous); receipt.SnapshotAfter != job.Nullable(older.ID) {
		t.Errorf("%+v, want %s", receipt, older.ID)
	}
}

// A held run is caught up once the hold is over.
func TestHeldRunIsCaughtUp(t *testing.T) {
	t.Parallel()
	w, _ := rolledBack(t)
	q := job.Request{ID: job.ScheduledRunID(job.Full, w.clock.Now()), Mode: job.Full,
		Trigger: job.TriggerSchedule}
	for _, outcome := range []job.Nullable{"held", "unchanged"} {
		receipt, err := w.engine(w.store).Run(t.Context(), q, nil)
		if err != nil || receipt.Outcome != outcome {
			t.Errorf("%+v, %v, want %s", receipt, err, outcome)
		}
		w.clock.Advance(time.Hour)
		w.run(job.Incremental) // a person's
	}
}

// slowHosts returns two processes over a store with two snapshots. Their fulls take half
// a minute.
func slowHosts(t *testing.T) (w *world, one, two *refresh.Runner) {
	w = newGoingWorld(t, airtablesim.Config{Latency: 3 * time.Second})
	w.fill(950)
	w.must(job.Full, job.Published)
	time.Sleep(time.Hour)
	w.Update("rec00000000000001", edit{"Status": "Closed"})
	w.must(job.Incremental, job.Published)
	served := func(context.Context) error { return nil }
	return w, refresh.NewRunner(w.engine(w.store), served, nil),
		refresh.NewRunner(w.engine(w.store), served, nil)
}

// promise is a ticket with the runner that issued it.
type promise struct {
	job.Ticket
	runner *refresh.Runner
}

func ask(t *testing.T, runner *refresh.Runner, q job.Request) promise {
	t.Helper()
	ticket, err := runner.Ask(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return promise{ticket, runner}
}

func outcomes(t *testing.T, promises ...promise) (all []string) {
	for _, p := range promises {
		receipt, err := p.runner.Wait(t.Context(), p.Ticket)
		if err != nil {
			t.Error(err)
		}
		all = append(all, string(receipt.Outcome))
	}
	return all
}

// A run that waits for another host's run was requested before the rollback: it must not
// undo it.
func TestRollbackFencesWaitingRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, one, two := slowHosts(t)
		defer one.Stop()
		defer two.Stop()
		running := ask(t, one, job.Request{Mode: job.Full, Trigger: job.TriggerSchedule})
		time.Sleep(time.Second)
		waiting := ask(t, two, job.Request{Mode: job.Full, Trigger: job.TriggerAPI})
		time.Sleep(time.Second)
		back := ask(t, two, job.Request{Mode: job.Rollback, To: job.Previous, Trigger: job.TriggerAPI})
		if got := outcomes(t, back, running, waiting); !slices.Equal(got,
			[]string{"published", "fenced", "fenced"}) || !waiting.Joined {
			t.Errorf("%q", got)
		}
		if m := w.manifest(); m.Hold == nil || m.Current != job.Nullable(m.Snapshots[1].ID) {
			t.Errorf("hold %+v, current %s", m.Hold, m.Current)
		}
		time.Sleep(time.Minute) // the emulator has a call to end that was cut off
	})
}

func TestFailedRollbackFencesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, one, two := slowHosts(t)
		defer one.Stop()
		defer two.Stop()
		w.fill(950) // so many that the next snapshot needs no object of an earlier one
		w.must(job.Full, job.Published)
		overwrite(w, w.manifest().Snapshots[1].Parts[0].Key, []byte("no snapshot"))
		running := ask(t, one, job.Request{Mode: job.Incremental, Trigger: job.TriggerAPI})
		waiting := ask(t, one, job.Request{Mode: job.Full, Trigger: job.TriggerAPI})
		time.Sleep(time.Second)
		back := ask(t, one, job.Request{Mode: job.Rollback, To: job.Previous, Trigger: job.TriggerAPI})
		if got := outcomes(t, back, running, waiting); !slices.Equal(got,
			[]string{"failed", "unchanged", "unchanged"}) {
			t.Errorf("%q", got)
		}
	})
}
