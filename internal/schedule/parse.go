package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	s.day = r.day(texts[2], texts[4])
	return r.err
}

// reader parses fields and records the first error. After an error its results are not used.
type reader struct{ err error }

// day parses the fields day-of-month and day-of-week, one of which is a question mark.
func (r *reader) day(monthDay, weekday string) dayRule {
	nearest, isNearest := strings.CutSuffix(monthDay, "W")
	last, isLast := strings.CutSuffix(weekday, "L")
	n, which, isNumbered := strings.Cut(weekday, "#")
	switch {
	case monthDay == "L":
		return dayRule{form: onLastDay}
	case isNearest:
		return dayRule{form: onWorkingDay, day: r.value(monthDays, nearest)}
	case monthDay != "?":
		return dayRule{form: onDays, values: r.set(monthDays, monthDay)}
	case weekday == "L": // of the week
		return dayRule{form: onWeekdays, values: r.set(weekdays, "SAT")}
	case isLast:
		return dayRule{form: onLastWeekday, day: r.value(weekdays, last)}
	case isNumbered:
		return dayRule{form: onNthWeekday, day: r.value(weekdays, n), nth: r.value(nth, which)}
	}
	return dayRule{form: onWeekdays, values: r.set(weekdays, weekday)}
}

// set parses a list of stars, values and ranges, each with a step or without.
func (r *reader) set(f field, text string) (values set) {
	for item := range strings.SplitSeq(text, ",") {
		span, every, stepped := strings.Cut(item, "/")
		low, high, ranged := strings.Cut(span, "-")
		from, to := f.min, f.max
		if span != "*" {
			from = r.value(f, low)
		}
		switch {
		case ranged:
			to = r.value(f, high)
		case span != "*" && !stepped: // a value with a step means all values from there on
			to = from
		}
		if to < from {
			r.record(f, fmt.Errorf("%s runs backwards: write two ranges separated by a comma", span))
		}
		step := 1
		if stepped {
			n, err := strconv.ParseUint(every, 10, 16)
			step = int(n)
			if err != nil || step < 1 || step > f.max {
				r.record(f, fmt.Errorf("the step must be 1 to %d, not %q", f.max, every))
			}
		}
		for v := from; r.err == nil && v <= to; v += step {
			values[v%256/64] |= 1 << (v % 64)
		}
	}
	return values
}

// value parses a name, or digits only: no sign, no space.
func (r *reader) value(f field, text string) int {
	if i := slices.Index(f.names, text); i >= 0 {
		return f.min + i
	}
	n, err := strconv.ParseUint(text, 10, 16)
	value := int(n)
	if err != nil || value < f.min || value > f.max {
		r.record(f, fmt.Errorf("%q is not %s", text, f.allowed))
	}
	return value
}

func (r *reader) record(f field, err error) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %w", f.name, err)
	}
}
