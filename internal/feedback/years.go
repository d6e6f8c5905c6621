package feedback

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Years is the closed interval of calendar years, in UTC, whose feedback is kept. 0 is an open end; the zero value keeps all.
type Years struct{ From, To int }

// ParseYears reads FEEDBACK_YEARS: "2025", "2024-2025", "2025-" (from 2025 on) or "all".
func ParseYears(s string) (Years, error) {
	if s == "all" {
		return Years{}, nil
	}
	first, last, isRange := strings.Cut(s, "-")
	from, err := year(first)
	if err != nil {
		return Years{}, yearsError(s)
	}
	if !isRange {
		return Years{from, from}, nil
	}
	if last == "" {
		return Years{From: from}, nil
	}
	to, err := year(last)
	if err != nil || to < from {
		return Years{}, yearsError(s)
	}
	return Years{from, to}, nil
}

func year(s string) (int, error) {
	if len(s) != 4 || strings.Trim(s, "0123456789") != "" || s == "0000" {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(s)
}

func yearsError(s string) error {
	return fmt.Errorf("%q is no span of years: use 2025, 2024-2025, 2025- or all", s)
}

// Contains says whether an instant lies in the years, in UTC.
func (y Years) Contains(at time.Time) bool {
	year := at.UTC().Year()
	return (y.From == 0 || year >= y.From) && (y.To == 0 || year <= y.To)
}

// Interval is [from, to) in UTC; an open end is the zero time.
func (y Years) Interval() (from, to time.Time) {
	if y.From != 0 {
		from = time.Date(y.From, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	if y.To != 0 {
		to = time.Date(y.To+1, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	return from, to
}

// String is the form that ParseYears reads.
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
