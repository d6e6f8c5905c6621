package serverhost

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/config"
	"voc/internal/job"
)

// recorder is a scheduler of the default schedule, with the runs that it has started.
type recorder struct {
	*scheduler
	runs []string
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	cfg, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	r.scheduler = newScheduler(cfg.Schedule, func(q job.Request) error {
		r.runs = append(r.runs, fmt.Sprint(q.Mode, " by ", q.Trigger))
		return nil
	}, time.Now, slog.New(slog.DiscardHandler))
	return r
}

func at(t *testing.T, local string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	instant, err := time.ParseInLocation(time.DateTime, local, zone)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func TestScheduler(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		want           []string
	}{
		{"Monday morning", "2026-11-23 08:30:00", "2026-11-23 10:30:00",
			[]string{"incremental by schedule", "incremental by schedule"}},
		{"early morning", "2026-11-23 06:00:00", "2026-11-23 07:00:00",
			[]string{"sweep by schedule"}},
		{"Saturday", "2026-11-21 00:00:00", "2026-11-21 23:59:59", nil},
		{"Sunday night", "2026-11-22 23:00:00", "2026-11-23 00:30:00",
			[]string{"full by schedule"}},
	} {
		r := newRecorder(t)
		now, end := at(t, c.from), at(t, c.to)
		r.plan(now)
		for now.Before(end) {
			now = now.Add(max(r.untilNext(now), time.Second))
			r.tick(now)
		}
		if !slices.Equal(r.runs, c.want) {
			t.Errorf("%s: %q, want %q", c.name, r.runs, c.want)
		}
	}
}

func TestSchedulerAfterSleep(t *testing.T) {
	r := newRecorder(t)
	r.plan(at(t, "2026-11-23 09:30:00"))
	r.tick(at(t, "2026-11-23 14:20:00"))
	r.tick(at(t, "2026-11-23 14:21:00"))
	if want := []string{"incremental by catch-up"}; !slices.Equal(r.runs, want) {
		t.Errorf("%q, want %q", r.runs, want)
	}
}

func TestSchedulerClockSetBack(t *testing.T) {
	r := newRecorder(t)
	r.plan(at(t, "2036-11-24 09:30:00"))
	r.tick(at(t, "2026-11-23 09:30:00"))
	r.tick(at(t, "2026-11-23 10:00:00"))
	if want := []string{"incremental by schedule"}; !slices.Equal(r.runs, want) {
		t.Errorf("%q, want %q", r.runs, want)
	}
}

// fakeRunner returns one receipt for each attempt.
type fakeRunner struct {
	receipts []job.Run
	attempts int
}

func (f *fakeRunner) Ask(context.Context, job.Request) (job.Ticket, error) {
	f.attempts++
	return job.Ticket{}, nil
}

func (f *fakeRunner) Wait(context.Context, job.Ticket) (job.Run, error) {
	return f.receipts[f.attempts-1], nil
}

func TestRetry(t *testing.T) {
	failed, retryLater := job.Run{Outcome: "failed"}, job.Run{Outcome: "retry-later"}
	final := job.Run{Outcome: "failed", Final: true}
	published, refused := job.Run{Outcome: "published"}, job.Run{Outcome: "refused"}
	for name, c := range map[string]struct {
		receipts []job.Run
		attempts int
		took     time.Duration
	}{
		"published":           {[]job.Run{published}, 1, 0},
		"final failure":       {[]job.Run{final}, 1, 0},
		"refused":             {[]job.Run{refused}, 1, 0},
		"failed once":         {[]job.Run{failed, published}, 2, time.Minute},
		"failed twice":        {[]job.Run{failed, retryLater, published}, 3, 3 * time.Minute},
		"failed at each time": {[]job.Run{failed, failed, failed, failed}, 3, 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, began := &fakeRunner{receipts: c.receipts}, time.Now()
				first, _ := r.Ask(t.Context(), job.Request{})
				retry(t.Context(), r, job.Request{}, first)
				if took := time.Since(began); r.attempts != c.attempts || took != c.took {
					t.Errorf("%d attempts in %s, want %d in %s",
						r.attempts, took, c.attempts, c.took)
				}
			})
		})
	}
}
