package watch

import (
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/schedule"
)

// Calendar is when runs are due, and how many calls to Airtable they may make.
type Calendar struct {
	Full, Sweep, Incremental schedule.Schedule

	On           bool // a scheduler starts the runs that are due
	MonthlyCalls int  // the cap on calls to Airtable in a UTC month; 0: none
	Quota        job.Quota
	// Due returns how many runs of each mode are due in the rest of the UTC month.
	Due func(now time.Time) map[job.Mode]int
}

type entry struct {
	mode job.Mode
	schedule.Schedule
}

// entries returns the schedules, the one whose runs do most first.
func (c Calendar) entries() [3]entry {
	return [...]entry{{job.Full, c.Full}, {job.Sweep, c.Sweep}, {job.Incremental, c.Incremental}}
}

// Late is a refresh that has not succeeded in time.
type Late struct {
	Mode job.Mode
	Due  time.Time
}

// Overdue returns the refreshes without success since schedule.Grace after they were due. A
// refresh that became late after a rollback is late because of it, and left out.
func (c Calendar) Overdue(m manifest.Manifest, now time.Time) (late []Late) {
	for _, e := range c.entries() {
		success := m.LastDone(e.mode)
		if success.IsZero() {
			continue // there is no data that could be stale
		}
		at := e.StaleAt(success)
		if at.IsZero() || now.Before(at) || m.Hold != nil && !at.Before(m.Hold.At.Time) {
			continue
		}
		late = append(late, Late{e.mode, at.Add(-schedule.Grace)})
	}
	return late
}

// CatchUp returns the run that makes up for what was missed by now, of the greatest mode that was
// due at least grace ago. It has the id of the missed run, so that several hosts do it once. ok is
// false if nothing was missed, if a running refresh does it, if a catch-up of that run has failed
// already, if the cap has no calls left for it, and while a rollback holds scheduled runs. While
// Airtable's own quota is used up, a run that has no receipt yet says so without a call; one that
// has is not repeated, since its receipt may be the one that tells of the quota.
func (c Calendar) CatchUp(
	m manifest.Manifest, now time.Time, grace time.Duration,
) (r job.Request, ok bool) {
	if m.Hold != nil {
		return job.Request{}, false
	}
	usedUp := !m.QuotaUsedUp(now).IsZero()
	for _, e := range c.entries() {
		due := e.Missed(m.LastDone(e.mode), now)
		if due.IsZero() || now.Sub(due) < grace {
			continue
		}
		r := job.Request{
			ID: job.ScheduledRunID(e.mode, due), Mode: e.mode, Trigger: job.TriggerCatchUp,
		}
		lease, running := m.RunningAt(m.ReadAt)
		if running && (lease.Run.ID == r.ID || r.JoinedBy(lease.Request())) {
			return job.Request{}, false
		}
		receipt, ended := m.Receipt(r.ID)
		tried := ended && (receipt.Settled() || receipt.Trigger == job.TriggerCatchUp || usedUp)
		needs := m.Estimate(e.mode, m.Records(), c.Quota)
		if tried || c.MonthlyCalls > 0 && m.CallsIn(now)+needs > c.MonthlyCalls {
			continue // a lesser run may do a part of it
		}
		return r, true
	}
	return job.Request{}, false
}

// Promote returns the run to do in place of a scheduled one that is due now: the one that catches
// up, if that does more, or else r itself.
func (c Calendar) Promote(r job.Request, m manifest.Manifest, now time.Time) job.Request {
	if r.Trigger != job.TriggerSchedule {
		return r
	}
	missed, ok := c.CatchUp(m, now, schedule.Grace)
	if ok && missed.Mode != r.Mode && missed.Mode.Covers(r.Mode) {
		return missed
	}
	return r
}

// LastOfDay reports whether no other incremental is due on the day that it is now, in the
// schedule's zone.
func (c Calendar) LastOfDay(now time.Time) bool {
	zone, err := time.LoadLocation(c.Incremental.Zone())
	next := c.Incremental.Next(now)
	if err != nil || next.IsZero() {
		return false
	}
	return now.In(zone).Format(time.DateOnly) != next.In(zone).Format(time.DateOnly)
}
