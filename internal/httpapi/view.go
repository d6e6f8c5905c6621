package httpapi

import (
	"context"
	"time"

	"voc/internal/replica"
)

// maxViewAge is how old a view of the store may be for a data route. The contract promises that a
// snapshot of another process is served within that time.
const maxViewAge = 15 * time.Second

// cachedView returns a view of the store that is at most maxViewAge old.
func (a *API) cachedView(ctx context.Context) (replica.View, func()) {
	ctx, cancel := a.fetchContext(ctx)
	defer cancel()
	a.logStore(a.Replica.SyncIfOlder(ctx, maxViewAge))
	return a.Replica.Acquire()
}

// currentView returns the newest view of the store. If the store cannot be read, the view has a
// warning about it.
func (a *API) currentView(ctx context.Context) (replica.View, func()) {
	ctx, cancel := a.fetchContext(ctx)
	defer cancel()
	a.logStore(a.Replica.Sync(ctx))
	return a.Replica.Acquire()
}

// fetchContext returns the context in which a request reads the store. On a server it outlives the
// request, so that a client that hangs up does not stop a fetch that others wait for.
func (a *API) fetchContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if a.Platform.FetchWithin == 0 {
		return context.WithoutCancel(ctx), func() {}
	}
	return context.WithTimeout(ctx, a.Platform.FetchWithin)
}

func (a *API) logStore(err error) {
	if err != nil {
		a.Log.Warn("read the store; still serving what is open", "error", err)
	}
}

// unserved returns why a view has no file.
func unserved(view replica.View) error {
	if len(view.Warnings) > 0 {
		return errUnserved
	}
	return errEmpty
}
