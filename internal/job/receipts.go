package job

import (
	"slices"
	"time"
)

// LastDone returns when the newest successful run that covers mode finished; zero if none
// did. A skipped sweep counts too, since data is not stale if voc deliberately did not
// confirm it.
func (s State) LastDone(mode Mode) time.Time {
	var done time.Time
	for _, run := range s.Runs {
		if run.Succeeded() && run.Mode.Covers(mode) {
			done = run.Finished.Time
			break
		}
	}
	for _, run := range s.Runs {
		if mode == Sweep && run.Mode == Sweep && run.Skipped && run.Finished.After(done) {
			return run.Finished.Time
		}
	}
	return done
}

// LastSuccess returns the newest refresh that confirmed the data against Airtable; zero if none
// did.
func (s State) LastSuccess() Run {
	for _, run := range s.Runs {
		if run.Succeeded() && run.Mode.Covers(Incremental) {
			return run
		}
	}
	return Run{}
}

// SilentFor is how old the watchdog's last look may be: it looks every 15 minutes.
const SilentFor = 45 * time.Minute

// WatchdogSilent returns since when the watchdog has not looked, as the newest run saw it; zero if
// that run found it watching, or does not say.
func (s State) WatchdogSilent() time.Time {
	for _, run := range s.Runs { // newest first
		if run.Trigger.ByPerson() && run.WatchedAt.IsZero() {
			continue
		}
		if !run.WatchedAt.IsZero() && run.Started.Sub(run.WatchedAt.Time) > SilentFor {
			return run.WatchedAt.Time
		}
		break
	}
	return time.Time{}
}

// Receipt returns the receipt of a run that has ended.
func (s State) Receipt(id string) (run Run, ended bool) {
	i := slices.IndexFunc(s.Runs, func(r Run) bool { return r.ID == id && r.Outcome != "" })
	if i < 0 {
		return Run{}, false
	}
	return s.Runs[i], true
}

// Has reports whether the state has the receipt of this very attempt: the mark by which
// a writer detects its own write whose response was lost.
func (s State) Has(run Run) bool {
	kept, ended := s.Receipt(run.ID)
	return ended && kept.Attempt == run.Attempt
}

// runsKept bounds the receipts in a manifest.
const runsKept = 200

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
