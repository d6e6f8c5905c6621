package httpapi

import (
	"sync"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/schedule"
)

// Schedules are the times at which refreshes are due.
type Schedules struct {
	Full, Incremental, Sweep schedule.Schedule
	Off                      bool // no scheduler starts them
}

// lateRefresh is a refresh that has not succeeded in time.
type lateRefresh struct {
	mode job.Mode
	due  time.Time
}

// overdue returns the refreshes that have not succeeded for so long that the contract calls the
// data stale.
func (a *API) overdue(m manifest.Manifest) (late []lateRefresh) {
	now := a.Now()
	for i := range a.deadlines {
		d := &a.deadlines[i]
		success := m.LastDone(d.mode)
		if success.IsZero() {
			continue // there is no data that could be stale
		}
		d.mu.Lock()
		if !d.success.Equal(success) {
			d.success, d.at = success, d.schedule.StaleAt(success)
		}
		at := d.at
		d.mu.Unlock()
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
