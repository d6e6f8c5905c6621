package feedback

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Years is a closed interval of calendar years in UTC: the years whose feedback is
// served. A bound of 0 is open; the zero value has all years.
type Years struct{ From, To int }

// ParseYears parses "2025", "2024-2025", "2025-" (2025 and later) or "all".
func ParseYears(s string) (Years, error) {
	if s == "all" {
		return Years{}, nil
	}
	first, last, isRange := strings.Cut(s, "-")
	years := Years{From: parseYear(first), To: parseYear(last)}
	if !isRange {
		years.To = years.From
	}
	if years.From == 0 || last != "" && years.To < years.From {
		return Years{}, fmt.Errorf(
			"%q is not a span of years: use 2025, 2024-2025, 2025- or all", s)
	}
	return years, nil
}

// parseYear parses a year of four digits. It returns 0, which is not a year, for other
// texts.
func parseYear(s string) int {
	if len(s) != 4 || strings.Trim(s, "0123456789") != "" {
		return 0
	}
	year, _ := strconv.Atoi(s)
	return year
}

// Contains reports whether the year of an instant in UTC is in the interval.
func (y Years) Contains(at time.Time) bool {
	year := at.UTC().Year()
	return (y.From == 0 || year >= y.From) && (y.To == 0 || year <= y.To)
}

// Interval returns the years as [from, to) in UTC. An open bound is the zero time.
func (y Years) Interval() (from, to time.Time) {
	if y.From != 0 {
		from = time.Date(y.From, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	if y.To != 0 {
		to = time.Date(y.To+1, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	return from, to
}

// String returns the form that ParseYears parses.
func (y Years) String() string {
	switch {
	case y == Years{}:
		return "all"
	case y.To == 0:
		return fmt.Sprintf("%04d-", y.From)
	case y.To == y.From:
		return fmt.Sprintf("%04d", y.From)
	}
	return fmt.Sprintf("%04d-%04d", y.From, y.To)
}
