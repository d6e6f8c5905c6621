package refresh_test

import (
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
)

func TestQuotaRejectsRunBeforeFirstCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, airtablesim.Config{})
		w.fill(150)
		w.must(job.Full, job.Published) // three calls
		w.clock.Advance(time.Hour)
		w.cap = 6
		w.must(job.Full, job.Unchanged) // it may come to the cap
		made := w.calls(func() {
			receipt := w.must(job.Full, job.Failed)
			if contains(t, string(receipt.Error), "AIRTABLE_MONTHLY_CALLS is 6", "6 were made",
				"takes about 3"); !receipt.Final {
				t.Errorf("receipt %+v, want final", receipt)
			}
		})
		if len(made) != 0 {
			t.Errorf("it made %v", made)
		}
		w.clock.Advance(30 * 24 * time.Hour) // the next month
		w.must(job.Full, job.Unchanged)
	})
}

// The number of pages of a first full is not known in advance.
func TestQuotaStopsLargerRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, airtablesim.Config{})
		w.fill(950)
		w.cap = 5
		made := w.calls(func() {
			receipt := w.must(job.Full, job.Failed)
			if contains(t, string(receipt.Error), "no more calls may be made"); !receipt.Final ||
				receipt.AirtableCalls != 5 {
				t.Errorf("receipt %+v, want final and 5 calls", receipt)
			}
		})
		if total := made[airtablesim.Schema] + made[airtablesim.List]; total != 5 ||
			w.manifest().CallsIn(w.clock.Now()) != 5 {
			t.Errorf("it made %v, %d are counted", made, w.manifest().CallsIn(w.clock.Now()))
		}
	})
}

func TestQuotaForecastSkipsScheduledSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.cap = 100
	sweep := func(trigger job.Trigger, incrementals int) job.Run {
		cfg := w.config(w.store)
		cfg.Due = func(time.Time) map[job.Mode]int {
			return map[job.Mode]int{job.Incremental: incrementals}
		}
		receipt, err := w.newEngine(cfg).Run(t.Context(),
			job.Request{ID: job.NewRunID(job.Sweep, w.clock.Now()), Mode: job.Sweep, Trigger: trigger}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return receipt
	}
	if receipt := sweep(job.TriggerSchedule, 10); receipt.Outcome != "unchanged" {
		t.Errorf("there is room: %+v", receipt)
	}
	receipt := sweep(job.TriggerSchedule, 60)
	if contains(t, string(receipt.Error), "AIRTABLE_MONTHLY_CALLS is 100",
		"SCHEDULE_SWEEP=off"); receipt.Outcome != "held" || receipt.AirtableCalls != 0 {
		t.Errorf("receipt %+v, want outcome held and 0 calls", receipt)
	}
	if receipt := sweep(job.TriggerCLI, 60); receipt.Outcome != "unchanged" {
		t.Errorf("a person's: %+v", receipt)
	}
}

// After the quota error, one run a day probes Airtable, or a person's run.
func TestUsedUpQuotaIsProbedDaily(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.Script(airtablesim.BillingLimit().Repeat(3))
	calls := func() int {
		receipt := w.scheduled(job.Incremental)
		if contains(t, string(receipt.Error), "used up"); receipt.Outcome != "failed" || !receipt.Final {
			t.Errorf("receipt %+v, want outcome failed and final", receipt)
		}
		return receipt.AirtableCalls
	}
	for hour, want := range []int{1, 0, 0, 0} { // the first finds out
		if got := calls(); got != want {
			t.Errorf("after %d hours it makes %d calls, want %d", hour, got, want)
		}
		w.clock.Advance(time.Hour)
	}
	w.fails(job.Incremental, "used up") // a person's run tries at once
	w.clock.Advance(23 * time.Hour)
	if got := calls(); got != 0 {
		t.Errorf("within a day of that it makes %d calls", got)
	}
	w.clock.Advance(2 * time.Hour)
	if got := calls(); got != 1 {
		t.Errorf("a day later it makes %d calls", got)
	}
	w.must(job.Incremental, job.Unchanged) // a person's run finds that there is a larger plan now
	w.clock.Advance(time.Hour)
	if receipt := w.scheduled(job.Incremental); receipt.Outcome != "unchanged" {
		t.Errorf("receipt %+v, want outcome unchanged", receipt)
	}
}

// The calls of a killed run count, as an upper bound: those since the last renewal are
// unknown.
func TestKilledRunCountsCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hosts(t, 2)
		faulty := blobtest.NewFaulty(h[0].store)
		h[0].engine = h[0].world.engine(faulty)
		release := h[0].blocking()
		before := h[0].manifest().CallsIn(h[0].clock.Now())
		var first <-chan job.Run
		made := h[0].calls(func() {
			first = h[0].begin(t.Context(),
				job.Request{ID: "first", Mode: job.Full})
		})
		faulty.Inject(blobtest.Fault{Effect: blobtest.DiedBefore})
		time.Sleep(time.Minute)
		release()
		<-first
		receipt := <-h[1].begin(t.Context(), job.Request{ID: "second", Mode: job.Full})
		counted := h[1].manifest().CallsIn(h[1].clock.Now()) - before - receipt.AirtableCalls
		if least := made[airtablesim.Schema] + made[airtablesim.List]; counted < least ||
			counted > least+11*5 {
			t.Errorf("%d calls are counted, at least %d were made", counted, least)
		}
	})
}

// A change of the schema makes a run a full, which may exceed the limit: it must not use
// up the calls of the others.
func TestQuotaMeasuresModeOfPlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, airtablesim.Config{})
		w.fill(950)
		w.must(job.Full, job.Published)
		w.clock.Advance(time.Hour)
		w.cap = w.manifest().CallsIn(w.clock.Now()) + 8
		w.RenameChoice("Area Impacted", "Login", "Sign-in")
		receipt := w.must(job.Incremental, job.Failed)
		contains(t, string(receipt.Error), "a refresh (full) takes about 11")
		if receipt.AirtableCalls != 1 || !receipt.Final {
			t.Errorf("receipt %+v, want 1 call and final", receipt)
		}
	})
}

func TestQuotaAllowsIncrementalAfterManyEdits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, airtablesim.Config{})
		filled := w.fill(950)
		w.must(job.Full, job.Published)
		w.clock.Advance(time.Hour)
		for _, id := range filled[:900] {
			w.Update(id, edit{"Notes": "all at once"})
		}
		w.clock.Advance(10 * time.Minute) // so that the next one does not read them too
		w.must(job.Incremental, job.Published)
		w.clock.Advance(time.Hour)
		w.cap = w.manifest().CallsIn(w.clock.Now()) + 9
		w.must(job.Incremental, job.Unchanged)
	})
}
