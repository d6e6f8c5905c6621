package schedule_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"voc/internal/schedule"
)

func TestMissed(t *testing.T) {
	hourly := parse(t, "cron(0 9-21 ? * MON-FRI *)", newYork)
	for name, test := range map[string]struct{ success, now, want string }{
		"none since due time":        {"2026-11-20 20:01", "2026-11-20 21:07", "2026-11-20 21:00"},
		"succeeded":                  {"2026-11-20 21:01", "2026-11-20 21:07", never},
		"succeeded at due time":      {"2026-11-20 21:00", "2026-11-20 21:07", never},
		"due this minute":            {"2026-11-20 20:01", "2026-11-20 21:00", "2026-11-20 21:00"},
		"not due yet":                {"2026-11-20 20:01", "2026-11-20 20:59", never},
		"off over the weekend":       {"2026-11-20 20:01", "2026-11-22 12:00", "2026-11-20 21:00"},
		"off for a week: the latest": {"2026-11-16 09:01", "2026-11-23 10:30", "2026-11-23 10:00"},
		"never a success":            {never, "2026-11-23 10:30", "2026-11-23 10:00"},
		"success by a clock ahead":   {"2026-11-24 00:00", "2026-11-23 10:30", never},
	} {
		t.Run(name, func(t *testing.T) {
			got := hourly.Missed(at(t, test.success, newYork), at(t, test.now, newYork))
			expect(t, "missed", got, at(t, test.want, newYork))
		})
	}
}

func TestStaleAt(t *testing.T) {
	for name, test := range map[string]struct{ expression, success, want string }{
		"after the next hour":  {"cron(0 9-21 ? * MON-FRI *)", "2026-11-20 20:01", "2026-11-20 21:30"},
		"not over the weekend": {"cron(0 9-21 ? * MON-FRI *)", "2026-11-20 21:01", "2026-11-23 09:30"},
		"success at due time":  {"cron(0 9-21 ? * MON-FRI *)", "2026-11-20 20:00", "2026-11-20 21:30"},
		"no further due time":  {"cron(0 9 1 1 ? 2020)", "2026-11-20 20:00", never},
		"never a success":      {"cron(0 9 1 1 ? 2020)", never, "2020-01-01 09:30"},
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, test.expression, newYork).StaleAt(at(t, test.success, newYork))
			expect(t, "stale", got, at(t, test.want, newYork))
		})
	}
}

func TestInterval(t *testing.T) {
	for expression, want := range map[string]time.Duration{
		"cron(0 9-21 ? * MON-FRI *)":   time.Hour,
		"cron(0/5 9-21 ? * MON-FRI *)": 5 * time.Minute,
		"cron(30 6 ? * MON-FRI *)":     24 * time.Hour,
		"cron(59 23 ? * SUN *)":        7 * 24 * time.Hour,
		"cron(0,30 9 * * ? *)":         30 * time.Minute, // as frequent as the rest of the day
		"cron(0 9 1 1 ? *)":            0,
		"cron(0 9 1 1 ? 2020)":         0,
	} {
		after := at(t, "2026-11-20 20:01", newYork)
		if got := parse(t, expression, newYork).Interval(after); got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
	if got := (schedule.Schedule{}).Interval(time.Now()); got != 0 {
		t.Errorf("off: %s", got)
	}
}

func TestStringAndZone(t *testing.T) {
	s := parse(t, " cron(0 9-21 ? * mon-fri *) ", newYork)
	if s.String() != "cron(0 9-21 ? * mon-fri *)" || s.Zone() != "America/New_York" {
		t.Errorf("%s in %s", s, s.Zone())
	}
	if s := parse(t, "cron(0 9 ? * * *)", nil); s.Zone() != "UTC" {
		t.Errorf("without a zone: %s", s.Zone())
	}
}

func TestZeroScheduleIsNeverDue(t *testing.T) {
	var off schedule.Schedule
	now := time.Now()
	for name, got := range map[string]time.Time{
		"Next": off.Next(now), "Prev": off.Prev(now),
		"Missed": off.Missed(time.Time{}, now), "StaleAt": off.StaleAt(time.Time{}),
	} {
		expect(t, name, got, time.Time{})
	}
	if off.String() != "off" || off.Zone() != "" {
		t.Errorf("zero Schedule shows %q in %q", off, off.Zone())
	}
}

var newYork = zone("America/New_York")

const never = "never"

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

func parse(t rapid.TB, expression string, zone *time.Location) schedule.Schedule {
	t.Helper()
	s, err := schedule.Parse(expression, zone)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(t rapid.TB, text string, zone *time.Location) time.Time {
	t.Helper()
	if text == never {
		return time.Time{}
	}
	parsed, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func expect(t testing.TB, what string, got, want time.Time) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}
