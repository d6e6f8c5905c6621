package schedule_test

import (
	"testing"
	"time"
)

func TestNextAcrossClockChanges(t *testing.T) {
	berlin, lordHowe := zone("Europe/Berlin"), zone("Australia/Lord_Howe")
	for name, test := range map[string]struct {
		expression string
		zone       *time.Location
		after      string   // in UTC, as is due
		due        []string // the times that follow
	}{
		"spring, missing time is skipped": {
			"cron(30 2 * * ? *)", newYork, "2026-03-07 12:00",
			[]string{"2026-03-09 06:30", "2026-03-10 06:30"}},
		"spring, hours around it remain": {
			"cron(0 1-3 * * ? *)", newYork, "2026-03-08 05:00",
			[]string{"2026-03-08 06:00", "2026-03-08 07:00", "2026-03-09 05:00"}},
		"autumn, repeated time is due once": {
			"cron(30 1 * * ? *)", newYork, "2026-11-01 00:00",
			[]string{"2026-11-01 05:30", "2026-11-02 06:30"}},
		"autumn, nothing due in second hour": {
			"cron(0/20 * * * ? *)", newYork, "2026-11-01 05:30",
			[]string{"2026-11-01 05:40", "2026-11-01 07:00"}},
		"autumn, after second hour begins": {
			"cron(0/20 * * * ? *)", newYork, "2026-11-01 06:10",
			[]string{"2026-11-01 07:00", "2026-11-01 07:20"}},
		"Europe changes an hour later": {
			"cron(30 2 * * ? *)", berlin, "2026-03-28 00:00",
			[]string{"2026-03-28 01:30", "2026-03-30 00:30"}},
		"half an hour is skipped on Lord Howe": {
			"cron(15,45 2 * * ? *)", lordHowe, "2026-10-03 14:00",
			[]string{"2026-10-03 15:45", "2026-10-04 15:15"}},
		"half an hour is repeated on Lord Howe": {
			"cron(15,45 1 * * ? *)", lordHowe, "2026-04-04 14:00",
			[]string{"2026-04-04 14:15", "2026-04-04 14:45", "2026-04-05 14:45"}},
		"a whole day was skipped in Samoa": {
			"cron(0 12 * * ? *)", zone("Pacific/Apia"), "2011-12-29 21:00",
			[]string{"2011-12-29 22:00", "2011-12-30 22:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, test.expression, test.zone)
			now := at(t, test.after, time.UTC)
			for _, want := range test.due {
				now = s.Next(now)
				expect(t, "Next", now, at(t, want, time.UTC))
			}
		})
	}
}

func TestPrevInRepeatedHour(t *testing.T) {
	s := parse(t, "cron(0/20 * * * ? *)", newYork)
	for now, want := range map[string]string{
		"2026-11-01 05:40": "2026-11-01 05:40", // 01:40 EDT
		"2026-11-01 06:05": "2026-11-01 05:40", // 01:05 EST
		"2026-11-01 06:59": "2026-11-01 05:40", // 01:59 EST
		"2026-11-01 07:00": "2026-11-01 07:00", // 02:00 EST
	} {
		expect(t, "Prev at "+now, s.Prev(at(t, now, time.UTC)), at(t, want, time.UTC))
	}
}

func TestNextIsAfterPrevAtOrBefore(t *testing.T) {
	s := parse(t, "cron(0 9 * * ? *)", newYork)
	due := at(t, "2026-11-20 09:00", newYork)
	day := 24 * time.Hour
	expect(t, "Next just before", s.Next(due.Add(-1)), due)
	expect(t, "Next at", s.Next(due), due.Add(day))
	expect(t, "Next just after", s.Next(due.Add(1)), due.Add(day))
	expect(t, "Prev just before", s.Prev(due.Add(-1)), due.Add(-day))
	expect(t, "Prev at", s.Prev(due), due)
	expect(t, "Prev just after", s.Prev(due.Add(1)), due)
	if zone := s.Next(due).Location(); zone != newYork {
		t.Errorf("Next returns a time in %s", zone)
	}
}

func TestNeverDueIsZeroTime(t *testing.T) {
	now := at(t, "2026-11-20 12:00", time.UTC)
	for _, expression := range []string{
		"cron(0 0 30 2 ? *)",
		"cron(0 0 31 4,6,9,11 ? *)",
		"cron(0 0 31W 2 ? *)",
		"cron(30 2 8 3 ? 2026)", // the hour New York skips
	} {
		s := parse(t, expression, newYork)
		expect(t, expression+" next", s.Next(now), time.Time{})
		expect(t, expression+" prev", s.Prev(now), time.Time{})
	}
	expect(t, "past year", parse(t, "cron(0 0 1 1 ? 2020)", newYork).Next(now), time.Time{})
	expect(t, "future year", parse(t, "cron(0 0 1 1 ? 2030)", newYork).Prev(now), time.Time{})
	yearly := parse(t, "cron(0 0 1 1 ? *)", time.UTC)
	expect(t, "after 2199", yearly.Next(at(t, "2199-01-01 00:00", time.UTC)), time.Time{})
	expect(t, "before 1970", yearly.Prev(at(t, "1969-12-31 23:59", time.UTC)), time.Time{})
	expect(t, "from the zero time", yearly.Next(time.Time{}), at(t, "1970-01-01 00:00", time.UTC))
	expect(t, "from the far future",
		yearly.Prev(at(t, "2999-06-01 00:00", time.UTC)), at(t, "2199-01-01 00:00", time.UTC))
}

func BenchmarkNext(b *testing.B) {
	now := at(b, "2026-11-20 21:30", newYork)
	for name, expression := range map[string]string{
		"hourly": "cron(0 9-21 ? * MON-FRI *)",
		"weekly": "cron(59 23 ? * SUN *)",
		"never":  "cron(0 0 30 2 ? *)",
	} {
		b.Run(name, func(b *testing.B) {
			s := parse(b, expression, newYork)
			b.ReportAllocs()
			for b.Loop() {
				s.Next(now)
			}
		})
	}
}
