package catalog

import (
	"slices"
	"time"
)

// runsKept bounds the receipts in a manifest.
const runsKept = 200

// LastSuccess is when the newest run that did at least what mode does finished, zero if none succeeded.
func (m Manifest) LastSuccess(mode Mode) time.Time {
	for _, run := range m.Runs {
		if run.Succeeded() && run.Mode.Covers(mode) {
			return run.Finished.Time
		}
	}
	return time.Time{}
}

// LastDone is LastSuccess, but that a sweep which was left out on purpose counts too: there is nothing wrong with data that nobody was to confirm.
func (m Manifest) LastDone(mode Mode) time.Time {
	done := m.LastSuccess(mode)
	for _, run := range m.Runs {
		if mode == Sweep && run.Mode == Sweep && run.Skipped && run.Finished.After(done) {
			return run.Finished.Time
		}
	}
	return done
}

// Receipt is that of a run that has ended.
func (m Manifest) Receipt(id string) (run Run, ended bool) {
	i := slices.IndexFunc(m.Runs, func(r Run) bool { return r.ID == id && r.Outcome != "" })
	if i < 0 {
		return Run{}, false
	}
	return m.Runs[i], true
}

// has says whether the receipt of just this attempt is there: the mark by which a writer knows a write of its own whose answer was lost.
func (m Manifest) has(run Run) bool {
	kept, ended := m.Receipt(run.ID)
	return ended && kept.Attempt == run.Attempt
}

// addRun puts a receipt where it belongs by its start; an older receipt of the same run goes, and the oldest where there are too many: never the new one, for it is the
// mark of the write. Its calls are counted, and what somebody else has counted for the same attempt, taking it for dead, is taken back. An attempt that another one of the
// same run has overtaken leaves no more than its calls.
func (m *Manifest) addRun(run Run, now time.Time) {
	was, ended := m.Receipt(run.ID)
	if ended && was.Fence == run.Fence && run.Fence > 0 {
		m.countCalls(-was.AirtableCalls, was.Finished.Time) // by the store's clock: in the month in which they were counted
	}
	m.countCalls(run.AirtableCalls, now)
	if ended && was.overtakes(run) {
		return
	}
	m.Runs = slices.DeleteFunc(m.Runs, func(r Run) bool { return r.ID == run.ID })
	m.forget(runsKept - 1)
	m.Runs = slices.Insert(m.Runs, 0, run.clipped())
	slices.SortStableFunc(m.Runs, func(a, b Run) int { return b.Started.Compare(a.Started.Time) })
}

// overtakes says whether a receipt stays when another attempt of the same run leaves one: it had the lease later, or has settled the run. An attempt that never had the lease
// tells nothing about when.
func (r Run) overtakes(other Run) bool {
	return r.Fence >= other.Fence && r.Settled() || r.Fence > other.Fence && other.Fence > 0
}

// forget keeps the newest n receipts, and of each mode the newest success beyond them: whether a weekly full is overdue must not depend on how many incrementals
// there were since.
func (m *Manifest) forget(n int) {
	kept := m.Runs[:min(len(m.Runs), n):min(len(m.Runs), n)]
	for _, run := range m.Runs[len(kept):] {
		known := slices.ContainsFunc(kept, func(r Run) bool { return r.Mode == run.Mode && r.Succeeded() })
		if run.Succeeded() && !known {
			kept = append(kept, run)
		}
	}
	m.Runs = kept
}
