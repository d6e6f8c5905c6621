package schedule

import "time"

// dayRule says whether something is due on t's day. Weekdays count as EventBridge has them, from 1 = Sunday.
type dayRule func(t time.Time) bool

func onMonthDays(days set) dayRule {
	return func(t time.Time) bool { return days.has(t.Day()) }
}

func onWeekdays(days set) dayRule {
	return func(t time.Time) bool { return days.has(weekday(t)) }
}

func lastOfMonth(t time.Time) bool { return t.AddDate(0, 0, 1).Month() != t.Month() }

func lastWeekday(day int) dayRule {
	return func(t time.Time) bool { return weekday(t) == day && t.AddDate(0, 0, 7).Month() != t.Month() }
}

func nthWeekday(day, nth int) dayRule {
	return func(t time.Time) bool { return weekday(t) == day && (t.Day()-1)/7+1 == nth }
}

// workingDayNear is the Monday to Friday nearest to the day n without leaving the month. A month that has no day n has
// none near it either.
func workingDayNear(n int) dayRule {
	return func(t time.Time) bool {
		day := time.Date(t.Year(), t.Month(), n, 0, 0, 0, 0, time.UTC)
		if day.Month() != t.Month() {
			return false
		}
		switch {
		case day.Weekday() == time.Saturday && n == 1:
			return t.Day() == n+2
		case day.Weekday() == time.Saturday:
			return t.Day() == n-1
		case day.Weekday() == time.Sunday && lastOfMonth(day):
			return t.Day() == n-2
		case day.Weekday() == time.Sunday:
			return t.Day() == n+1
		}
		return t.Day() == n
	}
}

func weekday(t time.Time) int { return int(t.Weekday()) + 1 }
