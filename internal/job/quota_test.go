package job_test

import (
	"testing"
	"time"

	"voc/internal/job"
)

var (
	noon     = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	airtable = job.Quota{PageSize: 100, PerSecond: 5}
)

func TestEstimate(t *testing.T) {
	t.Parallel()
	type store struct {
		job.State
		records int
	}
	of := func(records int, runs ...job.Run) store {
		return store{job.State{Runs: runs}, records}
	}
	run := func(mode job.Mode, outcome job.Outcome, calls int) job.Run {
		return job.Run{Mode: mode, Outcome: job.Nullable(outcome), AirtableCalls: calls}
	}
	incrementals := func(calls ...int) (runs []job.Run) {
		for _, n := range calls {
			runs = append(runs, run(job.Incremental, job.Unchanged, n))
		}
		return runs
	}
	for _, row := range []struct {
		name string
		s    store
		mode job.Mode
		want int
	}{
		{"of a store that is empty: the schema and a page", store{}, job.Full, 2},
		{"an incremental: the schema and a page", of(10_000), job.Incremental, 2},
		{"a full: the schema and all pages", of(10_001), job.Full, 1 + 101},
		{"a full of no records: the schema and a page", of(0), job.Full, 2},
		{"a sweep: the schema, what has changed and all pages", of(10_000), job.Sweep, 2 + 100},
		{"as the last one that succeeded", of(10_000, run(job.Incremental, job.Failed, 1),
			run(job.Full, job.Published, 101), run(job.Incremental, job.Unchanged, 9)), job.Incremental, 9},
		{"a day of many edits among the last five is no measure",
			of(10_000, incrementals(3, 3, 900, 4, 3)...), job.Incremental, 3},
		{"nor is one of none", of(10_000, incrementals(4, 2, 4, 5, 2)...), job.Incremental, 4},
		{"what was before the last five does not count",
			of(10_000, incrementals(9, 9, 4, 4, 4, 9, 9, 9, 9)...), job.Incremental, 4},
		{"not less than it must read, though it was less", of(10_000, run(job.Full, job.Published, 60)),
			job.Full, 101},
		{"as the last one, though that was more", of(10_000, run(job.Full, job.Published, 160)), job.Full,
			160},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.s.Estimate(row.mode, row.s.records, airtable); got != row.want {
				t.Errorf("%d calls, want %d", got, row.want)
			}
		})
	}
}

func TestForecast(t *testing.T) {
	t.Parallel()
	s := job.State{
		Runs:  []job.Run{{Mode: job.Incremental, Outcome: "unchanged", AirtableCalls: 3}},
		Calls: map[string]int{"2026-10": 5000, "2026-11": 400},
	}
	due := map[job.Mode]int{job.Incremental: 100, job.Sweep: 7, job.Full: 1}
	if got, want := s.Forecast(noon, due, 10_000, airtable), 400+100*3+7*102+101; got != want {
		t.Errorf("%d calls, want %d", got, want)
	}
	if got := s.Forecast(noon.AddDate(0, 1, 0), nil, 10_000, airtable); got != 0 {
		t.Errorf("%d calls in a month without any", got)
	}
}

func TestQuotaUsedUpProbesOnceADay(t *testing.T) {
	t.Parallel()
	ended := func(ago time.Duration, calls int, quotaUsedUp bool) job.Run {
		return job.Run{AirtableFinished: job.At(noon.Add(-ago)), AirtableCalls: calls,
			QuotaUsedUp: quotaUsedUp}
	}
	firstOfMonth := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name  string
		now   time.Time
		runs  []job.Run // newest first
		since time.Time
	}{
		{"no run", noon, nil, time.Time{}},
		{"the last one was let through", noon, []job.Run{ended(time.Hour, 9, false),
			ended(2*time.Hour, 1, true)}, time.Time{}},
		{"the last one was refused", noon, []job.Run{ended(time.Hour, 1, true),
			ended(2*time.Hour, 9, false)}, noon.Add(-time.Hour)},
		{"those since did not even try", noon, []job.Run{ended(time.Minute, 0, false),
			ended(time.Hour, 0, false), ended(23*time.Hour, 1, true)}, noon.Add(-23 * time.Hour)},
		{"that was a day ago", noon, []job.Run{ended(time.Hour, 0, false), ended(24*time.Hour, 1, true)},
			time.Time{}},
		{"the probe was refused too", noon, []job.Run{ended(time.Hour, 1, true),
			ended(25*time.Hour, 1, true)}, noon.Add(-time.Hour)},
		{"that was last month", firstOfMonth, []job.Run{ended(noon.Sub(firstOfMonth)+time.Minute, 1,
			true)}, time.Time{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := (job.State{Runs: row.runs}).QuotaUsedUp(row.now); !got.Equal(row.since) {
				t.Errorf("since %s, want %s", got, row.since)
			}
		})
	}
}
