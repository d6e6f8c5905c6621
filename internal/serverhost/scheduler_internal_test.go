package serverhost

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/config"
	"voc/internal/job"
	"voc/internal/manifest"
)

// asked is a scheduler of the default schedule with the refreshes it asked for.
type asked struct {
	*scheduler
	runs []string
}

func newAsked(t *testing.T) *asked {
	t.Helper()
	cfg, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &asked{}
	a.scheduler = newScheduler(cfg.Schedule, func(q job.Request) (job.Ticket, error) {
		a.runs = append(a.runs, fmt.Sprint(q.Mode, " by ", q.Trigger))
		return job.Ticket{}, nil
	}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	return a
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

func TestSchedulerAsksWhenARefreshIsDueAndOnce(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		want           []string
	}{
		{"a Monday morning", "2026-11-23 08:30:00", "2026-11-23 10:30:00", []string{"incremental by schedule", "incremental by schedule"}},
		{"an early morning", "2026-11-23 06:00:00", "2026-11-23 07:00:00", []string{"sweep by schedule"}},
		{"a Saturday", "2026-11-21 00:00:00", "2026-11-21 23:59:59", nil},
		{"Sunday night", "2026-11-22 23:00:00", "2026-11-23 00:30:00", []string{"full by schedule"}},
	} {
		a := newAsked(t)
		now, end := at(t, c.from), at(t, c.to)
		a.plan(now)
		for now.Before(end) {
			now = now.Add(max(a.pause(now), time.Second))
			a.tick(now)
		}
		if !slices.Equal(a.runs, c.want) {
			t.Errorf("%s: %q, want %q", c.name, a.runs, c.want)
		}
	}
}

func TestSchedulerCatchesUpOnceAfterTheMachineSlept(t *testing.T) {
	a := newAsked(t)
	a.plan(at(t, "2026-11-23 09:30:00"))
	a.tick(at(t, "2026-11-23 14:20:00"))
	a.tick(at(t, "2026-11-23 14:21:00"))
	if want := []string{"incremental by catch-up"}; !slices.Equal(a.runs, want) {
		t.Errorf("%q, want %q", a.runs, want)
	}
}

func TestSchedulerCatchesUpOnceWhatWasMissedWhileItWasDown(t *testing.T) {
	receipt := func(mode job.Mode, finished string) job.Run {
		return job.Run{ID: finished, Mode: mode, Outcome: job.Nullable(job.Published), Finished: job.At(at(t, finished))}
	}
	for _, c := range []struct {
		name, now string
		runs      []job.Run
		want      []string
	}{
		{"nothing was due", "2026-11-24 09:40:00", []job.Run{receipt(job.Incremental, "2026-11-24 09:00:05"), receipt(job.Sweep, "2026-11-24 06:30:30"), receipt(job.Full, "2026-11-22 23:59:20")}, nil},
		{"some incrementals", "2026-11-24 15:40:00", []job.Run{receipt(job.Incremental, "2026-11-24 09:00:05"), receipt(job.Sweep, "2026-11-24 06:30:30"), receipt(job.Full, "2026-11-22 23:59:20")}, []string{"incremental by catch-up"}},
		{"the sweep, which does what an incremental does", "2026-11-24 15:40:00", []job.Run{receipt(job.Incremental, "2026-11-24 09:00:05"), receipt(job.Full, "2026-11-22 23:59:20")}, []string{"sweep by catch-up"}},
		{"the full, which does what an incremental does", "2026-11-24 15:40:00", []job.Run{receipt(job.Incremental, "2026-11-20 21:00:05"), receipt(job.Full, "2026-11-15 23:59:20")}, []string{"full by catch-up"}},
		{"the full alone", "2026-11-24 15:40:00", []job.Run{receipt(job.Incremental, "2026-11-24 15:00:05"), receipt(job.Full, "2026-11-15 23:59:20")}, []string{"full by catch-up"}},
	} {
		a := newAsked(t)
		a.catchUp(manifest.Manifest{State: job.State{Runs: c.runs}}, at(t, c.now))
		if !slices.Equal(a.runs, c.want) {
			t.Errorf("%s: %q, want %q", c.name, a.runs, c.want)
		}
	}
}

func TestSchedulerGoesOnWhenTheClockIsPutBack(t *testing.T) {
	a := newAsked(t)
	a.plan(at(t, "2036-11-24 09:30:00"))
	a.tick(at(t, "2026-11-23 09:30:00"))
	a.tick(at(t, "2026-11-23 10:00:00"))
	if want := []string{"incremental by schedule"}; !slices.Equal(a.runs, want) {
		t.Errorf("%q, want %q", a.runs, want)
	}
}

// fakeRunner returns a receipt for each try.
type fakeRunner struct {
	receipts []job.Run
	tries    int
}

func (f *fakeRunner) Ask(context.Context, job.Request) (job.Ticket, error) {
	f.tries++
	return job.Ticket{}, nil
}

func (f *fakeRunner) Wait(context.Context, job.Ticket) (job.Run, error) {
	return f.receipts[f.tries-1], nil
}

func TestARunThatFailsForAReasonThatMayPassIsTriedTwiceMore(t *testing.T) {
	failed, later, final := job.Run{Outcome: "failed"}, job.Run{Outcome: "retry-later"}, job.Run{Outcome: "failed", Final: true}
	done, refused := job.Run{Outcome: "published"}, job.Run{Outcome: "refused"}
	for name, c := range map[string]struct {
		receipts []job.Run
		tries    int
		took     time.Duration
	}{
		"it does not fail":       {[]job.Run{done}, 1, 0},
		"it fails for good":      {[]job.Run{final}, 1, 0},
		"it is refused":          {[]job.Run{refused}, 1, 0},
		"it fails once":          {[]job.Run{failed, done}, 2, time.Minute},
		"it fails again":         {[]job.Run{failed, later, done}, 3, 3 * time.Minute},
		"it fails over and over": {[]job.Run{failed, failed, failed, failed}, 3, 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, began := &fakeRunner{receipts: c.receipts}, time.Now()
				first, _ := r.Ask(t.Context(), job.Request{})
				again(t.Context(), r, job.Request{}, first)
				if took := time.Since(began); r.tries != c.tries || took != c.took {
					t.Errorf("%d tries in %s, want %d in %s", r.tries, took, c.tries, c.took)
				}
			})
		})
	}
}
