package job

import (
	"slices"
	"time"
)

// runsKept bounds the receipts in a manifest.
const runsKept = 200

// LastSuccess returns when the newest successful run that covers mode finished; zero if
// none did.
func (s State) LastSuccess(mode Mode) time.Time {
	for _, run := range s.Runs {
		if run.Succeeded() && run.Mode.Covers(mode) {
			return run.Finished.Time
		}
	}
	return time.Time{}
}

// LastDone is LastSuccess, except that a skipped sweep counts too: data that was not to
// be confirmed is not stale.
func (s State) LastDone(mode Mode) time.Time {
	done := s.LastSuccess(mode)
	for _, run := range s.Runs {
		if mode == Sweep && run.Mode == Sweep && run.Skipped && run.Finished.After(done) {
			return run.Finished.Time
		}
	}
	return done
}

// Receipt returns the receipt of a run that has ended.
func (s State) Receipt(id string) (run Run, ended bool) {
	i := slices.IndexFunc(s.Runs, func(r Run) bool { return r.ID == id && r.Outcome != "" })
	if i < 0 {
		return Run{}, false
	}
	return s.Runs[i], true
}

// Has reports whether the receipt of this very attempt is there: the mark by which a
// writer detects its own write whose response was lost.
func (s State) Has(run Run) bool {
	kept, ended := s.Receipt(run.ID)
	return ended && kept.Attempt == run.Attempt
}

// addRun inserts a receipt by its start and counts its calls. It replaces an older
// receipt of the same run, and drops the oldest receipts beyond the limit, but never the
// new one, which marks the write. Calls that another run counted for the same attempt,
// when it reaped it, are subtracted. If a later attempt has already written a receipt,
// only the calls are added.
func (s *State) addRun(run Run, now time.Time) {
	was, ended := s.Receipt(run.ID)
	if ended && was.Fence == run.Fence && run.Fence > 0 {
		s.CountCalls(-was.AirtableCalls, was.Finished.Time) // by the store's clock: in that month
	}
	s.CountCalls(run.AirtableCalls, now)
	if ended && was.overtakes(run) {
		return
	}
	s.Runs = slices.DeleteFunc(s.Runs, func(r Run) bool { return r.ID == run.ID })
	s.forget(runsKept - 1)
	s.Runs = slices.Insert(s.Runs, 0, run.clipped())
	slices.SortStableFunc(s.Runs, func(a, b Run) int { return b.Started.Compare(a.Started.Time) })
}

// overtakes reports whether a receipt stays when another attempt of the same run writes
// one: it had the lease later, or has settled the run. An attempt that never had the
// lease has no place in time.
func (r Run) overtakes(other Run) bool {
	return r.Fence >= other.Fence && r.Settled() || r.Fence > other.Fence && other.Fence > 0
}

// forget retains the newest n receipts, and beyond them the newest success of each mode and
// the newest receipt that opened an error of a mode which no success has closed: whether a
// weekly full is overdue, and why, must not depend on the number of incrementals since.
func (s *State) forget(n int) {
	kept := s.Runs[:min(len(s.Runs), n):min(len(s.Runs), n)]
	for _, run := range s.Runs[len(kept):] {
		known := slices.ContainsFunc(kept, func(r Run) bool {
			return r.Mode == run.Mode && (r.Succeeded() || run.mayOpenError() && r.mayOpenError())
		})
		if !known && (run.Succeeded() || run.mayOpenError()) {
			kept = append(kept, run)
		}
	}
	s.Runs = kept
}
