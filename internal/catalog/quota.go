package catalog

import (
	"slices"
	"time"
)

// pageSize is how many records a call to Airtable gives at most.
const pageSize = 100

// CallsIn is how many calls to Airtable were made in the UTC month of t: an upper bound where a run was killed, whose last calls nobody wrote down.
func (m Manifest) CallsIn(t time.Time) int { return m.Calls[month(t)] }

func month(t time.Time) string { return t.UTC().Format("2006-01") }

func (m *Manifest) countCalls(calls int, now time.Time) {
	if calls == 0 {
		return
	}
	if m.Calls == nil {
		m.Calls = map[string]int{}
	}
	m.Calls[month(now)] = max(m.Calls[month(now)]+calls, 0)
}

// Least is how few calls to Airtable a run of a mode can make: the schema, and the pages that it must read.
func (m Manifest) Least(mode Mode) int {
	pages := 1
	if current, err := m.CurrentSnapshot(); err == nil {
		pages = max((current.Records+pageSize-1)/pageSize, 1)
	}
	switch mode {
	case Full:
		return 1 + pages
	case Sweep:
		return 2 + pages
	}
	return 2
}

// recentRuns is of how many runs the usual one is taken: a day on which much was edited is no measure for the month.
const recentRuns = 5

// Estimate is how many calls to Airtable the next run of a mode will make: the median of the last ones that succeeded, and not fewer than it must.
func (m Manifest) Estimate(mode Mode) int {
	var calls []int
	for _, run := range m.Runs {
		if run.Mode == mode && run.Succeeded() && len(calls) < recentRuns {
			calls = append(calls, run.AirtableCalls)
		}
	}
	if len(calls) == 0 {
		return m.Least(mode)
	}
	slices.Sort(calls)
	return max(m.Least(mode), calls[len(calls)/2])
}

// Forecast is how many calls will have been made at the end of the month, if as many runs as due says, by mode, are yet to come. They are the calls of this store
// alone: other programs may share the quota.
func (m Manifest) Forecast(now time.Time, due map[Mode]int) int {
	calls := m.CallsIn(now)
	for mode, runs := range due {
		calls += runs * m.Estimate(mode)
	}
	return calls
}

// probeEvery is how often a run that nobody asked for tries whether Airtable takes calls again.
const probeEvery = 24 * time.Hour

// QuotaUsedUp says since when Airtable refuses all calls of the month, as far as it is known: zero when it does not, or when it is time to try again.
func (m Manifest) QuotaUsedUp(now time.Time) time.Time {
	for _, run := range m.Runs {
		if run.AirtableCalls == 0 {
			continue // it does not know
		}
		if at := run.AirtableFinished.Time; run.QuotaUsedUp && month(at) == month(now) && now.Sub(at) < probeEvery {
			return at
		}
		break
	}
	return time.Time{}
}
