package schedule

import (
	"time"
	_ "time/tzdata" // see doc.go
)

// Next returns the first time after the given one at which a run is due, in the schedule's zone, or the zero time if
// none ever will be: a year gone by, a 30th of February. It costs microseconds, a millisecond for what is rare.
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

// Prev returns the latest time, at or before the given one, at which a run was due, in the schedule's zone, or the zero
// time if none ever was. It costs what Next costs.
func (s Schedule) Prev(t time.Time) time.Time {
	if s.zone == nil {
		return time.Time{}
	}
	shown := latestReading(t.In(s.zone))
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

// idle returns the largest calendar unit around a reading in which no reading is due, from its first minute to the one
// after its last. It is empty if the reading itself is due.
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
	case !s.day(shown):
		return at(year, month, day, 0), at(year, month, day+1, 0)
	case !s.hours.has(hour):
		return at(year, month, day, hour), at(year, month, day, hour+1)
	case !s.minutes.has(shown.Minute()):
		return shown, shown.Add(time.Minute)
	}
	return shown, shown
}

// reading is what a clock on the wall shows at local, to the minute, labelled as UTC.
func reading(local time.Time) time.Time {
	return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
}

// latestReading is the highest reading up to local. While an hour repeats itself, that is one of before the
// clock was put back: readings up to it have been shown, although local reads less.
func latestReading(local time.Time) time.Time {
	shown := reading(local)
	if change, _ := local.ZoneBounds(); !change.IsZero() {
		if before := reading(change.Add(-time.Second)); before.After(shown) {
			return before
		}
	}
	return shown
}

// firstShowing is when a clock in the zone first shows the reading, or the zero time if it jumps over it.
func firstShowing(shown time.Time, zone *time.Location) time.Time {
	t := time.Date(shown.Year(), shown.Month(), shown.Day(), shown.Hour(), shown.Minute(), 0, 0, zone)
	if !reading(t).Equal(shown) {
		return time.Time{}
	}
	change, _ := t.ZoneBounds()
	if change.IsZero() {
		return t
	}
	_, before := change.Add(-time.Second).Zone()
	_, since := t.Zone()
	// Of two times with one reading, time.Date may have given either.
	if earlier := t.Add(time.Duration(since-before) * time.Second); earlier.Before(change) {
		return earlier
	}
	return t
}
