package job

import (
	"math"
	"slices"
	"time"
)

const (
	// recentRuns is how many runs Estimate looks at: a day of many edits says nothing
	// about a month.
	recentRuns = 5
	// probeEvery is how often a scheduled run tries whether Airtable accepts calls again.
	probeEvery = 24 * time.Hour
)

// Quota carries Airtable's limits, which its client knows.
type Quota struct {
	PageSize  int // records that one call returns at most
	PerSecond int // calls that a base accepts in a second
}

// callsIn is how many calls can be made within d. A second more is for clocks that count
// in seconds.
func (q Quota) callsIn(d time.Duration) int {
	return int(math.Ceil((d + time.Second).Seconds() * float64(q.PerSecond)))
}

// Least returns the minimum number of calls of a run of a mode over a number of
// records: the schema, and the pages that it must read.
func (q Quota) Least(mode Mode, records int) int {
	pages := max((records+q.PageSize-1)/q.PageSize, 1)
	switch mode {
	case Full:
		return 1 + pages
	case Sweep:
		return 2 + pages
	case Remap:
		return 0
	}
	return 2
}

// Estimate returns how many calls the next run of a mode will make: the median of the
// last runs that succeeded, and at least what it must read.
func (s State) Estimate(mode Mode, records int, q Quota) int {
	var calls []int
	for _, run := range s.Runs {
		if run.Mode == mode && run.Succeeded() && len(calls) < recentRuns {
			calls = append(calls, run.AirtableCalls)
		}
	}
	if len(calls) == 0 {
		return q.Least(mode, records)
	}
	slices.Sort(calls)
	return max(q.Least(mode, records), calls[len(calls)/2])
}

// Forecast returns how many calls will have been made at the end of the month if as many
// runs follow as due says, by mode. It counts the runs of this store only: other
// programs may share the quota.
func (s State) Forecast(now time.Time, due map[Mode]int, records int, q Quota) int {
	calls := s.CallsIn(now)
	for mode, runs := range due {
		calls += runs * s.Estimate(mode, records, q)
	}
	return calls
}

// CallsIn returns how many calls were made in the UTC month of t. It is an upper bound
// where a run was killed.
func (s State) CallsIn(t time.Time) int { return s.Calls[month(t)] }

// CountCalls adds calls to the UTC month of now.
func (s *State) CountCalls(calls int, now time.Time) {
	if calls == 0 {
		return
	}
	if s.Calls == nil {
		s.Calls = map[string]int{}
	}
	s.Calls[month(now)] = max(s.Calls[month(now)]+calls, 0)
}

// QuotaUsedUp returns the time since which Airtable has rejected all calls because of its
// monthly quota; zero if it does not, or if it is time to retry.
func (s State) QuotaUsedUp(now time.Time) time.Time {
	for _, run := range s.Runs {
		if run.AirtableCalls == 0 {
			continue // it did not try
		}
		at := run.AirtableFinished.Time
		if run.QuotaUsedUp && month(at) == month(now) && now.Sub(at) < probeEvery {
			return at
		}
		break
	}
	return time.Time{}
}

func month(t time.Time) string { return t.UTC().Format("2006-01") }
