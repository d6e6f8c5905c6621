package refresh_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/refresh"
)

// host is one of several hosts over one store.
type host struct {
	*world
	engine *refresh.Engine
}

// hosts returns hosts in a synctest bubble, with two pages of records and edits.
func hosts(t *testing.T, n int) []host {
	w := newGoingWorld(t, airtablesim.Config{})
	w.fill(150)
	w.must(job.Full, job.Published)
	time.Sleep(time.Hour)
	for _, record := range w.Records() { // so that an incremental has two pages as well
		w.Update(record.ID, edit{"Notes": "edited"})
	}
	var all []host
	for range n {
		all = append(all, host{w, w.engine(w.store)})
	}
	return all
}

// begin starts a run in a goroutine.
func (h host) begin(ctx context.Context, q job.Request) <-chan job.Run {
	done := make(chan job.Run, 1)
	if q.Trigger == "" {
		q.Trigger = job.TriggerSchedule
	}
	go func() {
		receipt, _ := h.engine.Run(ctx, q, nil) // a host that is cut off cannot write its receipt
		done <- receipt
	}()
	synctest.Wait()
	return done
}

// blocking makes the second page of each listing wait for release.
func (w *world) blocking() (release func()) {
	gate := make(chan struct{})
	w.Before(func(c airtablesim.Call) {
		if c.Page == 2 {
			<-gate
		}
	})
	return func() { close(gate) }
}

func TestRunJoinsAnotherHost(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		first, second job.Mode
		accept        bool // of the second
		joins         bool
	}{
		{first: job.Full, second: job.Incremental, joins: true},
		{first: job.Full, second: job.Full, joins: true},
		{first: job.Full, second: job.Sweep, joins: true},
		{first: job.Sweep, second: job.Incremental, joins: true},
		// the Sunday full is not swallowed by an hourly incremental
		{first: job.Incremental, second: job.Full},
		{first: job.Incremental, second: job.Sweep},
		{first: job.Sweep, second: job.Full},
		// what the first may not publish, the second may
		{first: job.Full, second: job.Full, accept: true},
	} {
		t.Run(fmt.Sprint(row.second, " after ", row.first, row.accept), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hosts(t, 2)
				release := h[0].blocking()
				first := h[0].begin(t.Context(), job.Request{ID: "first", Mode: row.first})
				second := h[1].begin(t.Context(), job.Request{ID: "second", Mode: row.second,
					Accept: row.accept})
				time.Sleep(2 * time.Minute) // the lease is renewed meanwhile
				release()
				one, other := <-first, <-second
				if one.Outcome != "published" {
					t.Errorf("the first: %+v", one)
				}
				if row.joins && (other.Outcome != "joined" || other.JoinedRun != "first" ||
					other.AirtableCalls != 0) {
					t.Errorf("the second does not join: %+v", other)
				}
				if !row.joins && (other.Outcome != "unchanged" || other.AirtableCalls == 0) {
					t.Errorf("the second does nothing of its own: %+v", other)
				}
				h[0].converged()
			})
		})
	}
}

// Hosts that wait for a run whose host dies do its work.
func TestRunReplacesDeadRunItAwaited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hosts(t, 2)
		faulty := blobtest.NewFaulty(h[0].store)
		h[0].engine = h[0].world.engine(faulty)
		release := h[0].blocking()
		dying, kill := context.WithCancel(t.Context())
		first := h[0].begin(dying, job.Request{ID: "first", Mode: job.Full})
		second := h[1].begin(t.Context(), job.Request{ID: "second", Mode: job.Full})
		time.Sleep(25 * time.Second)
		faulty.Inject(blobtest.Fault{Effect: blobtest.DiedBefore})
		synctest.Wait()
		time.Sleep(time.Minute)
		release()
		if other := <-second; !other.Succeeded() {
			t.Errorf("the second: %+v", other)
		}
		dead, ended := h[1].manifest().Receipt("first")
		if !ended || dead.Outcome != "failed" || !strings.Contains(string(dead.Error),
			"stopped renewing its lease") || dead.Pages != 1 || dead.AirtableCalls < 3 {
			t.Errorf("the first: %+v", dead)
		}
		kill()
		<-first
		h[1].converged()
	})
}

func TestRetryOfDoneRunDoesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	q := job.Request{ID: job.ScheduledRunID(job.Full, noon), Mode: job.Full,
		Trigger: job.TriggerSchedule}
	first, err := w.engine(w.store).Run(t.Context(), q, nil)
	if err != nil || first.Outcome != "published" {
		t.Fatalf("receipt %+v, error %v, want outcome published", first, err)
	}
	made := w.calls(func() {
		again, err := w.engine(w.store).Run(t.Context(), q, nil)
		if err != nil || again.Outcome != "published" || again.Attempt != first.Attempt {
			t.Errorf("receipt %+v, error %v, want outcome published", again, err)
		}
	})
	if len(made) != 0 || len(w.manifest().Runs) != 1 {
		t.Errorf("it made %v", made)
	}
}

func TestRetryOfFailedRunIsSameRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	q := job.Request{ID: job.ScheduledRunID(job.Full, noon), Mode: job.Full,
		Trigger: job.TriggerSchedule}
	w.Script(airtablesim.Refuse(404, airtablesim.ShapeText, "NOT_FOUND", ""))
	for _, outcome := range []job.Nullable{"failed", "published"} {
		if receipt, err := w.engine(w.store).Run(t.Context(), q, nil); err != nil ||
			receipt.Outcome != outcome {
			t.Errorf("receipt %+v, error %v, want outcome %s", receipt, err, outcome)
		}
	}
	if m := w.manifest(); len(m.Runs) != 1 || m.CallsIn(noon) != 1+2 {
		t.Errorf("%d receipts, %d calls", len(m.Runs), m.CallsIn(noon))
	}
}

func TestRunEndsBeforeDeadline(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(h []host, t *testing.T){
		"in a listing": func([]host, *testing.T) {},
		"waiting for the lease": func(h []host, t *testing.T) {
			h[1].begin(t.Context(), job.Request{ID: "other", Mode: job.Incremental})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hosts(t, 2)
				defer h[0].blocking()()
				prepare(h, t)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				receipt := <-h[0].begin(ctx, job.Request{ID: "cut off", Mode: job.Full})
				if ctx.Err() != nil || receipt.Outcome != "retry-later" ||
					!strings.Contains(string(receipt.Error), "run it again") {
					t.Errorf("%v: %+v", ctx.Err(), receipt)
				}
				if lease := h[0].manifest().Lease; lease != nil && lease.Run.ID == "cut off" {
					t.Errorf("it keeps the lease: %+v", lease)
				}
			})
		})
	}
}

// What became current while a run did not renew its lease stays. The calls of that run
// count.
func TestFencedRunPublishesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hosts(t, 2)
		faulty := blobtest.NewFaulty(h[0].store)
		h[0].engine = h[0].world.engine(faulty)
		release := h[0].blocking()
		first := h[0].begin(t.Context(), job.Request{ID: "first", Mode: job.Full})
		faulty.Inject(blobtest.Fault{Effect: blobtest.Refused}) // it is cut off
		time.Sleep(35 * time.Second)
		second := h[1].begin(t.Context(), job.Request{ID: "second", Mode: job.Incremental})
		release()
		if other := <-second; other.Outcome != "published" {
			t.Errorf("the second: %+v", other)
		}
		<-first // the store is still out of reach for it
		current := h[1].current()
		if current.Run != "second" {
			t.Errorf("current is of %s", current.Run)
		}
	})
}
