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
// A run that failed or was refused opens an error of its mode, and one that ran out of
// time does so when its retries are over. The error stays open until a run of that mode, or
// of one that covers it, succeeds or joins one that did: an incremental that succeeds says
// nothing about a sweep that was refused. Runs that were fenced or held open no error, and
// neither do rollbacks.
func (s State) OpenErrors(now time.Time) []Run {
	var open []Run
	for _, mode := range []Mode{Full, Sweep, Incremental} {
		if run, ok := s.openError(mode, now); ok {
			open = append(open, run)
		}
	}
	slices.SortStableFunc(open, func(a, b Run) int { return b.Started.Compare(a.Started.Time) })
	return open
}

// openError returns the newest receipt of a mode that opened an error, unless a later run
// closed it.
func (s State) openError(mode Mode, now time.Time) (Run, bool) {
	for _, run := range s.Runs { // newest first
		switch {
		case run.closesError(mode):
			return Run{}, false
		case run.Mode == mode && run.opensError(now):
			return run, true
		}
	}
	return Run{}, false
}

func (r Run) closesError(mode Mode) bool {
	return r.Mode.Covers(mode) && (r.Succeeded() || r.Outcome == Nullable(Joined))
}

func (r Run) opensError(now time.Time) bool {
	if r.Outcome == Nullable(RetryLater) && now.Sub(r.Started.Time) < retriesEnd {
		return false
	}
	return r.mayOpenError()
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
