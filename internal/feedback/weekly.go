package feedback

import "time"

// WeekNumber numbers the weeks in UTC; 0 is that of Monday, 5 January 1970.
type WeekNumber int

const weekSeconds = 7 * 24 * 60 * 60

var firstMonday = time.Date(1970, time.January, 5, 0, 0, 0, 0, time.UTC)

// WeekOf returns the week of an instant.
func WeekOf(at time.Time) WeekNumber {
	elapsed := at.Unix() - firstMonday.Unix()
	week := elapsed / weekSeconds
	if elapsed%weekSeconds < 0 {
		week-- // the division rounds towards 0
	}
	return WeekNumber(week)
}

// ParseWeek returns the week of a Monday, YYYY-MM-DD, and whether it is one.
func ParseWeek(text string) (WeekNumber, bool) {
	at, err := time.Parse(time.DateOnly, text)
	return WeekOf(at), err == nil && at.Weekday() == time.Monday
}

// String returns the Monday of the week, YYYY-MM-DD.
func (w WeekNumber) String() string {
	return firstMonday.AddDate(0, 0, 7*int(w)).Format(time.DateOnly)
}

// Weekly counts the records of a value by the week in which they were created.
type Weekly struct {
	Value     string
	FirstSeen time.Time   // created of its oldest record
	Weeks     []WeekCount // newest first
}

// WeekCount is the number of records of a week. A week without records has none.
type WeekCount struct {
	Week    WeekNumber
	Records int
}

// Within returns the number of records in n weeks from first on.
func (w Weekly) Within(first WeekNumber, n int) (records int) {
	for _, c := range w.Weeks {
		if c.Week >= first && c.Week < first+WeekNumber(n) {
			records += c.Records
		}
	}
	return records
}

// LastWeek returns the last of the n weeks that a report on whole weeks covers: the last one that
// was over when the snapshot was made or, if none of these n has records, the newest whole week
// that has.
func LastWeek(all Weekly, made time.Time, n int) WeekNumber {
	last := WeekOf(made) - 1
	newest, found := last, false
	for _, c := range all.Weeks {
		if c.Week <= last && (!found || c.Week > newest) {
			newest, found = c.Week, true
		}
	}
	if newest > last-WeekNumber(n) {
		return last
	}
	return newest
}
