package feedback_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"voc/internal/feedback"
)

func TestYearsAreReadInTheContractsForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]feedback.Years{
		"all": {}, "2025": {From: 2025, To: 2025}, "2024-2025": {From: 2024, To: 2025}, "2025-": {From: 2025}, "0001-9999": {From: 1, To: 9999},
		"2025-2025": {From: 2025, To: 2025},
	} {
		got, err := feedback.ParseYears(text)
		if err != nil || got != want {
			t.Errorf("%q is %v, %v, want %v", text, got, err, want)
		}
		if text != "2025-2025" && want.String() != text { // a year is written as such
			t.Errorf("%q is written %q", text, want)
		}
	}
}

func TestOtherYearsAreRefusedByName(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " ", "All", "ALL", "-", "-2025", "2025-2024", "2024-2025-", "2024--2025", "2024 - 2025", " 2025", "25", "02025", "0000", "0000-2025",
		"2025-0000", "-025", "+025", "20x5", "２０２５", "2025,2026", "2025–2026"} {
		got, err := feedback.ParseYears(text)
		if err == nil {
			t.Errorf("%q is taken as %v", text, got)
			continue
		}
		if want := `"` + text + `" is no span of years: use 2025, 2024-2025, 2025- or all`; err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// drawYears draws what ParseYears can give.
func drawYears(t *rapid.T) feedback.Years {
	from := rapid.IntRange(1, 9999).Draw(t, "from")
	return rapid.SampledFrom([]feedback.Years{{}, {From: from}, {From: from, To: rapid.IntRange(from, 9999).Draw(t, "to")}}).Draw(t, "years")
}

func TestYearsReadBackWhatTheyWrite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		years := drawYears(t)
		if got, err := feedback.ParseYears(years.String()); got != years || err != nil {
			t.Errorf("%q is read as %v, %v, want %v", years, got, err, years)
		}
	})
}

func TestYearsBeginAndEndWithTheCalendarInUTC(t *testing.T) {
	t.Parallel()
	years := feedback.Years{From: 2024, To: 2025}
	east := time.FixedZone("east", 14*60*60)
	for name, test := range map[string]struct {
		at   time.Time
		want bool
	}{
		"the first moment":                 {time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), true},
		"the moment before":                {time.Date(2023, 12, 31, 23, 59, 59, 999_999_999, time.UTC), false},
		"the last moment":                  {time.Date(2025, 12, 31, 23, 59, 59, 999_999_999, time.UTC), true},
		"the moment after":                 {time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), false},
		"a new year in the east alone":     {time.Date(2026, 1, 1, 13, 59, 0, 0, east), true},
		"an old year in the east, no more": {time.Date(2024, 1, 1, 13, 59, 0, 0, east), false},
	} {
		t.Run(name, func(t *testing.T) {
			if years.Contains(test.at) != test.want {
				t.Errorf("%v in %v: want %v", test.at, years, test.want)
			}
		})
	}
}

func TestTheIntervalHoldsExactlyWhatTheYearsContain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		years := drawYears(t)
		from, to := years.Interval()
		at := time.Date(rapid.IntRange(2, 9999).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(-2, 2).Draw(t, "nanoseconds")))
		inside := (from.IsZero() || !at.Before(from)) && (to.IsZero() || at.Before(to))
		if inside != years.Contains(at) {
			t.Errorf("[%v, %v) holds %v: %v, but %v says %v", from, to, at, inside, years, years.Contains(at))
		}
	})
}
