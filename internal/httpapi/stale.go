package httpapi

import (
	"sync"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/schedule"
)

// Schedules are the times at which refreshes are due.
type Schedules struct{ Full, Incremental, Sweep schedule.Schedule }

// of returns the schedule of a mode.
func (s Schedules) of(mode job.Mode) schedule.Schedule {
	return map[job.Mode]schedule.Schedule{
		job.Full: s.Full, job.Incremental: s.Incremental, job.Sweep: s.Sweep,
	}[mode]
}

// stale reports whether a due refresh has not succeeded for so long that the contract calls the
// data stale.
func (a *API) stale(m manifest.Manifest) bool { return len(a.overdue(m)) > 0 }

// lateRefresh is a refresh that has not succeeded in time.
type lateRefresh struct {
	mode job.Mode
	due  time.Time
}

// staleAt returns since when the data is stale.
func (l lateRefresh) staleAt() time.Time { return l.due.Add(schedule.Grace) }

// overdue returns the refreshes without which the data is stale.
func (a *API) overdue(m manifest.Manifest) (late []lateRefresh) {
	now := a.Now()
	for i := range a.deadlines {
		d := &a.deadlines[i]
		at := d.after(m.LastDone(d.mode))
		if !at.IsZero() && !now.Before(at) {
			late = append(late, lateRefresh{d.mode, at.Add(-schedule.Grace)})
		}
	}
	return late
}

// deadline is when the data becomes stale by one schedule. It is cached, because it changes only
// with a success and computing it takes longer than a 304.
type deadline struct {
	mode     job.Mode
	schedule schedule.Schedule

	mu      sync.Mutex
	success time.Time // that at is computed from
	at      time.Time // zero: never
}

// after returns the deadline after a success, or zero if there is none. Without a success there is
// no data that could be stale.
func (d *deadline) after(success time.Time) time.Time {
	if success.IsZero() {
		return time.Time{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.success.Equal(success) {
		d.success, d.at = success, d.schedule.StaleAt(success)
	}
	return d.at
}
