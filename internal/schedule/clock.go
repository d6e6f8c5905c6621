package schedule

import (
	"time"
	_ "time/tzdata" // see doc.go
)

// Next returns the first due time after the given time, in the schedule's zone. It
// returns the zero time if there is none: a past year, or the 30th of February. It costs
// microseconds, and a millisecond for rare dates.
func (s Schedule) Next(after time.Time) time.Time {
	if s.zone == nil {
		return time.Time{}
	}
	shown := reading(after.In(s.zone)).Add(time.Minute)
	if shown.Year() < firstYear {
		shown = time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	for shown.Year() <= lastYear {
		_, end := s.idle(shown)
		if end.Equal(shown) {
			if due := firstShowing(shown, s.zone); due.After(after) {
				return due
			}
			end = shown.Add(time.Minute)
		}
		shown = end
	}
	return time.Time{}
}

// Prev returns the latest due time at or before the given time, in the schedule's zone,
// or the zero time if there is none. It costs as much as Next.
func (s Schedule) Prev(t time.Time) time.Time {
	if s.zone == nil {
		return time.Time{}
	}
	local := t.In(s.zone)
	shown := reading(local)
	if change, _ := local.ZoneBounds(); !change.IsZero() {
		// While an hour repeats, the highest reading so far is the last one before the clock was
		// set back, although local reads less.
		if before := reading(change.Add(-time.Second)); before.After(shown) {
			shown = before
		}
	}
	if shown.Year() > lastYear {
		shown = time.Date(lastYear, 12, 31, 23, 59, 0, 0, time.UTC)
	}
	for shown.Year() >= firstYear {
		start, end := s.idle(shown)
		if end.Equal(shown) {
			if due := firstShowing(shown, s.zone); !due.IsZero() && !due.After(t) {
				return due
			}
		}
		shown = start.Add(-time.Minute)
	}
	return time.Time{}
}

// idle returns the largest calendar unit around a reading without a due reading, from its
// first minute to the minute after its last. The interval is empty if the reading itself
// is due.
func (s Schedule) idle(shown time.Time) (start, end time.Time) {
	year, month, day := shown.Date()
	hour := shown.Hour()
	at := func(year int, month time.Month, day, hour int) time.Time {
		return time.Date(year, month, day, hour, 0, 0, 0, time.UTC)
	}
	switch {
	case !s.years.has(year):
		return at(year, 1, 1, 0), at(year+1, 1, 1, 0)
	case !s.months.has(int(month)):
		return at(year, month, 1, 0), at(year, month+1, 1, 0)
	case !s.day.due(shown):
		return at(year, month, day, 0), at(year, month, day+1, 0)
	case !s.hours.has(hour):
		return at(year, month, day, hour), at(year, month, day, hour+1)
	case !s.minutes.has(shown.Minute()):
		return shown, shown.Add(time.Minute)
	}
	return shown, shown
}

// reading returns what a wall clock shows at local, to the minute, labelled as UTC.
func reading(local time.Time) time.Time {
	year, month, day := local.Date()
	return time.Date(year, month, day, local.Hour(), local.Minute(), 0, 0, time.UTC)
}

// firstShowing returns when a clock in the zone first shows the reading, or the zero time
// if the clock skips it.
func firstShowing(shown time.Time, zone *time.Location) time.Time {
	year, month, day := shown.Date()
	t := time.Date(year, month, day, shown.Hour(), shown.Minute(), 0, 0, zone)
	if !reading(t).Equal(shown) {
		return time.Time{}
	}
	change, _ := t.ZoneBounds()
	if change.IsZero() {
		return t
	}
	_, before := change.Add(-time.Second).Zone()
	_, since := t.Zone()
	// time.Date may return either of two times with one reading.
	if earlier := t.Add(time.Duration(since-before) * time.Second); earlier.Before(change) {
		return earlier
	}
	return t
}
