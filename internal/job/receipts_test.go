package job_test

import (
	"testing"
	"time"

	"voc/internal/job"
)

func TestLastDone(t *testing.T) {
	t.Parallel()
	run := func(mode job.Mode, outcome job.Nullable, minute int) job.Run {
		finished := noon.Add(time.Duration(minute) * time.Minute)
		return job.Run{Mode: mode, Outcome: outcome, Finished: job.At(finished)}
	}
	m := job.State{Runs: []job.Run{
		run(job.Full, "failed", 5), run(job.Incremental, "unchanged", 4), run(job.Full, "published", 3),
		run(job.Full, "published", 2),
	}}
	if got := m.LastDone(job.Full); !got.Equal(noon.Add(3 * time.Minute)) {
		t.Errorf("of full: %v", got)
	}
	if got := m.LastDone(job.Incremental); !got.Equal(noon.Add(4 * time.Minute)) {
		t.Errorf("of incremental: %v", got)
	}
	if got := (job.State{}).LastDone(job.Full); !got.IsZero() {
		t.Errorf("of nothing: %v", got)
	}
}

// A sweep that the quota forecast skips is not stale. One that a rollback holds is.
func TestLastDoneCountsSkippedSweeps(t *testing.T) {
	t.Parallel()
	run := func(mode job.Mode, outcome job.Outcome, minute int) job.Run {
		return job.Run{Mode: mode, Outcome: job.Nullable(outcome),
			Finished: job.At(noon.Add(time.Duration(minute) * time.Minute))}
	}
	skipped := func(minute int) job.Run {
		run := run(job.Sweep, job.Held, minute)
		run.Skipped = true
		return run
	}
	m := job.State{Runs: []job.Run{
		run(job.Full, job.Held, 9), run(job.Sweep, job.Held, 8), run(job.Sweep, job.Failed, 7),
		skipped(6),
		skipped(5), run(job.Sweep, job.Unchanged, 4), run(job.Full, job.Published, 3),
		run(job.Incremental, job.Published, 2),
	}}
	for mode, minute := range map[job.Mode]int{job.Sweep: 6, job.Full: 3, job.Incremental: 4} {
		if got := m.LastDone(mode); !got.Equal(noon.Add(time.Duration(minute) * time.Minute)) {
			t.Errorf("of %s: %s", mode, got)
		}
	}
	m.Runs = m.Runs[5:]
	if got := m.LastDone(job.Sweep); !got.Equal(noon.Add(4 * time.Minute)) {
		t.Errorf("a sweep that was done: %s", got)
	}
}
