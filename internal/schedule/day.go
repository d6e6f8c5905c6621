package schedule

import "time"

// dayRule reports whether the day of t is due. Weekdays count from 1 = Sunday, as in
// EventBridge.
type dayRule func(t time.Time) bool

func onMonthDays(days set) dayRule {
	return func(t time.Time) bool { return days.has(t.Day()) }
}

func onWeekdays(days set) dayRule {
	return func(t time.Time) bool { return days.has(weekday(t)) }
}

func lastOfMonth(t time.Time) bool { return t.AddDate(0, 0, 1).Month() != t.Month() }

func lastWeekday(day int) dayRule {
	return func(t time.Time) bool {
		return weekday(t) == day && t.AddDate(0, 0, 7).Month() != t.Month()
	}
}

func nthWeekday(day, nth int) dayRule {
	return func(t time.Time) bool { return weekday(t) == day && (t.Day()-1)/7+1 == nth }
}

// workingDayNear matches the Monday to Friday nearest to day n of the same month. A month
// without a day n has no match.
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
