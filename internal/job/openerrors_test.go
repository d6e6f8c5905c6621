package job_test

import (
	"slices"
	"testing"
	"time"

	"voc/internal/job"
)

// The runs of a row are listed newest first, a minute apart, and all are older than the
// retries take.
func TestOpenErrors(t *testing.T) {
	t.Parallel()
	type receipt struct {
		mode    job.Mode
		outcome job.Outcome
	}
	for name, c := range map[string]struct {
		runs []receipt
		open []job.Mode // newest first
	}{
		"no runs":         {nil, nil},
		"success":         {[]receipt{{job.Full, job.Published}}, nil},
		"failure":         {[]receipt{{job.Full, job.Failed}}, []job.Mode{job.Full}},
		"refusal":         {[]receipt{{job.Sweep, job.Refused}}, []job.Mode{job.Sweep}},
		"time up":         {[]receipt{{job.Full, job.RetryLater}}, []job.Mode{job.Full}},
		"fenced":          {[]receipt{{job.Full, job.Fenced}}, nil},
		"held":            {[]receipt{{job.Sweep, job.Held}}, nil},
		"running":         {[]receipt{{job.Full, ""}}, nil},
		"failed rollback": {[]receipt{{job.Rollback, job.Failed}}, nil},
		"rollback does not close": {[]receipt{{job.Rollback, job.Published}, {job.Full, job.Failed}},
			[]job.Mode{job.Full}},
		"same mode closes": {[]receipt{{job.Sweep, job.Unchanged}, {job.Sweep, job.Failed}},
			nil},
		"greater mode closes": {[]receipt{{job.Full, job.Published}, {job.Sweep, job.Refused}},
			nil},
		"lesser mode does not": {[]receipt{{job.Incremental, job.Published},
			{job.Sweep, job.Refused}}, []job.Mode{job.Sweep}},
		"sweep does not close full": {[]receipt{{job.Sweep, job.Published}, {job.Full, job.Failed}},
			[]job.Mode{job.Full}},
		"joined closes": {[]receipt{{job.Sweep, job.Joined}, {job.Sweep, job.Failed}}, nil},
		"joined lesser does not": {[]receipt{{job.Incremental, job.Joined}, {job.Full, job.Failed}},
			[]job.Mode{job.Full}},
		"held does not close": {[]receipt{{job.Sweep, job.Held}, {job.Sweep, job.Failed}},
			[]job.Mode{job.Sweep}},
		"opened again": {
			[]receipt{{job.Full, job.Failed}, {job.Full, job.Published}, {job.Full, job.Failed}},
			[]job.Mode{job.Full},
		},
		"one of each mode": {
			[]receipt{{job.Incremental, job.Failed}, {job.Full, job.Refused}, {job.Sweep, job.Failed},
				{job.Full, job.Published}},
			[]job.Mode{job.Incremental, job.Full, job.Sweep},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s job.State
			for i, r := range c.runs {
				at := job.At(noon.Add(time.Duration(-i) * time.Minute))
				s.Runs = append(s.Runs, job.Run{Mode: r.mode, Outcome: job.Nullable(r.outcome), Started: at,
					Finished: at})
			}
			var open []job.Mode
			for _, run := range s.OpenErrors(noon.Add(time.Hour)) {
				open = append(open, run.Mode)
			}
			if !slices.Equal(open, c.open) {
				t.Errorf("open: %q, want %q", open, c.open)
			}
		})
	}
}

// A run that ran out of time is retried, and is no error before its last retry is over.
func TestOpenErrorsWaitForRetries(t *testing.T) {
	t.Parallel()
	s := job.State{Runs: []job.Run{{Mode: job.Full, Outcome: job.Nullable(job.RetryLater),
		Started: job.At(noon)}}}
	if open := s.OpenErrors(noon.Add(59 * time.Minute)); len(open) > 0 {
		t.Errorf("before the last retry: %+v", open)
	}
	if open := s.OpenErrors(noon.Add(time.Hour)); len(open) != 1 {
		t.Errorf("after the last retry: %+v", open)
	}
}

// A sweep is refused, and then more incrementals succeed than a manifest has receipts for.
func TestOpenErrorsOutliveTheReceiptsAfterThem(t *testing.T) {
	t.Parallel()
	var s job.State
	record := func(mode job.Mode, outcome job.Outcome, hour int) {
		at := noon.Add(time.Duration(hour) * time.Hour)
		s.Record(job.Run{
			ID: job.NewRunID(mode, at), Mode: mode, Outcome: job.Nullable(outcome), Started: job.At(at),
			Finished: job.At(at),
		}, at)
	}
	record(job.Full, job.Published, 0)
	record(job.Sweep, job.Refused, 1)
	for hour := range 300 {
		record(job.Incremental, job.Unchanged, 2+hour)
	}
	if open := s.OpenErrors(noon.Add(400 * time.Hour)); len(open) != 1 || open[0].Mode != job.Sweep {
		t.Errorf("open: %+v", open)
	}
	record(job.Full, job.Published, 303)
	if open := s.OpenErrors(noon.Add(400 * time.Hour)); len(open) > 0 {
		t.Errorf("after a full: %+v", open)
	}
}
