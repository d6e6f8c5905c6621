package schedule

import "time"

// Grace is how long after its time a due run may still be without success before the data counts as stale:
// data routes then answer with X-Data-Stale: true.
const Grace = 30 * time.Minute

// Schedule is a cron expression in a time zone; [Parse] makes one. The zero Schedule is never due.
// It may be copied and used concurrently.
type Schedule struct {
	expression                    string
	zone                          *time.Location
	minutes, hours, months, years set
	day                           dayRule
}

// String returns the expression as it was given to [Parse], and "off" for the zero Schedule.
func (s Schedule) String() string {
	if s.zone == nil {
		return "off"
	}
	return s.expression
}

// Zone returns the name of the time zone, and "" for the zero Schedule.
func (s Schedule) Zone() string {
	if s.zone == nil {
		return ""
	}
	return s.zone.String()
}

// Missed returns the time of the run that was due last, at or before now, if nothing has succeeded since; else the
// zero time. However many runs were missed, it is one that has to be caught up.
//
// Success is when the newest run that does what this schedule asks for finished, zero if none ever did. A run that was
// under way at the due time therefore counts, as it does for a run that joins it.
func (s Schedule) Missed(success, now time.Time) time.Time {
	due := s.Prev(now)
	if !due.After(success) {
		return time.Time{}
	}
	return due
}

// StaleAt returns the moment from which the data is stale if nothing succeeds any more: [Grace] after the first run due
// after the last success (see [Schedule.Missed]), or the zero time if no run is due any more. It changes only with
// success, so a caller who answers many requests asks once for each success.
func (s Schedule) StaleAt(success time.Time) time.Time {
	due := s.Next(success)
	if due.IsZero() {
		return due
	}
	return due.Add(Grace)
}
