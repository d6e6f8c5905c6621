package httpapi

import (
	"context"

	"voc/internal/job"
)

// Refresher starts refreshes. It must be safe for concurrent use.
type Refresher interface {
	// Ask starts a run or joins one, and returns at once. Errors: job.ErrStopped,
	// job.ErrNotStarted.
	Ask(ctx context.Context, r job.Request) (job.Ticket, error)
	// Active returns the runs that have been accepted and have not finished, the current one
	// first; a waiting run has no start time. unrecorded are receipts that could not be stored.
	Active() (active, unrecorded []job.Run)
}
