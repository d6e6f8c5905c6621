package job_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/job"
)

func personal(id string) job.Run {
	return job.Run{ID: id, Mode: job.Full, Trigger: job.TriggerCLI, Attempt: "attempt of " + id}
}

// acquire acquires the lease as the store has it: dated by the write.
func acquire(t *testing.T, s *job.State, id string, at time.Time) job.Run {
	t.Helper()
	run, err := s.Acquire(job.Request{}, personal(id), airtable, at)
	if err != nil {
		t.Fatal(err)
	}
	s.Lease = s.Lease.Dated(at)
	return run
}

func TestAcquireRejects(t *testing.T) {
	t.Parallel()
	published := personal("full-1")
	published.Outcome = "published"
	scheduled := personal("full-2")
	scheduled.Trigger = job.TriggerSchedule
	waited := job.Request{Hold: job.KnownHold{Known: true}}
	for _, row := range []struct {
		name  string
		state job.State
		r     job.Request
		run   job.Run
		want  error
	}{
		{"done", job.State{Runs: []job.Run{published}}, job.Request{}, personal("full-1"), job.ErrDone},
		{"rollback meanwhile", job.State{Hold: &job.Hold{Run: "rollback-1"}}, waited, personal("full-2"),
			job.ErrFenced},
		{"held", job.State{Hold: &job.Hold{Run: "rollback-1"}}, job.Request{}, scheduled, job.ErrHeld},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := row.state
			if _, err := row.state.Acquire(row.r, row.run, airtable, noon); !errors.Is(err, row.want) {
				t.Errorf("error %v, want %v", err, row.want)
			}
			if diff := cmp.Diff(before, row.state); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a remap is not held, and ends no hold", func(t *testing.T) {
		s := job.State{Hold: &job.Hold{Run: "rollback-1"}}
		remap := job.Run{ID: "remap-1", Mode: job.Remap, Trigger: job.TriggerStart}
		if _, err := s.Acquire(job.Request{Mode: job.Remap}, remap, airtable, noon); err != nil ||
			s.Hold == nil {
			t.Errorf("error %v, hold %v", err, s.Hold)
		}
	})
	t.Run("busy", func(t *testing.T) {
		var s job.State
		acquire(t, &s, "full-1", noon)
		_, err := s.Acquire(job.Request{}, personal("full-2"), airtable, noon.Add(29*time.Second))
		if busy, ok := errors.AsType[*job.BusyError](err); !ok || busy.Lease.Run.ID != "full-1" ||
			s.Fence != 1 {
			t.Errorf("error %v, state %+v", err, s)
		}
	})
}

func TestLifeOfALease(t *testing.T) {
	t.Parallel()
	var s job.State
	first := acquire(t, &s, "full-1", noon)
	if err := s.Renew(first); err != nil || !s.Lease.Renewed.IsZero() {
		t.Errorf("renew: %v, %+v", err, s.Lease)
	}
	s.Lease = s.Lease.Dated(noon)
	late := noon.Add(30 * time.Second)
	if s.Reap(airtable, late.Add(-time.Second)) {
		t.Error("a lease was reaped before its term was over")
	}
	second := acquire(t, &s, "full-2", late)
	for name, err := range map[string]error{"renew": s.Renew(first), "finish": s.Finish(first, late)} {
		if !errors.Is(err, job.ErrFenced) {
			t.Errorf("%s without the lease: %v", name, err)
		}
	}
	if err := s.Finish(second, late); err != nil || s.Lease != nil {
		t.Errorf("finish: %v, %+v", err, s.Lease)
	}
	reaped := s.Runs[1] // both started at no time
	if first.Fence != 1 || second.Fence != 2 || len(s.Runs) != 2 ||
		reaped.Outcome+s.Runs[0].Outcome != "failed" {
		t.Errorf("numbers %d and %d, receipts %+v", first.Fence, second.Fence, s.Runs)
	}
	if got := s.CallsIn(late); got != 55 { // ten seconds and one, at five calls a second
		t.Errorf("%d calls", got)
	}
}

func TestFenceOffHoldsAndCounts(t *testing.T) {
	t.Parallel()
	var s job.State
	run := acquire(t, &s, "full-1", noon)
	hold := job.Hold{At: job.At(noon), Run: "rollback-1", Snapshot: "s"}
	if fence := s.FenceOff(hold, airtable, noon.Add(time.Second)); fence != 2 {
		t.Errorf("fencing number %d", fence)
	}
	receipt, _ := s.Receipt("full-1")
	if receipt.Outcome != "fenced" || s.Lease != nil ||
		s.KnownHold() != (job.KnownHold{Known: true, Run: "rollback-1"}) {
		t.Errorf("receipt %+v, state %+v", receipt, s)
	}
	if err := s.Finish(run, noon); !errors.Is(err, job.ErrFenced) {
		t.Errorf("error %v", err)
	}
}
