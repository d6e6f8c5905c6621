package httpapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"voc/internal/manifest"
	"voc/internal/replica"
)

// lookEvery is how old the last look at the store may be before a data route looks again:
// the contract promises another process's snapshot within it.
const lookEvery = 15 * time.Second

// glance gives the state of the store as it was known at most lookEvery ago.
func (a *API) glance(ctx context.Context) (replica.View, func()) {
	ctx, cancel := a.inStore(ctx)
	defer cancel()
	a.report(a.Replica.SyncIfOlder(ctx, lookEvery))
	return a.Replica.Acquire()
}

// look gives the newest state of the store. One that can not be read is among the view's
// warnings.
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

// storeWarnings words what is wrong with the store, with the settings that an operator
// needs for it.
func storeWarnings(view replica.View) (texts []string) {
	for _, warning := range view.Warnings {
		text := warning.Error()
		if foreign, ok := errors.AsType[*manifest.ForeignError](warning); ok {
			text = fmt.Sprintf("%s: AIRTABLE_BASE_ID is %s, and SNAPSHOT_STORE must be of that base", text, foreign.Base)
		}
		texts = append(texts, text)
	}
	return texts
}

// unserved says why there is no file to answer from.
func unserved(view replica.View) error {
	if len(view.Warnings) > 0 {
		return errUnserved
	}
	return errEmpty
}
