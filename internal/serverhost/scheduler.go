package serverhost

import (
	"context"
	"log/slog"
	"time"

	"voc/internal/config"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/schedule"
)

const (
	// wake is how often the clock on the wall is looked at: a timer alone stands still while a laptop sleeps, and does not notice a clock that is set.
	wake = time.Minute
	// late is by how much a run may miss its time and still count as the scheduled one.
	late = 5 * time.Minute
)

// scheduler asks for refreshes when they are due.
type scheduler struct {
	entries []entry
	ask     func(job.Request) (job.Ticket, error)
	now     func() time.Time
	log     *slog.Logger
}

type entry struct {
	mode job.Mode
	schedule.Schedule
	next time.Time // zero: never
}

// newScheduler makes a scheduler by the machine's clock. It knows the full first, so that of two that are due together the lesser one joins the greater.
func newScheduler(cfg config.Schedule, ask func(job.Request) (job.Ticket, error), log *slog.Logger) *scheduler {
	return &scheduler{ask: ask, now: wallClock, log: log, entries: []entry{
		{mode: job.Full, Schedule: cfg.Full}, {mode: job.Sweep, Schedule: cfg.Sweep}, {mode: job.Incremental, Schedule: cfg.Incremental},
	}}
}

// catchUp asks, once, for what was due while no process was there to do it.
func (s *scheduler) catchUp(m manifest.Manifest, now time.Time) {
	for _, e := range s.entries {
		if missed := e.Missed(m.LastDone(e.mode), now); !missed.IsZero() {
			s.log.Info("a refresh was missed and is caught up", "mode", e.mode, "due", missed)
			s.due(e.mode, job.TriggerCatchUp, missed)
			return
		}
	}
}

// run asks at each due time until ctx ends.
func (s *scheduler) run(ctx context.Context) {
	s.plan(s.now())
	for ctx.Err() == nil {
		timer := time.NewTimer(s.pause(s.now()))
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

// pause is how long nothing is to be done.
func (s *scheduler) pause(now time.Time) time.Duration {
	pause := wake
	for _, e := range s.entries {
		if !e.next.IsZero() {
			pause = min(pause, e.next.Sub(now))
		}
	}
	return max(pause, 0)
}

func (s *scheduler) tick(now time.Time) {
	for i := range s.entries {
		e := &s.entries[i]
		if next := e.Next(now); next.Before(e.next) { // the clock was put back
			e.next = next
		}
		if e.next.IsZero() || now.Before(e.next) {
			continue
		}
		trigger := job.TriggerSchedule
		if now.Sub(e.next) > late {
			trigger = job.TriggerCatchUp
		}
		s.due(e.mode, trigger, e.next)
		e.next = e.Next(now)
	}
}

// due asks for the run of a time. Its id tells that time, so that of several servers over one store one does it.
func (s *scheduler) due(mode job.Mode, trigger job.Trigger, at time.Time) {
	if _, err := s.ask(job.Request{ID: job.ScheduledRunID(mode, at), Mode: mode, Trigger: trigger}); err != nil {
		s.log.Warn("a refresh is due and can not be started", "mode", mode, "error", err)
	}
}

// retries are after how long a run that nobody asked for is tried again, as long as it fails for a reason that may pass: as Lambda does with an asynchronous call.
var retries = []time.Duration{time.Minute, 2 * time.Minute}

// runner accepts requests, and waits for the runs that it promised.
type runner interface {
	Ask(context.Context, job.Request) (job.Ticket, error)
	Wait(context.Context, job.Ticket) (job.Run, error)
}

// again waits for the run of a ticket, and requests it again while that may help.
func again(ctx context.Context, r runner, q job.Request, ticket job.Ticket) {
	for _, pause := range retries {
		receipt, err := r.Wait(ctx, ticket)
		if err != nil || !receipt.MayPass() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if ticket, err = r.Ask(ctx, q); err != nil {
			return
		}
	}
}
