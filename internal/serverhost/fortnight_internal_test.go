package serverhost

import (
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/schedule"
	"voc/internal/snapshot"
	"voc/internal/telemetry"
	"voc/internal/watch"
)

// dueIn returns the ids of the scheduled runs in an interval.
func dueIn(m *machine, from, to time.Time) (ids []string) {
	c := m.Config.Schedule
	for mode, s := range map[job.Mode]schedule.Schedule{
		job.Full: c.Full, job.Sweep: c.Sweep, job.Incremental: c.Incremental,
	} {
		for due := s.Next(from); !due.After(to); due = s.Next(due) {
			ids = append(ids, job.ScheduledRunID(mode, due))
		}
	}
	slices.Sort(ids)
	return ids
}

// TestFortnight: through two weeks with a change of daylight saving, the server does every due run
// once, audits and drills, tells the monitor, and has nothing else to say.
func TestFortnight(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "2026-10-26 00:00:30")
	begun := m.now()
	m.until("2026-11-09 00:15:00") // the change is on November 1
	state, err := m.Store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var done []string
	for _, run := range state.Runs {
		if run.Trigger == job.TriggerStart {
			continue
		}
		if !run.Succeeded() || run.Trigger != job.TriggerSchedule {
			t.Errorf("%+v", run)
		}
		done = append(done, run.ID)
	}
	slices.Sort(done)
	if due := dueIn(m, begun, m.now()); !slices.Equal(done, due) || len(due) != 2+10+130 {
		t.Errorf("%d runs were done, %d were due", len(done), len(due))
	}
	if messages := m.received(); len(messages) > 0 {
		t.Errorf("messages: %q", messages)
	}
	if reasons := m.reasons + m.health(); reasons != "" {
		t.Error(reasons)
	}
	memory, err := watch.ReadState(t.Context(), m.memory)
	if err != nil || memory.Audit.Checked != 50 || memory.Audit.Differing != 0 ||
		m.now().Sub(memory.Drill.ProvenAt.Time) > 8*24*time.Hour {
		t.Errorf("%+v, %v", memory, err)
	}
	if m.pings["/beat"] != 143 || m.pings["/beat/fail"] != 0 {
		t.Errorf("the monitor heard %v", m.pings)
	}
}

// failures are the failures of the issue. Each is produced at 9:50 on a Tuesday. Within the hour it
// ends in a notification, a metric and a reason of health that lead to a heading of the runbook,
// and it clears once the cause is gone.
var failures = map[string]struct {
	variables []string
	produce   func(*machine)
	settle    func(*machine) // nil: it passes by itself
	heading   watch.Kind
	health    watch.Kind // where it differs
	seenAt    string     // "": 10:46
	overAt    string     // "": 12:01
	metric    func(telemetry.State) bool
}{
	"token revoked": {
		produce: func(m *machine) { m.token = "patRevoked" },
		settle:  func(m *machine) { m.token = "patEmulatorDemo.0123456789abcdef" },
		heading: watch.Failed,
		metric:  func(s telemetry.State) bool { return s.OpenErrors == 1 },
	},
	"field removed": {
		produce: func(m *machine) { m.sim.RenameField("Notes", "x"); m.sim.DropField("x") },
		settle:  func(m *machine) { m.sim.AddField("Notes", "multilineText"); m.accept() },
		heading: watch.Failed,
		metric:  func(s telemetry.State) bool { return s.OpenErrors > 0 },
	},
	"schedule off": {
		produce: func(m *machine) { m.off(true) },
		settle:  func(m *machine) { m.off(false) },
		heading: watch.ScheduleOff, health: watch.Overdue,
		metric: func(s telemetry.State) bool { return s.OverdueRuns == 1 },
	},
	"store refused": {
		produce: func(m *machine) { m.refuse(true) },
		settle:  func(m *machine) { m.refuse(false) },
		heading: watch.Unreadable,
		metric:  func(s telemetry.State) bool { return s.DamagedObjects == 1 },
	},
	"quota used up": {
		variables: []string{"AIRTABLE_MONTHLY_CALLS=5"},
		produce:   func(*machine) {},
		settle:    func(m *machine) { m.Watcher.Calendar.MonthlyCalls = 0; m.uncap() },
		heading:   watch.QuotaHigh, health: watch.Failed,
		metric: func(s telemetry.State) bool { return s.QuotaUsed > 0.8 },
	},
	"refresh killed": {
		produce: func(m *machine) { m.kill() },
		heading: watch.Overdue, health: watch.Failed, seenAt: "2026-11-24 10:30:00",
		metric: func(s telemetry.State) bool { return s.OverdueRuns == 1 },
	},
	"rollback held": {
		produce: func(m *machine) { m.rollBack() },
		settle:  func(m *machine) { m.accept() },
		heading: watch.Held, seenAt: "2026-11-25 10:01:00", overAt: "2026-11-25 11:16:00",
		metric: func(s telemetry.State) bool { return s.Held > 24*time.Hour },
	},
	"snapshot damaged": {
		produce: func(m *machine) { m.damage() },
		heading: watch.Damaged, seenAt: "2026-11-24 09:59:00",
		metric: func(s telemetry.State) bool { return s.DamagedObjects == 1 },
	},
	"watchdog off": {
		produce: func(m *machine) { m.unwatched = true },
		settle:  func(m *machine) { m.unwatched = false },
		heading: watch.Silent, seenAt: "2026-11-24 11:01:00",
		metric: func(telemetry.State) bool { return true }, // a metric that is missing is the alarm
	},
}

func TestFailuresAreAnnounced(t *testing.T) {
	t.Parallel()
	for name, f := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, "2026-11-24 08:45:00", f.variables...)
			m.until("2026-11-24 09:50:00")
			before := m.received()
			f.produce(m)
			if name == "snapshot damaged" {
				m.look(t.Context()) // before the next refresh repairs it
			}
			m.until(or(f.seenAt, "2026-11-24 10:46:00"))
			text := strings.Join(append(before, m.received()...), "\n")
			if strings.Count(text, `OPERATE.md, "`+f.heading.Heading()+`"`) != 1 {
				t.Errorf("the messages are %q", text)
			}
			if !f.metric(m.last) {
				t.Errorf("the metrics are %+v", m.last)
			}
			heading := f.heading
			if f.health != "" {
				heading = f.health
			}
			if reasons := m.reasons + m.health(); !strings.Contains(reasons, `"`+heading.Heading()+`"`) {
				t.Errorf("health says %q", reasons)
			}
			if f.settle != nil {
				f.settle(m)
			}
			m.until(or(f.overAt, "2026-11-24 12:16:00"))
			text += strings.Join(m.received(), "\n")
			if !strings.Contains(text, "over: "+f.heading.Heading()) {
				t.Errorf("in the end the messages are %q", text)
			}
			if reasons := m.health(); reasons != "" {
				t.Errorf("in the end health says %q", reasons)
			}
		})
	}
}

func or(local, usual string) string {
	if local == "" {
		return usual
	}
	return local
}

// accept runs a full refresh as a person does, with what the gate would reject.
func (m *machine) accept() {
	m.t.Helper()
	_, err := m.runner.Ask(m.t.Context(),
		job.Request{Mode: job.Full, Trigger: job.TriggerCLI, Accept: true})
	if err != nil {
		m.t.Fatal(err)
	}
	m.wait()
}

// off switches the scheduler off or on.
func (m *machine) off(off bool) {
	m.Config.Schedule.On, m.Watcher.Calendar.On = !off, !off
	m.scheduler.entries = nil
	if !off {
		m.scheduler.entries = newScheduler(m.Config.Schedule, nil, nil, nil).entries
		m.scheduler.plan(m.now())
	}
}

// refuse has the store refuse everything, or work again.
func (m *machine) refuse(refused bool) {
	faulty := blobtest.NewFaulty(m.memory)
	if refused {
		faulty.Inject(blobtest.Fault{Effect: blobtest.Refused})
	}
	m.door.Store = faulty
}

// uncap takes the cap on calls away.
func (m *machine) uncap() {
	m.Config.MonthlyCalls = 0
	m.open(m.t.Context())
}

// kill has the next scheduled run die with its lease.
func (m *machine) kill() {
	m.t.Helper()
	m.until("2026-11-24 09:59:00")
	m.scheduler.entries = slices.Clone(m.scheduler.entries)
	due := at(m.t, "2026-11-24 10:00:00")
	run := job.Run{ID: job.ScheduledRunID(job.Incremental, due), Mode: job.Incremental,
		Trigger: job.TriggerSchedule, Attempt: "killed", Started: job.At(due)}
	_, _, err := m.Store.Acquire(m.t.Context(), m.Config.Airtable.BaseID, job.Request{}, run)
	if err != nil {
		m.t.Fatal(err)
	}
	for i := range m.scheduler.entries { // its process was the scheduler's
		m.scheduler.entries[i].next = at(m.t, "2026-11-24 11:00:00")
	}
}

// rollBack publishes an edit and rolls back.
func (m *machine) rollBack() {
	m.t.Helper()
	m.sim.Update(m.sim.Records()[0].ID, map[string]any{"Notes": "wrong"})
	m.accept()
	_, err := m.runner.Ask(m.t.Context(),
		job.Request{Mode: job.Rollback, Trigger: job.TriggerCLI, To: job.Previous})
	if err != nil {
		m.t.Fatal(err)
	}
	m.wait()
}

// damage deletes the current snapshot. The server has it open, so a new process serves.
func (m *machine) damage() {
	m.t.Helper()
	m.sim.Update(m.sim.Records()[0].ID, map[string]any{"Notes": "newer"})
	m.accept()
	state, err := m.Store.Load(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	current, err := state.CurrentSnapshot()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.memory.Delete(m.t.Context(), current.Part(snapshot.Serve).Key); err != nil {
		m.t.Fatal(err)
	}
	m.open(m.t.Context())
}
