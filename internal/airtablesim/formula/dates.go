package formula

import (
	"math"
	"strings"
	"time"
)

// layouts are the ISO 8601 forms in Airtable's responses and formulas; time.Parse accepts
// a fraction after the seconds of each.
var layouts = []string{
	time.RFC3339, time.DateOnly, "2006-01-02T15:04:05", time.DateTime,
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04",
}

// ParseTime parses a date or a time in ISO 8601. Without a time of day it is midnight,
// without a zone UTC; the result is in UTC.
func ParseTime(s string) (t time.Time, ok bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// dates returns two values as times: at least one must be a time, the other may be text.
func dates(a, b any) (x, y time.Time, ok bool) {
	_, first := a.(time.Time)
	_, second := b.(time.Time)
	if !first && !second {
		return x, y, false
	}
	x, okX := instant(a)
	y, okY := instant(b)
	return x, y, okX && okY
}

// blankDate reports whether a time is compared with a blank.
func blankDate(a, b any) bool {
	_, first := a.(time.Time)
	_, second := b.(time.Time)
	return first && b == nil || a == nil && second
}

func instant(v any) (t time.Time, ok bool) {
	switch v := v.(type) {
	case time.Time:
		return v.UTC(), true
	case string:
		return ParseTime(v)
	}
	return t, false
}

func part(of func(time.Time) int) func(*Row, []any) any {
	return func(_ *Row, v []any) any {
		t, ok := instant(v[0])
		if !ok {
			return Error{}
		}
		return float64(of(t))
	}
}

func related(relation func(a, b time.Time) bool) func(*Row, []any) any {
	return func(row *Row, v []any) any {
		if v[0] == nil || v[1] == nil {
			if row.Reading.BlankDates {
				return Error{}
			}
			return truth(false)
		}
		a, okA := instant(v[0])
		b, okB := instant(v[1])
		if !okA || !okB {
			return Error{}
		}
		return truth(relation(a, b))
	}
}

func same(row *Row, v []any) any {
	unit := unitOf(v)
	if unit == "" {
		return Error{}
	}
	return related(func(a, b time.Time) bool { return floor(a, unit).Equal(floor(b, unit)) })(row, v)
}

func parsed(_ *Row, v []any) any {
	if t, ok := instant(v[0]); ok {
		return t
	}
	return Error{}
}

// maxShift limits what DATEADD adds, in its unit, so that no arithmetic overflows.
const maxShift = 1e6

func added(_ *Row, v []any) any {
	t, ok := instant(v[0])
	n, okN := numeric(v[1])
	unit := unitOf(v)
	if !ok || !okN || unit == "" || !(math.Abs(n) <= maxShift) {
		return Error{}
	}
	switch unit {
	case "day", "week":
		days := int(spans[unit] / spans["day"])
		return t.AddDate(0, 0, int(n)*days)
	case "month", "quarter", "year":
		return addMonths(t, int(n)*months[unit])
	}
	return t.Add(time.Duration(n) * spans[unit])
}

// addMonths stays within the month: a month after January 31 is the last day of February.
func addMonths(t time.Time, n int) time.Time {
	shifted := t.AddDate(0, n, 0)
	if shifted.Day() != t.Day() {
		shifted = shifted.AddDate(0, 0, -shifted.Day())
	}
	return shifted
}

// difference returns a - b in whole units, rounded toward zero; the default unit is the
// second.
func difference(_ *Row, v []any) any {
	a, okA := instant(v[0])
	b, okB := instant(v[1])
	unit := "second"
	if len(v) == 3 {
		unit = unitOf(v)
	}
	if !okA || !okB || unit == "" {
		return Error{}
	}
	if d, fixed := spans[unit]; fixed {
		return math.Trunc(float64(a.UnixMilli()-b.UnixMilli()) / float64(d.Milliseconds()))
	}
	return math.Trunc(float64(monthsBetween(a, b)) / float64(months[unit]))
}

func monthsBetween(a, b time.Time) int {
	if a.Before(b) {
		return -monthsBetween(b, a)
	}
	n := (a.Year()-b.Year())*12 + int(a.Month()) - int(b.Month())
	if addMonths(b, n).After(a) {
		n--
	}
	return n
}

var (
	spans = map[string]time.Duration{
		"millisecond": time.Millisecond, "second": time.Second, "minute": time.Minute,
		"hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
	}
	months = map[string]int{"month": 1, "quarter": 3, "year": 12}
)

// unitOf returns the unit in the third value: millisecond if there is none, "" if it is
// not a unit.
func unitOf(v []any) string {
	if len(v) < 3 {
		return "millisecond"
	}
	unit := strings.TrimSuffix(strings.ToLower(written(v[2])), "s")
	if _, ok := spans[unit]; ok || months[unit] > 0 {
		return unit
	}
	return ""
}

// floor returns the start of the unit that contains t.
func floor(t time.Time, unit string) time.Time {
	t = t.UTC()
	if n := months[unit]; n > 0 {
		month := (int(t.Month())-1)/n*n + 1
		return time.Date(t.Year(), time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	}
	if unit == "week" {
		t = t.AddDate(0, 0, -int(t.Weekday()))
		unit = "day"
	}
	return t.Truncate(spans[unit])
}
