package job_test

import (
	"testing"

	"voc/internal/job"
)

func TestJoinedBy(t *testing.T) {
	t.Parallel()
	asked := func(mode job.Mode) job.Request {
		return job.Request{ID: "asked", Mode: mode,
			Trigger: "api"}
	}
	running := func(mode job.Mode) job.Request {
		return job.Request{ID: "running", Mode: mode,
			Trigger: "schedule"}
	}
	accepted := func(r job.Request) job.Request { r.Accept = true; return r }
	dry := func(r job.Request) job.Request { r.DryRun = true; return r }
	knowing := func(r job.Request, rollback string) job.Request {
		r.Hold = job.KnownHold{Known: true, Run: rollback}
		return r
	}
	leased := job.Lease{Run: job.Run{ID: "leased", Mode: job.Full}, Accept: true}.Request()
	for _, row := range []struct {
		name           string
		asked, running job.Request
		joins          bool
	}{
		{"full/full", asked(job.Full), running(job.Full), true},
		{"incremental/full", asked(job.Incremental), running(job.Full), true},
		{"sweep/full", asked(job.Sweep), running(job.Full), true},
		{"incremental/sweep", asked(job.Incremental), running(job.Sweep), true},
		{"full/sweep", asked(job.Full), running(job.Sweep), false},
		{"full/incremental", asked(job.Full), running(job.Incremental), false},
		{"sweep/incremental", asked(job.Sweep), running(job.Incremental), false},
		{"rollback/rollback", asked(job.Rollback), running(job.Rollback), false},
		{"rollback/full", asked(job.Rollback), running(job.Full), false},
		{"incremental/rollback", asked(job.Incremental), running(job.Rollback), false},
		{"accept/without", accepted(asked(job.Full)), running(job.Full), false},
		{"accept/accept", accepted(asked(job.Full)), accepted(running(job.Full)), true},
		{"without/accept", asked(job.Full), accepted(running(job.Full)), true},
		{"real/dry run", asked(job.Full), dry(running(job.Full)), false},
		{"dry run/real", dry(asked(job.Full)), running(job.Full), false},
		{"after a rollback/before it", knowing(asked(job.Full), "rollback-1"),
			knowing(running(job.Full), ""), false},
		{"after two rollbacks/after one", knowing(asked(job.Full), "rollback-2"),
			knowing(running(job.Full), "rollback-1"), false},
		{"after a rollback/after the same", knowing(asked(job.Full), "rollback-1"),
			knowing(running(job.Full), "rollback-1"), true},
		{"before any rollback/likewise", knowing(asked(job.Full), ""), knowing(running(job.Full), ""),
			true},
		{"knows a rollback/unknown", knowing(asked(job.Full), "rollback-1"), running(job.Full), true},
		{"unknown/knows a rollback", asked(job.Full), knowing(running(job.Full), "rollback-1"), true},
		{"accept/lease with accept", accepted(asked(job.Sweep)), leased, true},
		{"nothing/nothing is running", asked(job.Incremental), job.Lease{}.Request(), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.asked.JoinedBy(row.running); got != row.joins {
				t.Errorf("%+v is joined by %+v: %v", row.asked, row.running, got)
			}
		})
	}
}
