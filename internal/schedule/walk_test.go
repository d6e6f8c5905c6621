package schedule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voc/internal/schedule"
)

// The model: a random expression together with its meaning, and walks that try every
// minute or every day.

// part is the text of a field, and a function that reports whether a local time matches
// it.
type part struct {
	text  string
	holds func(time.Time) bool
}

// wheel is the range of a field, as AWS documents it.
type wheel struct {
	min, max int
	names    []string
	of       func(time.Time) int
}

var (
	minutes = wheel{0, 59, nil, time.Time.Minute}
	hours   = wheel{0, 23, nil, time.Time.Hour}
	days    = wheel{1, 31, nil, time.Time.Day}
	months  = wheel{1, 12, strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"),
		func(t time.Time) int { return int(t.Month()) }}
	weekdays = wheel{1, 7, strings.Fields("SUN MON TUE WED THU FRI SAT"),
		func(t time.Time) int { return int(t.Weekday()) + 1 }}
	years = wheel{1970, 2199, nil, time.Time.Year}
)

func (w wheel) any() part { return part{"*", func(time.Time) bool { return true }} }

// draw draws a list of values, ranges and steps.
func (w wheel) draw(t *rapid.T) part {
	var items []string
	due := map[int]bool{}
	for range rapid.IntRange(1, 3).Draw(t, "items") {
		from := rapid.IntRange(w.min, w.max).Draw(t, "from")
		to := rapid.IntRange(from, w.max).Draw(t, "to")
		step := rapid.IntRange(1, min(w.max, 20)).Draw(t, "step")
		var item string
		switch rapid.IntRange(0, 4).Draw(t, "shape") {
		case 0:
			item, to = w.write(t, from), from
		case 1:
			item, step = w.write(t, from)+"-"+w.write(t, to), 1
		case 2:
			item = fmt.Sprintf("%s-%s/%d", w.write(t, from), w.write(t, to), step)
		case 3:
			item, to = fmt.Sprintf("%s/%d", w.write(t, from), step), w.max
		case 4:
			item, from, to = fmt.Sprintf("*/%d", step), w.min, w.max
		}
		items = append(items, item)
		for v := from; v <= to; v += step {
			due[v] = true
		}
	}
	return part{strings.Join(items, ","), func(t time.Time) bool { return due[w.of(t)] }}
}

func (w wheel) write(t *rapid.T, v int) string {
	if w.names != nil && rapid.Bool().Draw(t, "by name") {
		return w.names[v-w.min]
	}
	return fmt.Sprint(v)
}

func (w wheel) drawOrAny(t *rapid.T) part {
	if rapid.IntRange(0, 3).Draw(t, "any") > 0 {
		return w.any()
	}
	return w.draw(t)
}

// drawDay draws the day-of-month and day-of-week fields, one of which is a question mark.
func drawDay(t *rapid.T) (dom, dow string, holds func(time.Time) bool) {
	day := days.draw(t)
	weekday := weekdays.draw(t)
	n := rapid.IntRange(1, 31).Draw(t, "day")
	wd := rapid.IntRange(1, 7).Draw(t, "weekday")
	nth := rapid.IntRange(1, 5).Draw(t, "nth")
	isWeekday := func(t time.Time) bool { return int(t.Weekday())+1 == wd }
	switch rapid.IntRange(0, 7).Draw(t, "day shape") {
	case 0:
		return day.text, "?", day.holds
	case 1:
		return "L", "?", func(t time.Time) bool { return t.Day() == lastDay(t) }
	case 2:
		return fmt.Sprintf("%dW", n), "?", func(t time.Time) bool {
			return t.Day() == workingDayNear(t, n)
		}
	case 3:
		return "?", "L", func(t time.Time) bool { return t.Weekday() == time.Saturday }
	case 4:
		return "?", fmt.Sprintf("%dL", wd), func(t time.Time) bool {
			return isWeekday(t) && t.Day() > lastDay(t)-7
		}
	case 5:
		return "?", fmt.Sprintf("%d#%d", wd, nth), func(t time.Time) bool {
			return isWeekday(t) && (t.Day()+6)/7 == nth
		}
	case 6:
		return "?", "*", days.any().holds
	default:
		return "?", weekday.text, weekday.holds
	}
}

func lastDay(t time.Time) int {
	return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// workingDayNear returns the Monday to Friday nearest to day n of the same month, or 0 if
// the month has no day n.
func workingDayNear(t time.Time, n int) int {
	last := lastDay(t)
	switch weekday := time.Date(t.Year(), t.Month(), n, 0, 0, 0, 0, time.UTC).Weekday(); {
	case n > last:
		return 0
	case weekday == time.Saturday && n == 1:
		return 3
	case weekday == time.Saturday:
		return n - 1
	case weekday == time.Sunday && n == last:
		return n - 2
	case weekday == time.Sunday:
		return n + 1
	}
	return n
}

func TestDueTimesMatchMinuteWalk(t *testing.T) {
	for name, changes := range map[string][]string{
		"America/New_York":    {"2026-03-08", "2026-11-01"},
		"Europe/Berlin":       {"2026-03-29", "2026-10-25"},
		"Australia/Lord_Howe": {"2026-04-05", "2026-10-04"},
		"Antarctica/Troll":    {"2026-03-29", "2026-10-25"},
		"Pacific/Apia":        {"2011-12-30"},
		"Asia/Kolkata":        {"2026-02-28", "2024-12-31"},
	} {
		t.Run(name, func(t *testing.T) {
			place := zone(name)
			rapid.Check(t, func(t *rapid.T) {
				dom, dow, day := drawDay(t)
				minute, hour, month := minutes.drawOrAny(t), hours.drawOrAny(t), months.drawOrAny(t)
				s := parse(t, fmt.Sprintf("cron(%s %s %s %s %s *)",
					minute.text, hour.text, dom, month.text, dow), place)
				change := rapid.SampledFrom(changes).Draw(t, "change")
				from := at(t, change+" 00:00", time.UTC).Add(-walkLength / 2)
				due := walkMinutes(from.In(place), func(t time.Time) bool {
					return minute.holds(t) && hour.holds(t) && month.holds(t) && day(t)
				})
				for range 10 {
					now := from.Add(time.Duration(rapid.Int64Range(0, int64(walkLength)-1).Draw(t, "now")))
					compare(t, s, now, from, due)
				}
			})
		})
	}
}

const walkLength = 3 * 24 * time.Hour

// walkMinutes steps through each minute, from the day before on, and records each due
// reading when it is shown for the first time.
func walkMinutes(from time.Time, due func(time.Time) bool) []time.Time {
	var found []time.Time
	shown := map[string]bool{}
	end := from.Add(walkLength)
	for now := from.Add(-24 * time.Hour); now.Before(end); now = now.Add(time.Minute) {
		if !due(now) {
			continue
		}
		reading := now.Format(time.DateTime)
		if !shown[reading] && !now.Before(from) {
			found = append(found, now)
		}
		shown[reading] = true
	}
	return found
}

// compare compares a schedule with the due times of the walk.
func compare(t *rapid.T, s schedule.Schedule, now, from time.Time, due []time.Time) {
	t.Helper()
	later := slices.IndexFunc(due, now.Before)
	if later < 0 {
		later = len(due)
	}
	next := s.Next(now)
	switch {
	case later < len(due) && !next.Equal(due[later]):
		t.Fatalf("%s in %s after %s: %s, want %s", s, s.Zone(), now, next, due[later])
	case later == len(due) && !next.IsZero() && next.Before(from.Add(walkLength)):
		t.Fatalf("%s in %s after %s: %s, want none before %s",
			s, s.Zone(), now, next, from.Add(walkLength))
	}
	prev := s.Prev(now)
	switch {
	case later > 0 && !prev.Equal(due[later-1]):
		t.Fatalf("%s in %s up to %s: %s, want %s", s, s.Zone(), now, prev, due[later-1])
	case later == 0 && !prev.Before(from):
		t.Fatalf("%s in %s up to %s: %s, want none since %s", s, s.Zone(), now, prev, from)
	}
}

func TestRareDatesMatchDayWalk(t *testing.T) {
	first, last := at(t, "1970-01-01 00:00", time.UTC), at(t, "2199-12-31 00:00", time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		dom, dow, day := drawDay(t)
		month, year := months.draw(t), years.drawOrAny(t)
		expression := fmt.Sprintf("cron(0 0 %s %s %s %s)", dom, month.text, dow, year.text)
		s := parse(t, expression, time.UTC)
		walk := func(date time.Time, step int) time.Time {
			for ; !date.Before(first) && !date.After(last); date = date.AddDate(0, 0, step) {
				if year.holds(date) && month.holds(date) && day(date) {
					return date
				}
			}
			return time.Time{}
		}
		now := first.AddDate(0, 0, rapid.IntRange(0, 84000).Draw(t, "days since 1970"))
		for range 3 { // the second and third time starting at a due time
			next, prev := s.Next(now), s.Prev(now)
			if want := walk(now.AddDate(0, 0, 1), 1); !next.Equal(want) {
				t.Fatalf("%s after %s: %s, want %s", expression, now, next, want)
			}
			if want := walk(now, -1); !prev.Equal(want) {
				t.Fatalf("%s up to %s: %s, want %s", expression, now, prev, want)
			}
			if now = next; now.IsZero() {
				break
			}
		}
	})
}
