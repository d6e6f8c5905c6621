package serverhost

import (
	"context"
	"log/slog"
	"time"

	"voc/internal/config"
	"voc/internal/job"
	"voc/internal/schedule"
)

// scheduler starts refreshes when they are due.
type scheduler struct {
	entries []entry
	start   func(job.Request) error
	now     func() time.Time
	log     *slog.Logger
}

type entry struct {
	mode job.Mode
	schedule.Schedule
	next time.Time // zero: never
}

// newScheduler returns a scheduler by the clock now. Its first entry is the full refresh, so that
// of two runs due at the same time the lesser joins the greater.
func newScheduler(
	cfg config.Schedule, start func(job.Request) error, now func() time.Time, log *slog.Logger,
) *scheduler {
	return &scheduler{start: start, now: now, log: log, entries: []entry{
		{mode: job.Full, Schedule: cfg.Full},
		{mode: job.Sweep, Schedule: cfg.Sweep},
		{mode: job.Incremental, Schedule: cfg.Incremental},
	}}
}

// run starts runs when they are due, until ctx ends.
func (s *scheduler) run(ctx context.Context) {
	s.plan(s.now())
	for ctx.Err() == nil {
		timer := time.NewTimer(s.untilNext(s.now()))
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
			s.tick(s.now())
		}
	}
}

func (s *scheduler) plan(now time.Time) {
	for i := range s.entries {
		s.entries[i].next = s.entries[i].Next(now)
	}
}

// maxWait is how often the scheduler looks at the wall clock: a timer stops while a laptop
// sleeps, and does not notice that the clock was set.
const maxWait = time.Minute

// untilNext returns the time until the next run is due, at most maxWait.
func (s *scheduler) untilNext(now time.Time) time.Duration {
	wait := maxWait
	for _, e := range s.entries {
		if !e.next.IsZero() {
			wait = min(wait, e.next.Sub(now))
		}
	}
	return max(wait, 0)
}

// maxDelay is how late a run may start and still count as scheduled.
const maxDelay = 5 * time.Minute

func (s *scheduler) tick(now time.Time) {
	for i := range s.entries {
		e := &s.entries[i]
		if next := e.Next(now); next.Before(e.next) { // the clock was set back
			e.next = next
		}
		if e.next.IsZero() || now.Before(e.next) {
			continue
		}
		trigger := job.TriggerSchedule
		if now.Sub(e.next) > maxDelay {
			trigger = job.TriggerCatchUp
		}
		s.startDue(e.mode, trigger, e.next)
		e.next = e.Next(now)
	}
}

// startDue starts the run that is due at a time. Its id contains that time, so that only one of
// several servers over one store does it.
func (s *scheduler) startDue(mode job.Mode, trigger job.Trigger, at time.Time) {
	request := job.Request{ID: job.ScheduledRunID(mode, at), Mode: mode, Trigger: trigger}
	if err := s.start(request); err != nil {
		s.log.Warn("a refresh is due and cannot be started", "mode", mode, "error", err)
	}
}

// retryDelays are the waits before the attempts after the first, as Lambda has them for an
// asynchronous invocation.
var retryDelays = []time.Duration{time.Minute, 2 * time.Minute}

// runner accepts requests and waits for the runs that it promised.
type runner interface {
	Ask(context.Context, job.Request) (job.Ticket, error)
	Wait(context.Context, job.Ticket) (job.Run, error)
}

// retry waits for the run of a ticket, and requests it again while it fails for a reason that may
// pass.
func retry(ctx context.Context, r runner, request job.Request, ticket job.Ticket) {
	for _, delay := range retryDelays {
		receipt, err := r.Wait(ctx, ticket)
		if err != nil || !receipt.MayPass() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(delay):
		}
		if ticket, err = r.Ask(ctx, request); err != nil {
			return
		}
	}
}
