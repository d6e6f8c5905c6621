package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const form = "cron(minutes hours day-of-month month day-of-week year)"

// Parse parses an EventBridge Scheduler cron expression, such as cron(0 9-21 ? * MON-FRI
// *), in the given time zone. A nil zone means UTC, as in EventBridge.
//
// Each field accepts numbers, or names in any case, in lists, ranges and steps; weekdays
// count from 1 = SUN to 7 = SAT. Day-of-month also accepts L and 15W, and day-of-week L,
// 6L and 2#1, each alone in its field; exactly one of these two fields is a question mark
// (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html, November
// 2026). Parse rejects ranges that run backwards, since AWS does not document them. An
// expression that is never due is no error.
//
// The error names the field and repeats the form.
func Parse(expression string, zone *time.Location) (Schedule, error) {
	if zone == nil {
		zone = time.UTC
	}
	s := Schedule{expression: strings.TrimSpace(expression), zone: zone}
	if err := s.parse(); err != nil {
		return Schedule{}, fmt.Errorf("schedule %q: %w; the form is %s", s.expression, err, form)
	}
	return s, nil
}

func (s *Schedule) parse() error {
	kind, rest, _ := strings.Cut(s.expression, "(")
	if kind == "rate" || kind == "at" {
		return fmt.Errorf("%s() is not supported: use cron()", kind)
	}
	inside, closed := strings.CutSuffix(rest, ")")
	if kind != "cron" || !closed {
		return errors.New("the expression must have the form cron(…)")
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

// reader parses fields and records the first error.
type reader struct{ err error }

func (r *reader) set(f field, text string) set {
	values, err := f.set(text)
	r.record(f, err)
	return values
}

func (r *reader) value(f field, text string) int {
	n, err := f.value(text)
	r.record(f, err)
	return n
}

func (r *reader) record(f field, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", f.name, err)
	}
}

// monthDay parses the day-of-month field.
func (r *reader) monthDay(text string) dayRule {
	if text == "L" {
		return dayRule{form: onLastDay}
	}
	if n, nearest := strings.CutSuffix(text, "W"); nearest {
		return dayRule{form: onWorkingDay, day: r.value(monthDays, n)}
	}
	return dayRule{form: onDays, values: r.set(monthDays, text)}
}

// weekday parses the day-of-week field.
func (r *reader) weekday(text string) dayRule {
	if text == "L" { // of the week
		return dayRule{form: onWeekdays, values: r.set(weekdays, "SAT")}
	}
	if n, last := strings.CutSuffix(text, "L"); last {
		return dayRule{form: onLastWeekday, day: r.value(weekdays, n)}
	}
	if n, which, numbered := strings.Cut(text, "#"); numbered {
		return dayRule{form: onNthWeekday, day: r.value(weekdays, n), nth: r.value(nth, which)}
	}
	return dayRule{form: onWeekdays, values: r.set(weekdays, text)}
}
