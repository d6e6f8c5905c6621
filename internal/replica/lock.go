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

// syncedWithin reports whether the last Sync ended within age.
func (r *Replica) syncedWithin(age time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.checked) < age
}
