package httpapi

import (
	"sync"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/schedule"
)

// stale says whether a due refresh has had no success for so long that the contract calls the data stale.
func (a *API) stale(m manifest.Manifest) bool {
	now := a.Now()
	return a.full.passed(m.LastSuccess(job.Full), now) || a.incremental.passed(m.LastSuccess(job.Incremental), now) ||
		a.sweep.passed(m.LastDone(job.Sweep), now)
}

// deadline is when the data will be stale by one schedule. Walking a calendar takes longer than a 304, and the answer
// changes only with a success, so it is kept.
type deadline struct {
	schedule schedule.Schedule

	mu      sync.Mutex
	success time.Time // that at is worked out for
	at      time.Time // zero: never
}

// passed says whether the deadline that follows a success is over. Without any success there is nothing to be stale.
func (d *deadline) passed(success, now time.Time) bool {
	if success.IsZero() {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.success.Equal(success) {
		d.success, d.at = success, d.schedule.StaleAt(success)
	}
	return !d.at.IsZero() && !now.Before(d.at)
}
