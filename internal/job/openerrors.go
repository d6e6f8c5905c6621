package job

import (
	"slices"
	"time"
)

// retriesEnd is how long after a run's start its last attempt is over: two retries follow
// within minutes, in every host, and each takes 15 minutes at most where time is limited
// (AWS Lambda quotas, 2026).
const retriesEnd = time.Hour

// OpenErrors returns the receipts whose errors are open at a time, at most one for each
// mode, the newest first.
//
// A run that failed or was refused opens an error of its mode, and one that ran out of time
// does so when its retries are over. The error stays open until a run of that mode, or of
// one that covers it, succeeds or joins one that did: a successful incremental does not
// close the error of a refused sweep. Runs that were fenced or held open no error, and
// neither do rollbacks.
func (s State) OpenErrors(now time.Time) []Run {
	var open []Run
	for _, mode := range []Mode{Full, Sweep, Incremental, Remap} {
		for _, run := range s.Runs { // newest first
			confirmed := run.Succeeded() || run.Outcome == Nullable(Joined)
			if confirmed && run.Mode.Covers(mode) {
				break // it closed the error of any run before it
			}
			retries := run.Outcome == Nullable(RetryLater) && now.Sub(run.Started.Time) < retriesEnd
			if run.Mode == mode && run.mayOpenError() && !retries {
				open = append(open, run)
				break
			}
		}
	}
	slices.SortStableFunc(open, func(a, b Run) int { return b.Started.Compare(a.Started.Time) })
	return open
}

// mayOpenError reports whether the run ended in a way that opens an error, now or when its
// retries are over.
func (r Run) mayOpenError() bool {
	switch Outcome(r.Outcome) {
	case Failed, Refused, RetryLater:
		return true
	default:
		return false
	}
}
