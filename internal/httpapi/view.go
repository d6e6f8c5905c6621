package httpapi

import (
	"context"
	"time"

	"voc/internal/replica"
)

// lookEvery is how old the last look at the store may be before a data route looks again: the contract promises another process's snapshot within it.
const lookEvery = 15 * time.Second

// glance gives the state of the store as it was known at most lookEvery ago.
func (a *API) glance(ctx context.Context) (replica.View, func()) {
	ctx, cancel := a.inStore(ctx)
	defer cancel()
	a.report(a.Replica.SyncIfOlder(ctx, lookEvery))
	return a.Replica.Acquire()
}

// look gives the newest state of the store. One that can not be read is among the view's warnings.
func (a *API) look(ctx context.Context) (replica.View, func()) {
	ctx, cancel := a.inStore(ctx)
	defer cancel()
	a.report(a.Replica.Sync(ctx))
	return a.Replica.Acquire()
}

func (a *API) report(err error) {
	if err != nil {
		a.Log.Warn("the store can not be read; what is there is served", "error", err)
	}
}

// unserved says why there is no file to answer from.
func unserved(view replica.View) error {
	if len(view.Warnings) > 0 {
		return errUnserved
	}
	return errEmpty
}
