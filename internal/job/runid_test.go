package job_test

import (
	"testing"
	"time"

	"voc/internal/job"
)

func TestParseRunID(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 22, 3, 32, 0, time.UTC)
	for _, want := range []job.Mode{job.Full, job.Sweep, job.Incremental, job.Rollback} {
		for _, id := range []string{job.NewRunID(want, at), job.ScheduledRunID(want, at)} {
			mode, when, ok := job.ParseRunID(id)
			if !ok || mode != want || !when.Equal(at) {
				t.Errorf("%s: %s at %s, %v", id, mode, when, ok)
			}
		}
	}
	for _, id := range []string{"", "full", "full-20261123T220332Z", "full-20261123T220332Z-",
		"full-20261323T220332Z-abcde", "check-20261123T220332Z-abcde", "full-20261123T220332Z-abcde/"} {
		if _, _, ok := job.ParseRunID(id); ok {
			t.Errorf("%q is taken for a run's id", id)
		}
	}
}

// All hosts, in any time zone, give a scheduled run the same id.
func TestScheduledRunIDIsStable(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	id := job.ScheduledRunID(job.Sweep, due)
	if again := job.ScheduledRunID(job.Sweep, due.In(time.FixedZone("west", -8*3600))); again != id ||
		id != "sweep-20261123T220000Z-sched" {
		t.Errorf("%s and %s", id, again)
	}
	if other := job.ScheduledRunID(job.Full, due); other == id {
		t.Errorf("two runs are %s", id)
	}
}
