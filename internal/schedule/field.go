package schedule

import "strings"

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

func (s set) has(v int) bool { return s[v%256/64]&(1<<(v%64)) != 0 }
