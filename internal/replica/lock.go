package replica

import (
	"context"
	"time"
)

// lockSync acquires the right to sync: one goroutine at a time.
func (r *Replica) lockSync(ctx context.Context) error {
	select {
	case r.syncing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began = time.Now()
	return nil
}

func (r *Replica) unlockSync() {
	r.mu.Lock()
	r.began = time.Time{}
	r.mu.Unlock()
	<-r.syncing
}

// runningAge bounds the age of a view in which a run is active: its snapshot is expected
// at any moment.
const runningAge = 2 * time.Second

// syncedWithin reports whether the last Sync ended within age, or within runningAge if a
// run was active then and its lease has not expired since.
func (r *Replica) syncedWithin(age time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	since := time.Since(r.checked)
	if since < runningAge || since >= age {
		return since < age
	}
	_, running := r.view.Manifest.RunningAt(r.view.Manifest.ReadAt.Add(time.Since(r.view.read)))
	return !running
}
