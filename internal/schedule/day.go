package schedule

import "time"

// dayRule is the day-of-month or day-of-week field of an expression. Weekdays count from
// 1 = Sunday, as in EventBridge.
type dayRule struct {
	form   dayForm
	values set // of onDays and onWeekdays
	day    int // of the other forms: day of the month, or weekday
	nth    int // of onNthWeekday
}

type dayForm int

const (
	onDays        dayForm = iota
	onWeekdays            // MON-FRI
	onLastDay             // L of the month
	onWorkingDay          // 15W
	onLastWeekday         // 6L
	onNthWeekday          // 2#1
)

// due reports whether the day of t is due.
func (r dayRule) due(t time.Time) bool {
	switch r.form {
	case onDays:
		return r.values.has(t.Day())
	case onWeekdays:
		return r.values.has(weekday(t))
	case onLastDay:
		return t.AddDate(0, 0, 1).Month() != t.Month()
	case onWorkingDay:
		return t.Day() == workingDayNear(r.day, t)
	case onLastWeekday:
		return weekday(t) == r.day && t.AddDate(0, 0, 7).Month() != t.Month()
	}
	return weekday(t) == r.day && (t.Day()-1)/7+1 == r.nth
}

func weekday(t time.Time) int { return int(t.Weekday()) + 1 }

// workingDayNear returns the Monday to Friday nearest to day n of the month of t, without
// leaving the month. It returns 0 if the month has no day n.
func workingDayNear(n int, t time.Time) int {
	day := time.Date(t.Year(), t.Month(), n, 0, 0, 0, 0, time.UTC)
	switch {
	case day.Month() != t.Month():
		return 0
	case day.Weekday() == time.Saturday && n == 1:
		return n + 2
	case day.Weekday() == time.Saturday:
		return n - 1
	case day.Weekday() == time.Sunday && day.AddDate(0, 0, 1).Month() != t.Month():
		return n - 2
	case day.Weekday() == time.Sunday:
		return n + 1
	}
	return n
}
