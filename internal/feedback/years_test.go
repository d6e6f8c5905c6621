package feedback_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"voc/internal/feedback"
)

func TestParseYears(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]feedback.Years{
		"all":       {},
		"2025":      {From: 2025, To: 2025},
		"2024-2025": {From: 2024, To: 2025},
		"2025-":     {From: 2025},
		"0001-9999": {From: 1, To: 9999},
		"2025-2025": {From: 2025, To: 2025},
	} {
		got, err := feedback.ParseYears(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
		if text != "2025-2025" && want.String() != text { // a single year has the short form
			t.Errorf("%q: String returns %q", text, want)
		}
	}
}

func TestParseYearsError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "All", "ALL", "-", "-2025", "2025-2024", "2024-2025-", "2024--2025",
		"2024 - 2025", " 2025", "25", "02025", "0000", "0000-2025", "2025-0000", "-025", "+025",
		"20x5", "２０２５", "2025,2026", "2025–2026",
	} {
		got, err := feedback.ParseYears(text)
		if err == nil {
			t.Errorf("%q is parsed as %v", text, got)
			continue
		}
		want := `"` + text + `" is not a span of years: use 2025, 2024-2025, 2025- or all`
		if err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// drawYears draws a result of ParseYears.
func drawYears(t *rapid.T) feedback.Years {
	from := rapid.IntRange(1, 9999).Draw(t, "from")
	to := rapid.IntRange(from, 9999).Draw(t, "to")
	years := []feedback.Years{{}, {From: from}, {From: from, To: to}}
	return rapid.SampledFrom(years).Draw(t, "years")
}

func TestYearsStringRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		years := drawYears(t)
		if got, err := feedback.ParseYears(years.String()); got != years || err != nil {
			t.Errorf("%q is parsed as %v, %v, want %v", years, got, err, years)
		}
	})
}

func TestYearsContains(t *testing.T) {
	t.Parallel()
	years := feedback.Years{From: 2024, To: 2025}
	east := time.FixedZone("east", 14*60*60)
	for name, test := range map[string]struct {
		at   time.Time
		want bool
	}{
		"the first moment": {time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), true},
		"the moment before": {
			time.Date(2023, 12, 31, 23, 59, 59, 999_999_999, time.UTC), false,
		},
		"the last moment": {
			time.Date(2025, 12, 31, 23, 59, 59, 999_999_999, time.UTC), true,
		},
		"the moment after":                 {time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), false},
		"new year only in the east":        {time.Date(2026, 1, 1, 13, 59, 0, 0, east), true},
		"old year in UTC, new in the east": {time.Date(2024, 1, 1, 13, 59, 0, 0, east), false},
	} {
		t.Run(name, func(t *testing.T) {
			if years.Contains(test.at) != test.want {
				t.Errorf("%v in %v: want %v", test.at, years, test.want)
			}
		})
	}
}

// Interval and Contains agree at and around New Year.
func TestYearsInterval(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		years := drawYears(t)
		from, to := years.Interval()
		newYear := time.Date(rapid.IntRange(2, 9999).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC)
		at := newYear.Add(time.Duration(rapid.Int64Range(-2, 2).Draw(t, "nanoseconds")))
		inside := (from.IsZero() || !at.Before(from)) && (to.IsZero() || at.Before(to))
		if inside != years.Contains(at) {
			t.Errorf("%v in [%v, %v): %v, but %v.Contains: %v",
				at, from, to, inside, years, years.Contains(at))
		}
	})
}
