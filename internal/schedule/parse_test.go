package schedule_test

import (
	"strings"
	"testing"
	"time"

	"voc/internal/schedule"
)

func TestNextOfDocumentedForms(t *testing.T) {
	// 1 January 2026 is a Thursday.
	for name, test := range map[string]struct{ expression, first, second string }{
		"office hours": {"cron(0 9-21 ? * MON-FRI *)", "2026-01-01 09:00",
			"2026-01-01 10:00"},
		"Sunday night":             {"cron(59 23 ? * SUN *)", "2026-01-04 23:59", "2026-01-11 23:59"},
		"1 is Sunday":              {"cron(0 0 ? * 1 *)", "2026-01-04 00:00", "2026-01-11 00:00"},
		"7 is Saturday":            {"cron(0 0 ? * 7 *)", "2026-01-03 00:00", "2026-01-10 00:00"},
		"2-6 are MON-FRI":          {"cron(0 0 ? * 2-6 *)", "2026-01-02 00:00", "2026-01-05 00:00"},
		"weekdays 1-7 are all":     {"cron(0 0 ? * 1-7 *)", "2026-01-02 00:00", "2026-01-03 00:00"},
		"a list of weekdays":       {"cron(0 0 ? * 7,1 *)", "2026-01-03 00:00", "2026-01-04 00:00"},
		"every second day":         {"cron(0 0 ? * 2/2 *)", "2026-01-02 00:00", "2026-01-05 00:00"},
		"steps of weekdays":        {"cron(0 0 ? * */3 *)", "2026-01-03 00:00", "2026-01-04 00:00"},
		"the last Friday":          {"cron(0 0 ? * 6L *)", "2026-01-30 00:00", "2026-02-27 00:00"},
		"last Friday by name":      {"cron(0 0 ? * FRIL *)", "2026-01-30 00:00", "2026-02-27 00:00"},
		"the last Sunday":          {"cron(0 0 ? * 1L *)", "2026-01-25 00:00", "2026-02-22 00:00"},
		"last day of the week":     {"cron(0 0 ? * L *)", "2026-01-03 00:00", "2026-01-10 00:00"},
		"the second Tuesday":       {"cron(0 0 ? * 3#2 *)", "2026-01-13 00:00", "2026-02-10 00:00"},
		"a fifth Sunday":           {"cron(0 0 ? * SUN#5 *)", "2026-03-29 00:00", "2026-05-31 00:00"},
		"last day of the month":    {"cron(0 0 L * ? *)", "2026-01-31 00:00", "2026-02-28 00:00"},
		"working day near the 3rd": {"cron(0 0 3W * ? *)", "2026-01-02 00:00", "2026-02-03 00:00"},
		"working day near the 1st": {"cron(0 9 1W 2,3 ? *)", "2026-02-02 09:00", "2026-03-02 09:00"},
		"days of the month":        {"cron(0 0 5,10-11 * ? *)", "2026-01-05 00:00", "2026-01-10 00:00"},
		"quarter hours":            {"cron(0/15 * * * ? *)", "2026-01-01 00:15", "2026-01-01 00:30"},
		"every tenth minute":       {"cron(1/10 * * * ? *)", "2026-01-01 00:01", "2026-01-01 00:11"},
		"steps in a range":         {"cron(0 8-12/4 * * ? *)", "2026-01-01 08:00", "2026-01-01 12:00"},
		"months by name, any case": {"cron(0 0 1 jul,Sep ? *)", "2026-07-01 00:00", "2026-09-01 00:00"},
		"months by range":          {"cron(0 0 1 MAR-APR ? *)", "2026-03-01 00:00", "2026-04-01 00:00"},
		"years":                    {"cron(0 0 1 1 ? 2030/5)", "2030-01-01 00:00", "2035-01-01 00:00"},
		"29 February": {"cron(0 0 29 2 ? 2096-2199)", "2096-02-29 00:00",
			"2104-02-29 00:00"},
		"any white space": {" cron( 0\t9  ? * MON *  ) ", "2026-01-05 09:00",
			"2026-01-12 09:00"},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, test.expression, time.UTC)
			first := s.Next(at(t, "2026-01-01 00:00", time.UTC))
			expect(t, "first", first, at(t, test.first, time.UTC))
			expect(t, "second", s.Next(first), at(t, test.second, time.UTC))
		})
	}
}

func TestParseErrors(t *testing.T) {
	for expression, want := range map[string]string{
		"":                                 "the expression must have the form cron(…)",
		"off":                              "the expression must have the form cron(…)",
		"0 9 ? * MON *":                    "the expression must have the form cron(…)",
		"CRON(0 9 ? * MON *)":              "the expression must have the form cron(…)",
		"cron(0 9 ? * MON *":               "the expression must have the form cron(…)",
		"rate(5 minutes)":                  "rate() is not supported: use cron()",
		"at(2026-11-20T13:00:00)":          "at() is not supported: use cron()",
		"cron(0 9 ? * MON)":                "5 fields instead of 6",
		"cron(0 0 9 ? * MON *)":            "7 fields instead of 6",
		"cron(0 9 * * MON-FRI *)":          "exactly one of day-of-month and day-of-week must be ?",
		"cron(0 9 ? * ? *)":                "exactly one of day-of-month and day-of-week must be ?",
		"cron(60 9 ? * MON *)":             `minutes: "60" is not 0 to 59`,
		"cron(? 9 ? * MON *)":              `minutes: "?" is not 0 to 59`,
		"cron(0 24 ? * MON *)":             `hours: "24" is not 0 to 23`,
		"cron(0 +9 ? * MON *)":             `hours: "+9" is not 0 to 23`,
		"cron(0 9, ? * MON *)":             `hours: "" is not 0 to 23`,
		"cron(0 22-5 ? * MON *)":           `hours: 22-5 runs backwards`,
		"cron(0 9-12-15 ? * MON *)":        `hours: "12-15" is not 0 to 23`,
		"cron(0/0 9 ? * MON *)":            `minutes: the step must be 1 to 59, not "0"`,
		"cron(0/60 9 ? * MON *)":           `minutes: the step must be 1 to 59, not "60"`,
		"cron(0/ 9 ? * MON *)":             `minutes: the step must be 1 to 59, not ""`,
		"cron(/5 9 ? * MON *)":             `minutes: "" is not 0 to 59`,
		"cron(0 9 0 * ? *)":                `day-of-month: "0" is not 1 to 31`,
		"cron(0 9 32W * ? *)":              `day-of-month: "32" is not 1 to 31 or, alone, L or 15W`,
		"cron(0 9 1,L * ? *)":              `day-of-month: "L" is not 1 to 31 or, alone`,
		"cron(0 9 LW * ? *)":               `day-of-month: "L" is not 1 to 31`,
		"cron(0 9 1 13 ? *)":               `month: "13" is not 1 to 12, JAN to DEC`,
		"cron(0 9 1 MON ? *)":              `month: "MON" is not`,
		"cron(0 9 ? * 0 *)":                `day-of-week: "0" is not 1 to 7, SUN to SAT`,
		"cron(0 9 ? * 8 *)":                `day-of-week: "8" is not`,
		"cron(0 9 ? * FRI-MON *)":          `day-of-week: FRI-MON runs backwards`,
		"cron(0 9 ? * 2#6 *)":              `day-of-week after #: "6" is not 1 to 5`,
		"cron(0 9 ? * 2#0 *)":              `day-of-week after #: "0" is not`,
		"cron(0 9 ? * 3#1,6#3 *)":          `day-of-week after #: "1,6#3" is not`,
		"cron(0 9 ? * 8L *)":               `day-of-week: "8" is not`,
		"cron(0 9 ? * MON 1969)":           `year: "1969" is not 1970 to 2199`,
		"cron(0 9 ? * MON 2200)":           `year: "2200" is not 1970 to 2199`,
		"cron(99999999999999 9 ? * MON *)": `minutes: "99999999999999" is not`,
	} {
		t.Run(expression, func(t *testing.T) {
			_, err := schedule.Parse(expression, time.UTC)
			if err == nil {
				t.Fatal("accepted")
			}
			const form = "the form is cron(minutes hours day-of-month month day-of-week year)"
			for _, part := range []string{want, form} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not contain %q", err, part)
				}
			}
		})
	}
}

// FuzzParse holds that Next and Prev agree for every expression that Parse accepts.
func FuzzParse(f *testing.F) {
	f.Add("cron(0 9-21 ? * MON-FRI *)")
	f.Add("cron(59 23 ? * SUN *)")
	f.Add("cron(0/15 */2 15W JAN-JUN/2 ? 2020-2030/3)")
	f.Add("cron(0 0 ? * 3#2 *)")
	f.Add("cron(0 0 ? 2 SAT#5 *)")
	f.Add("cron(0 0 L 2 ? *)")
	f.Add("rate(5 minutes)")
	now := time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expression string) {
		s, err := schedule.Parse(expression, time.UTC)
		if err != nil {
			return
		}
		next := s.Next(now)
		expect(t, "Next of its own text", parse(t, s.String(), time.UTC).Next(now), next)
		if next.IsZero() {
			return
		}
		expect(t, "Prev at what Next found", s.Prev(next), next)
	})
}
