package schedule

import "time"

// Grace is how long after its due time a run may be without success before the data is
// stale.
const Grace = 30 * time.Minute

// Schedule is a cron expression in a time zone, returned by [Parse]. The zero Schedule is
// never due. A Schedule may be copied and is safe for concurrent use.
type Schedule struct {
	expression                    string
	zone                          *time.Location
	minutes, hours, months, years set
	day                           dayRule
}

// String returns the expression as passed to [Parse], or "off" for the zero Schedule.
func (s Schedule) String() string {
	if s.zone == nil {
		return "off"
	}
	return s.expression
}

// Zone returns the name of the time zone, or "" for the zero Schedule.
func (s Schedule) Zone() string {
	if s.zone == nil {
		return ""
	}
	return s.zone.String()
}

// Missed returns the latest due time at or before now if no run has succeeded since, and
// otherwise the zero time. However many runs were missed, one run catches up.
//
// Success is the time at which the newest run that does at least the work of this
// schedule finished; zero if there was none. So a run that was in progress at the due
// time counts, as if the scheduled run had joined it.
func (s Schedule) Missed(success, now time.Time) time.Time {
	due := s.Prev(now)
	if !due.After(success) {
		return time.Time{}
	}
	return due
}

// StaleAt returns when the data becomes stale without another success: [Grace] after the
// first due time after the last success (see [Schedule.Missed]), or the zero time if
// there is no such due time. The result changes only with success, so that a caller can
// cache it.
func (s Schedule) StaleAt(success time.Time) time.Time {
	due := s.Next(success)
	if due.IsZero() {
		return due
	}
	return due.Add(Grace)
}

// Interval returns the most frequent interval between two due times in the weeks after a
// time, the shorter one of equally frequent ones: an hour for a schedule that is due at
// each hour of a working day, although its nights and weekends are longer. It is 0 if
// fewer than two due times are found. It costs a millisecond.
func (s Schedule) Interval(after time.Time) (usual time.Duration) {
	const most, weeks = 500, 10 // due times, and how far they are looked for
	counts := map[time.Duration]int{}
	due := s.Next(after)
	for range most {
		next := s.Next(due)
		if due.IsZero() || next.IsZero() || next.After(after.AddDate(0, 0, 7*weeks)) {
			break
		}
		interval := next.Sub(due)
		counts[interval]++
		if counts[interval] > counts[usual] ||
			counts[interval] == counts[usual] && interval < usual {
			usual = interval
		}
		due = next
	}
	return usual
}
