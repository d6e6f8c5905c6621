package serverhost

import (
	"slices"
	"testing"
	"time"

	"voc/internal/job"
	"voc/internal/schedule"
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
	begin, end, want := "2026-10-26 00:00:30", "2026-11-09 00:15:00", 2+10+130
	if testing.Short() { // the weekend of the change
		begin, end, want = "2026-10-30 00:00:30", "2026-11-02 00:15:00", 1+1+13
	}
	m := newMachine(t, begin)
	begun := m.now()
	m.until(end)
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
	if due := dueIn(m, begun, m.now()); !slices.Equal(done, due) || len(due) != want {
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
	if m.pings["/beat"] != want+1 || m.pings["/beat/fail"] != 0 {
		t.Errorf("the monitor heard %v", m.pings)
	}
}
