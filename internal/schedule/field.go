package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The years EventBridge documents.
const firstYear, lastYear = 1970, 2199

// field is what may stand in one place of an expression.
type field struct {
	name     string
	min, max int
	names    []string // of the values from min on
	takes    string   // the values in words, for someone who mistyped one
}

var (
	minutes   = field{name: "minutes", max: 59, takes: "0 to 59"}
	hours     = field{name: "hours", max: 23, takes: "0 to 23"}
	monthDays = field{name: "day-of-month", min: 1, max: 31, takes: "1 to 31 or, alone, L or 15W"}
	months    = field{name: "month", min: 1, max: 12, takes: "1 to 12, JAN to DEC",
		names: strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")}
	weekdays = field{name: "day-of-week", min: 1, max: 7, takes: "1 to 7, SUN to SAT or, alone, L, 6L or 2#1",
		names: strings.Fields("SUN MON TUE WED THU FRI SAT")}
	nth   = field{name: "day-of-week after #", min: 1, max: 5, takes: "1 to 5"}
	years = field{name: "year", min: firstYear, max: lastYear, takes: "1970 to 2199"}
)

// set holds the values of a field. They count modulo 256, which no field's range exceeds.
type set [4]uint64

func (s *set) add(v int)     { s[v%256/64] |= 1 << (v % 64) }
func (s set) has(v int) bool { return s[v%256/64]&(1<<(v%64)) != 0 }

// set reads a list of items.
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
				return set{}, fmt.Errorf("a step is 1 to %d, not %q", f.max, every)
			}
		}
		for v := from; v <= to; v += step {
			values.add(v)
		}
	}
	return values, nil
}

// span reads a star, a value or a range. A value with a step after it stands for all from there on.
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
		err = fmt.Errorf("%s runs backwards: write two ranges with a comma between them", text)
	}
	return from, to, err
}

// value reads a number or a name.
func (f field) value(text string) (int, error) {
	if i := slices.Index(f.names, text); i >= 0 {
		return f.min + i, nil
	}
	n, err := number(text)
	if err != nil || n < f.min || n > f.max {
		return 0, fmt.Errorf("%q is not among %s", text, f.takes)
	}
	return n, nil
}

// number reads digits and nothing else: no sign, no space.
func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err
}
