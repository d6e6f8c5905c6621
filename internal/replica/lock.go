package replica

import (
	"context"
	"time"
)

// syncBudget is how long a Sync may delay the callers of SyncIfOlder that wait for it: a
// large snapshot is fetched within seconds, and a store that does not respond must not
// hold up every request.
const syncBudget = 10 * time.Second

// withBudget returns the context in which a request waits for a Sync that is running.
func (r *Replica) withBudget(ctx context.Context) (context.Context, context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.open == nil:
		return ctx, func() {}
	case r.began.IsZero():
		return context.WithTimeout(ctx, syncBudget)
	}
	return context.WithDeadline(ctx, r.began.Add(syncBudget))
}

func (r *Replica) syncedWithin(age time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.checked) < age
}

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

// endSync records when a Sync has ended, also after an error: a store that is down must
// not delay each request.
func (r *Replica) endSync(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checked = time.Now()
	if err != nil {
		r.view.Warnings = []error{err}
	}
}
