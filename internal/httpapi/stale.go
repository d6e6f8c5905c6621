package httpapi

import (
	"sync"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/schedule"
)

// stale reports whether a due refresh has not succeeded for so long that the contract calls the
// data stale.
func (a *API) stale(m manifest.Manifest) bool {
	now := a.Now()
	return a.full.passed(m.LastSuccess(job.Full), now) ||
		a.incremental.passed(m.LastSuccess(job.Incremental), now) ||
		a.sweep.passed(m.LastDone(job.Sweep), now)
}

// deadline is when the data becomes stale by one schedule. It is cached, because it changes only
// with a success and computing it takes longer than a 304.
type deadline struct {
	schedule schedule.Schedule

	mu      sync.Mutex
	success time.Time // that at is computed from
	at      time.Time // zero: never
}

// passed reports whether the deadline after a success has passed. Without a success there is no
// data that could be stale.
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
