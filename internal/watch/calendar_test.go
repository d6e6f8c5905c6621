package watch_test

import (
	"testing"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/schedule"
	"voc/internal/watch"
)

// calendar returns the default schedules.
func calendar(t *testing.T) watch.Calendar {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	parse := func(expression string) schedule.Schedule {
		s, err := schedule.Parse(expression, zone)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return watch.Calendar{
		Full: parse("cron(59 23 ? * SUN *)"), Incremental: parse("cron(0 9-21 ? * MON-FRI *)"),
		Sweep: parse("cron(30 6 ? * MON-FRI *)"), On: true,
		Quota: job.Quota{PageSize: 100, PerSecond: 5},
	}
}

func at(t *testing.T, local string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	instant, err := time.ParseInLocation(time.DateTime, local, zone)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

// receipt returns the receipt of a published run.
func receipt(t *testing.T, mode job.Mode, finished string) job.Run {
	t.Helper()
	end := job.At(at(t, finished))
	return job.Run{
		ID: finished, Mode: mode, Outcome: job.Nullable(job.Published), Started: end, Finished: end,
		AirtableCalls: 60,
	}
}

// TestCatchUp: of what was missed, one run of the greatest mode is done, once. The server and the
// functions take it from here.
func TestCatchUp(t *testing.T) {
	incremental := receipt(t, job.Incremental, "2026-11-24 09:00:05")
	sweep := receipt(t, job.Sweep, "2026-11-24 06:30:30")
	full := receipt(t, job.Full, "2026-11-22 23:59:20")
	oldFull := receipt(t, job.Full, "2026-11-15 23:59:20")
	oldIncremental := receipt(t, job.Incremental, "2026-11-20 21:00:05")
	newIncremental := receipt(t, job.Incremental, "2026-11-24 15:00:05")
	missedFull := job.Run{
		ID: job.ScheduledRunID(job.Full, at(t, "2026-11-22 23:59:00")), Mode: job.Full,
		Started: job.At(at(t, "2026-11-22 23:59:00")), Trigger: job.TriggerSchedule,
		Outcome: job.Nullable(job.Failed),
	}
	caughtUp := missedFull
	caughtUp.Trigger = job.TriggerCatchUp
	usedUp := job.Run{ID: job.ScheduledRunID(job.Incremental, at(t, "2026-11-24 15:00:00")),
		Mode: job.Incremental, Outcome: job.Nullable(job.Failed), QuotaUsedUp: true,
		AirtableCalls: 1, AirtableFinished: job.At(at(t, "2026-11-24 15:00:01"))}
	refused := missedFull
	refused.Outcome = job.Nullable(job.Refused)
	now := at(t, "2026-11-24 15:40:00")
	running := &job.Lease{Renewed: job.At(now), Run: job.Run{ID: "x", Mode: job.Full}}
	for name, c := range map[string]struct {
		now   string
		state job.State
		cap   int
		want  string
	}{
		"nothing missed": {"2026-11-24 09:40:00",
			job.State{Runs: []job.Run{incremental, sweep, full}}, 0, ""},
		"incrementals missed": {"2026-11-24 15:40:00",
			job.State{Runs: []job.Run{incremental, sweep, full}}, 0,
			"incremental-20261124T200000Z-sched"},
		"within the grace": {"2026-11-24 10:20:00",
			job.State{Runs: []job.Run{incremental, sweep, full}}, 0, ""},
		"sweep instead of incremental": {"2026-11-24 15:40:00",
			job.State{Runs: []job.Run{incremental, full}}, 0, "sweep-20261124T113000Z-sched"},
		"full instead of incremental": {"2026-11-24 15:40:00",
			job.State{Runs: []job.Run{oldIncremental, oldFull}}, 0, "full-20261123T045900Z-sched"},
		"only the full missed": {"2026-11-24 15:40:00",
			job.State{Runs: []job.Run{newIncremental, sweep, oldFull}}, 0,
			"full-20261123T045900Z-sched"},
		"the scheduled full failed": {"2026-11-24 15:20:00",
			job.State{Runs: []job.Run{newIncremental, sweep, missedFull, oldFull}}, 0,
			"full-20261123T045900Z-sched"},
		"the catch-up failed too": {"2026-11-24 15:20:00",
			job.State{Runs: []job.Run{newIncremental, sweep, caughtUp, oldFull}}, 0, ""},
		"the gate rejected it": {"2026-11-24 15:20:00",
			job.State{Runs: []job.Run{newIncremental, sweep, refused, oldFull}}, 0, ""},
		"it is running": {"2026-11-24 15:40:00",
			job.State{Runs: []job.Run{oldIncremental, oldFull}, Lease: running}, 0, ""},
		"a rollback holds": {"2026-11-24 15:40:00",
			job.State{Runs: []job.Run{oldIncremental, oldFull}, Hold: &job.Hold{}}, 0, ""},
		"Airtable's quota is used up": {"2026-11-24 15:40:00",
			job.State{Runs: []job.Run{usedUp, sweep, full}}, 0, ""},
		"Airtable's quota is used up, which no full says": {"2026-11-24 15:40:00",
			job.State{Runs: []job.Run{usedUp, sweep, oldFull}}, 0, "full-20261123T045900Z-sched"},
		"quota for the sweep alone": {"2026-11-24 15:40:00",
			job.State{Runs: []job.Run{oldIncremental, oldFull},
				Calls: map[string]int{"2026-11": 50}}, 100, "sweep-20261124T113000Z-sched"},
	} {
		t.Run(name, func(t *testing.T) {
			cal := calendar(t)
			cal.MonthlyCalls = c.cap
			m := manifest.Manifest{State: c.state, ReadAt: at(t, c.now)}
			r, ok := cal.CatchUp(m, at(t, c.now), schedule.Grace)
			if r.ID != c.want || ok != (c.want != "") || ok && r.Trigger != job.TriggerCatchUp {
				t.Errorf("%+v, %v, want %q", r, ok, c.want)
			}
		})
	}
}

// TestPromote: a run that is due becomes the greatest one that is overdue.
func TestPromote(t *testing.T) {
	cal, now := calendar(t), at(t, "2026-11-24 16:00:00")
	overdue := manifest.Manifest{State: job.State{Runs: []job.Run{
		receipt(t, job.Incremental, "2026-11-24 15:00:05"),
		receipt(t, job.Sweep, "2026-11-24 06:30:30"), receipt(t, job.Full, "2026-11-15 23:59:20"),
	}}}
	due := job.Request{ID: job.ScheduledRunID(job.Incremental, now), Mode: job.Incremental,
		Trigger: job.TriggerSchedule}
	if r := cal.Promote(due, overdue, now); r.Mode != job.Full || r.Trigger != job.TriggerCatchUp ||
		r.ID != "full-20261123T045900Z-sched" {
		t.Errorf("with a full overdue: %+v", r)
	}
	overdue.Runs[2] = receipt(t, job.Full, "2026-11-22 23:59:20")
	if r := cal.Promote(due, overdue, now); r != due {
		t.Errorf("with nothing overdue: %+v", r)
	}
	overdue.Runs[2] = receipt(t, job.Full, "2026-11-15 23:59:20")
	due.Trigger = job.TriggerAPI
	if r := cal.Promote(due, overdue, now); r != due {
		t.Errorf("a person's run: %+v", r)
	}
}

func TestLastOfDay(t *testing.T) {
	cal := calendar(t)
	for when, want := range map[string]bool{
		"2026-11-24 20:00:10": false, "2026-11-24 21:00:10": true, "2026-11-27 21:00:10": true,
		"2026-11-24 09:00:10": false,
	} {
		if got := cal.LastOfDay(at(t, when)); got != want {
			t.Errorf("%s: %v", when, got)
		}
	}
}
