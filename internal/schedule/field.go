package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The years that EventBridge documents.
const firstYear, lastYear = 1970, 2199

// field describes the values of one field of an expression.
type field struct {
	name     string
	min, max int
	names    []string // of the values, starting with min
	allowed  string   // the values in words, for error messages
}

var (
	minutes   = field{name: "minutes", max: 59, allowed: "0 to 59"}
	hours     = field{name: "hours", max: 23, allowed: "0 to 23"}
	monthDays = field{name: "day-of-month", min: 1, max: 31,
		allowed: "1 to 31 or, alone, L or 15W"}
	months = field{name: "month", min: 1, max: 12, allowed: "1 to 12, JAN to DEC",
		names: strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")}
	weekdays = field{name: "day-of-week", min: 1, max: 7,
		allowed: "1 to 7, SUN to SAT or, alone, L, 6L or 2#1",
		names:   strings.Fields("SUN MON TUE WED THU FRI SAT")}
	nth   = field{name: "day-of-week after #", min: 1, max: 5, allowed: "1 to 5"}
	years = field{name: "year", min: firstYear, max: lastYear, allowed: "1970 to 2199"}
)

// set is a set of values of a field, modulo 256. No field has a larger range.
type set [4]uint64

func (s *set) add(v int)     { s[v%256/64] |= 1 << (v % 64) }
func (s set) has(v int) bool { return s[v%256/64]&(1<<(v%64)) != 0 }

// set parses a list of items.
func (f field) set(text string) (set, error) {
	var values set
	for item := range strings.SplitSeq(text, ",") {
		span, every, stepped := strings.Cut(item, "/")
		from, to, err := f.span(span, stepped)
		if err != nil {
			return set{}, err
		}
		step := 1
		if stepped {
			if step, err = number(every); err != nil || step < 1 || step > f.max {
				return set{}, fmt.Errorf("the step must be 1 to %d, not %q", f.max, every)
			}
		}
		for v := from; v <= to; v += step {
			values.add(v)
		}
	}
	return values, nil
}

// span parses a star, a value or a range. A value followed by a step means all values
// from there on.
func (f field) span(text string, stepped bool) (from, to int, err error) {
	if text == "*" {
		return f.min, f.max, nil
	}
	low, high, ranged := strings.Cut(text, "-")
	if from, err = f.value(low); err != nil {
		return 0, 0, err
	}
	switch {
	case ranged:
		to, err = f.value(high)
	case stepped:
		to = f.max
	default:
		to = from
	}
	if err == nil && to < from {
		err = fmt.Errorf("%s runs backwards: write two ranges separated by a comma", text)
	}
	return from, to, err
}

// value parses a number or a name.
func (f field) value(text string) (int, error) {
	if i := slices.Index(f.names, text); i >= 0 {
		return f.min + i, nil
	}
	n, err := number(text)
	if err != nil || n < f.min || n > f.max {
		return 0, fmt.Errorf("%q is not %s", text, f.allowed)
	}
	return n, nil
}

// number parses digits only: no sign, no space.
func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err
}
