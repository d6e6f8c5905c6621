package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const form = "cron(minutes hours day-of-month month day-of-week year)"

// Parse reads an EventBridge Scheduler cron expression, such as cron(0 9-21 ? * MON-FRI *), whose times are those of the
// zone; a nil zone is UTC, as in EventBridge.
//
// Each field takes numbers, or names in any case, in lists, ranges and steps; weekdays count from 1 = SUN to 7 = SAT.
// Day-of-month also takes L and 15W, day-of-week L, 6L and 2#1, each alone in its field; exactly one of these two fields
// is a question mark (EventBridge User Guide, cron expressions reference, November 2026). A range that runs backwards is
// refused: AWS does not document one. An expression that can never be due is no error.
//
// The error says what is wrong and repeats the form.
func Parse(expression string, zone *time.Location) (Schedule, error) {
	if zone == nil {
		zone = time.UTC
	}
	s := Schedule{expression: strings.TrimSpace(expression), zone: zone}
	if err := s.read(); err != nil {
		return Schedule{}, fmt.Errorf("schedule %q: %w; the form is %s", s.expression, err, form)
	}
	return s, nil
}

func (s *Schedule) read() error {
	kind, rest, _ := strings.Cut(s.expression, "(")
	if kind == "rate" || kind == "at" {
		return fmt.Errorf("%s() is not supported, only cron()", kind)
	}
	inside, closed := strings.CutSuffix(rest, ")")
	if kind != "cron" || !closed {
		return errors.New("not of the form cron(…)")
	}
	texts := strings.Fields(strings.ToUpper(inside))
	if len(texts) != 6 {
		return fmt.Errorf("%d fields instead of 6", len(texts))
	}
	if (texts[2] == "?") == (texts[4] == "?") {
		return errors.New("exactly one of day-of-month and day-of-week must be ?")
	}
	var r reader
	s.minutes = r.set(minutes, texts[0])
	s.hours = r.set(hours, texts[1])
	s.months = r.set(months, texts[3])
	s.years = r.set(years, texts[5])
	if texts[2] != "?" {
		s.day = r.monthDay(texts[2])
	} else {
		s.day = r.weekday(texts[4])
	}
	return r.err
}

// reader reads fields and keeps the first mistake.
type reader struct{ err error }

func (r *reader) set(f field, text string) set {
	values, err := f.set(text)
	r.note(f, err)
	return values
}

func (r *reader) value(f field, text string) int {
	n, err := f.value(text)
	r.note(f, err)
	return n
}

func (r *reader) note(f field, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", f.name, err)
	}
}

// monthDay reads the day-of-month field.
func (r *reader) monthDay(text string) dayRule {
	if text == "L" {
		return lastOfMonth
	}
	if n, nearest := strings.CutSuffix(text, "W"); nearest {
		return workingDayNear(r.value(monthDays, n))
	}
	return onMonthDays(r.set(monthDays, text))
}

// weekday reads the day-of-week field.
func (r *reader) weekday(text string) dayRule {
	if text == "L" { // of the week
		return onWeekdays(r.set(weekdays, "SAT"))
	}
	if n, last := strings.CutSuffix(text, "L"); last {
		return lastWeekday(r.value(weekdays, n))
	}
	if n, which, numbered := strings.Cut(text, "#"); numbered {
		return nthWeekday(r.value(weekdays, n), r.value(nth, which))
	}
	return onWeekdays(r.set(weekdays, text))
}
