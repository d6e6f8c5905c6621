package serverhost

import (
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/snapshot"
	"voc/internal/watch"
)

// failures are what goes wrong at 9:50 on a Tuesday. Within the hour each ends in a notification,
// a metric, an alarm of the template, a reason of health and a line of voc status that lead to a
// heading of the runbook, and it clears once the cause is gone.
var failures = map[string]struct {
	variables []string
	produce   func(*machine)
	settle    func(*machine) // nil: it passes by itself
	heading   watch.Kind     // that the notification, the health and the status name
	health    watch.Kind     // that health and status name, where it differs; fresh: health is ok
	seenAt    string         // "": 10:46
	overAt    string         // "": 12:16
	metric    func(*machine) bool
}{
	"token revoked": {
		produce: func(m *machine) { m.token = "patRevoked" },
		settle:  func(m *machine) { m.token = airtablesim.DemoToken },
		heading: watch.Failed,
		metric:  func(m *machine) bool { return m.last.OpenErrors == 1 },
	},
	"field renamed": { // and followed, so that the data is as current as promised
		produce: func(m *machine) { m.sim.RenameField("Notes", "Observations") },
		settle:  func(m *machine) { m.sim.RenameField("Observations", "Notes") },
		heading: watch.Renamed, health: fresh,
		metric: func(m *machine) bool { return m.last.Warnings == m.usual.Warnings+1 },
	},
	"field renamed, schema unread": {
		variables: []string{"MAX_SHRINK_PERCENT=20"},
		produce:   func(m *machine) { m.token = dataToken; m.sim.RenameField("Notes", "Observations") },
		settle: func(m *machine) {
			m.token = airtablesim.DemoToken
			m.sim.RenameField("Observations", "Notes")
			m.accept() // the incremental had become a full
		},
		heading: watch.Failed,
		metric:  func(m *machine) bool { return m.last.OpenErrors == 1 },
	},
	"field removed": {
		produce: func(m *machine) { m.sim.DropField("Notes") },
		settle:  func(m *machine) { m.sim.AddField("Notes", "multilineText"); m.accept() },
		heading: watch.Failed,
		metric:  func(m *machine) bool { return m.last.OpenErrors > 0 },
	},
	"schedule off": {
		produce: func(m *machine) { m.off(true) },
		settle:  func(m *machine) { m.off(false) },
		heading: watch.ScheduleOff,
		metric:  func(m *machine) bool { return m.last.OverdueRuns == 1 },
	},
	"store refused": {
		produce: func(m *machine) { m.refuse(true) },
		settle:  func(m *machine) { m.refuse(false) },
		heading: watch.Unreadable,
		metric:  func(m *machine) bool { return m.last.DamagedObjects == 1 },
	},
	"quota used up": { // of the cap
		variables: []string{"AIRTABLE_MONTHLY_CALLS=5"},
		produce:   func(*machine) {},
		settle: func(m *machine) {
			m.Config.MonthlyCalls = 0
			m.open(m.t.Context())
		},
		heading: watch.QuotaHigh,
		metric:  func(m *machine) bool { return m.last.QuotaUsed > 0.8 },
	},
	"quota of Airtable used up": {
		produce: func(m *machine) {
			m.sim.Before(func(airtablesim.Call) { m.sim.Script(airtablesim.BillingLimit()) })
		},
		settle:  func(m *machine) { m.sim.Before(nil); m.accept() },
		heading: watch.QuotaHigh,
		metric:  func(m *machine) bool { return m.last.QuotaUsed == 1 },
	},
	"refresh killed": {
		produce: func(m *machine) { m.kill() },
		heading: watch.Overdue, health: watch.Failed, seenAt: "2026-11-24 10:30:00",
		metric: func(m *machine) bool { return m.last.OverdueRuns == 1 },
	},
	"rollback held": {
		produce: func(m *machine) { m.rollBack() },
		settle:  func(m *machine) { m.accept() },
		heading: watch.Held, seenAt: "2026-11-25 10:01:00", overAt: "2026-11-25 11:16:00",
		metric: func(m *machine) bool { return m.last.Held > 24*time.Hour && m.last.OverdueRuns == 1 },
	},
	"snapshot damaged": {
		produce: func(m *machine) {
			m.damage()
			m.open(m.t.Context()) // a new process serves
			m.reasons, m.lines = m.reasons+m.health(), m.lines+m.status()
			m.look(m.t.Context()) // before the next refresh repairs it
		},
		heading: watch.Damaged, seenAt: "2026-11-24 09:59:00",
		metric: func(m *machine) bool { return m.last.DamagedObjects == 1 },
	},
	"snapshot damaged while it is served": { // which goes on
		produce: func(m *machine) { m.damage(); m.look(m.t.Context()) },
		heading: watch.Damaged, health: fresh, seenAt: "2026-11-24 09:59:00",
		metric: func(m *machine) bool { return m.last.DamagedObjects == 1 },
	},
	"manifest damaged": { // no refresh can publish, so the data will not stay as current
		produce: func(m *machine) {
			m.damageManifest()
			m.reasons, m.lines = m.reasons+m.health(), m.lines+m.status()
			m.look(m.t.Context())
		},
		settle:  func(m *machine) { m.accept() },
		heading: watch.Damaged, seenAt: "2026-11-24 09:59:00",
		metric: func(m *machine) bool { return m.last.DamagedObjects == 1 },
	},
	"watchdog off": {
		produce: func(m *machine) { m.unwatched = true },
		settle:  func(m *machine) { m.unwatched = false },
		heading: watch.Silent, seenAt: "2026-11-24 11:01:00",
		metric: func(m *machine) bool { return m.now().Sub(m.measured) > 30*time.Minute },
	},
}

// fresh stands for the health of data that is as current as promised.
const fresh watch.Kind = "fresh"

// TestFailuresAreAnnounced walks through the failures.
func TestFailuresAreAnnounced(t *testing.T) {
	t.Parallel()
	for name, f := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, "2026-11-24 08:45:00", f.variables...)
			m.asks = true
			m.until("2026-11-24 09:50:00")
			before := m.received()
			f.produce(m)
			m.until(or(f.seenAt, "2026-11-24 10:46:00"))
			text := strings.Join(append(before, m.received()...), "\n")
			if strings.Count(text, `OPERATE.md, "`+f.heading.Heading()+`"`) != 1 {
				t.Errorf("the messages are %q", text)
			}
			if !f.metric(m) {
				t.Errorf("the metrics are %+v, of %s", m.last, m.measured)
			}
			measures := m.now().Sub(m.measured) <= 30*time.Minute // else an alarm has missing data
			said := alarms(t, m.last, measures)
			if strings.Contains(said, `"`+f.heading.Heading()+`"`) == (f.heading == watch.Renamed) {
				t.Errorf("the alarms say %q", said)
			}
			heading := f.heading
			if f.health != "" && f.health != fresh {
				heading = f.health
			}
			named := `(OPERATE.md, "` + heading.Heading() + `")`
			reasons := m.reasons + m.health()
			if strings.Contains(reasons, named) == (f.health == fresh) {
				t.Errorf("health says %q", reasons)
			}
			if lines := m.lines + m.status(); !strings.Contains(lines, named) {
				t.Errorf("voc status says %q", lines)
			}
			accepts := strings.Contains(m.lines+m.status(), `-d '{"accept":true}'`)
			if accepts != (heading == watch.Damaged) {
				t.Errorf("voc status says to accept: %t", accepts)
			}
			if f.settle != nil {
				f.settle(m)
			}
			m.until(or(f.overAt, "2026-11-24 12:16:00"))
			text += strings.Join(m.received(), "\n")
			if !strings.Contains(text, "over: "+f.heading.Heading()) {
				t.Errorf("in the end the messages are %q", text)
			}
			if said := alarms(t, m.last, true); said != "" {
				t.Errorf("in the end the alarms say %q", said)
			}
			if reasons := m.health(); reasons != "" {
				t.Errorf("in the end health says %q", reasons)
			}
			if line := m.status(); !strings.Contains(line, "verdict OK") || strings.Contains(line, named) {
				t.Errorf("in the end voc status says %q", line)
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

// ask does a run, as a person does.
func (m *machine) ask(r job.Request) {
	m.t.Helper()
	if _, err := m.runner.Ask(m.t.Context(), r); err != nil {
		m.t.Fatal(err)
	}
	m.wait()
}

// accept runs a full refresh with what the gate would reject.
func (m *machine) accept() {
	m.t.Helper()
	m.ask(job.Request{Mode: job.Full, Trigger: job.TriggerCLI, Accept: true})
}

// off starts the server again with its scheduler off or on.
func (m *machine) off(off bool) {
	m.Config.Schedule.On = !off
	m.open(m.t.Context())
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
	m.ask(job.Request{Mode: job.Rollback, Trigger: job.TriggerCLI, To: job.Previous})
}

// damage deletes the current snapshot, which the server has open.
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
}

// damageManifest replaces the manifest by garbage.
func (m *machine) damageManifest() {
	m.t.Helper()
	info, err := m.memory.Stat(m.t.Context(), "manifest.json")
	if err == nil {
		_, err = m.memory.Replace(m.t.Context(), "manifest.json", []byte("garbage"), info.Version)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}
