package airtablesim_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
)

var sampleNow = time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC) // a Wednesday

var sampleBase = sync.OnceValue(func() *airtablesim.Base { return airtablesim.Sample(sampleNow) })

func sample(t *testing.T) []airtablesim.Record {
	return startOn(t, sampleBase(), airtablesim.Config{}).Records()
}

// text returns a cell that is text, or "".
func text(r airtablesim.Record, field string) string {
	s, _ := r.Fields[field].(string)
	return s
}

func none(fields ...string) func(airtablesim.Record) bool {
	return func(r airtablesim.Record) bool {
		for _, f := range fields {
			if r.Fields[f] != nil {
				return false
			}
		}
		return true
	}
}

func resolutionHas(part string) func(airtablesim.Record) bool {
	return func(r airtablesim.Record) bool {
		return strings.Contains(text(r, "Resolution Notes"),
			part)
	}
}

var times = []string{"Time to In Progress", "Time from In Progress to Done",
	"Time from Reported to Referred", "Time from Referred to Done", "Time From Report to Resolution"}

func timesHave(cell string) func(airtablesim.Record) bool {
	return func(r airtablesim.Record) bool {
		for _, f := range times {
			if fmt.Sprint(r.Fields[f]) == cell {
				return true
			}
		}
		return false
	}
}

func TestSampleHasEveryIrregularity(t *testing.T) {
	t.Parallel()
	records := sample(t)
	day := regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	for trap, shows := range map[string]func(airtablesim.Record) bool{
		"a row without any cell": func(r airtablesim.Record) bool { return len(r.Fields) == 0 },
		"no priority":            none("Priority"),
		"no environment, no box": none("Environment", "CW 2.0 Bug"),
		"no environment, but the box": func(r airtablesim.Record) bool {
			return r.Fields["Environment"] == nil && r.Fields["CW 2.0 Bug"] == true
		},
		"a false box is left out": none("CW 2.0 Bug"),
		"no reporter":             none("User Profile Email"),
		"no status":               none("Status"),
		"no team":                 none("Team Routed"),
		"a team that says it is none": func(r airtablesim.Record) bool {
			return r.Fields["Team Routed"] == "Unassigned"
		},
		"areas as a list": func(r airtablesim.Record) bool {
			list,
				_ := r.Fields["Area Impacted"].([]any)
			return len(list) == 2
		},
		"areas as a bare text": func(r airtablesim.Record) bool {
			return text(r,
				"Area Impacted") != ""
		},
		"no areas": none("Area Impacted"),
		"an area with a comma": func(r airtablesim.Record) bool {
			return strings.Contains(fmt.Sprint(r.Fields["Area Impacted"]), ", ")
		},
		"reported on a day": func(r airtablesim.Record) bool {
			return day.MatchString(text(r,
				"Reported On"))
		},
		"reported at an instant": func(r airtablesim.Record) bool {
			return len(text(r,
				"Reported On")) == 24
		},
		"not said when reported": func(r airtablesim.Record) bool {
			return r.Fields["Created"] != nil &&
				r.Fields["Reported On"] == nil
		},
		"notes alone": func(r airtablesim.Record) bool {
			return text(r, "Notes") != "" &&
				text(r, "Initial Description") == ""
		},
		"initial description alone": func(r airtablesim.Record) bool {
			return text(r, "Notes") == "" &&
				text(r, "Initial Description") != ""
		},
		"both descriptions": func(r airtablesim.Record) bool {
			return text(r, "Notes") != "" &&
				text(r, "Initial Description") != ""
		},
		"no description": none("Notes", "Initial Description"),
		"no description but a resolution": func(r airtablesim.Record) bool {
			return none("Notes", "Initial Description")(r) && text(r, "Resolution Notes") != ""
		},
		"a description that is N/A": func(r airtablesim.Record) bool {
			return text(r,
				"Initial Description") == "N/A"
		},
		"a number that is NaN":      timesHave("map[specialValue:NaN]"),
		"a number that is an error": timesHave("map[error:#ERROR!]"),
		"no times":                  none(times...),
		"emoji":                     resolutionHas("🎉"),
		"CJK": func(r airtablesim.Record) bool {
			return strings.ContainsFunc(text(r, "Resolution Notes"),
				func(c rune) bool { return unicode.Is(unicode.Han, c) })
		},
		"HTML":                  resolutionHas("<b>"),
		"a script":              resolutionHas("<script>"),
		"a spreadsheet formula": resolutionHas("=SUM("),
		"a text that begins with a plus": func(r airtablesim.Record) bool {
			return strings.HasPrefix(text(r, "Resolution Notes"), "+")
		},
		"CR alone": func(r airtablesim.Record) bool {
			return regexp.MustCompile(`\r[^\n]`).MatchString(text(r, "Notes") +
				text(r, "Initial Description"))
		},
		"CRLF": func(r airtablesim.Record) bool {
			return strings.Contains(text(r, "Notes")+text(r, "Initial Description"), "\r\n")
		},
		"an address in mixed case": func(r airtablesim.Record) bool {
			return text(r, "User Profile Email") != strings.ToLower(text(r, "User Profile Email"))
		},
		"never edited": none("Last Modified Time"),
		"the first instant of a week": func(r airtablesim.Record) bool {
			return r.Created.Equal(time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC))
		},
		"the last second of a week": func(r airtablesim.Record) bool {
			return r.Created.Equal(time.Date(2026, 11, 22, 23, 59, 59, 0, time.UTC))
		},
	} {
		t.Run(trap, func(t *testing.T) {
			n := 0
			for _, r := range records {
				if shows(r) {
					n++
				}
			}
			if n == 0 {
				t.Error("no record shows it")
			}
			if n == len(records) {
				t.Error("all records show it")
			}
		})
	}
}

func TestSampleRepeatsFormLetters(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, r := range sample(t) {
		seen[text(r, "Notes")]++
	}
	delete(seen, "")
	most := 0
	for _, n := range seen {
		most = max(most, n)
	}
	if most < 5 {
		t.Error("the most frequent text comes", most, "times")
	}
}

func TestSampleDates(t *testing.T) {
	t.Parallel()
	records := sample(t)
	monday := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	old := 0
	for i, r := range records {
		modified, _ := time.Parse(time.RFC3339, text(r, "Last Modified Time"))
		switch {
		case r.Created.After(monday), modified.After(monday):
			t.Error(r.ID, "is of the future")
		case i > 0 && r.Created.Before(records[i-1].Created):
			t.Error(r.ID, "is out of order")
		case r.Created.Year() == 2023 || r.Created.Year() == 2024:
			old++
		case r.Created.Before(monday.AddDate(0, 0, -7*52)):
			t.Error(r.ID, "is of", r.Created)
		}
	}
	if len(records) != 600 || old != 20 {
		t.Error(len(records), "records,", old, "old")
	}
}

func TestSampleIsStableForAWeek(t *testing.T) {
	t.Parallel()
	ids := map[string]string{}
	for _, now := range []string{"2026-11-23T00:00:00Z", "2026-11-25T15:00:00-05:00",
		"2026-11-29T23:59:59Z", "2026-11-30T00:00:00Z"} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		ids[now] = airtablesim.Sample(at).ID()
	}
	if ids["2026-11-23T00:00:00Z"] != ids["2026-11-29T23:59:59Z"] ||
		ids["2026-11-23T00:00:00Z"] != ids["2026-11-25T15:00:00-05:00"] {
		t.Error("one week, several bases:", ids)
	}
	if ids["2026-11-23T00:00:00Z"] == ids["2026-11-30T00:00:00Z"] {
		t.Error("two weeks, one base")
	}
}

// TestSampleMovesByWholeWeeks holds that between two weeks only the dates of the newer
// records differ, so that counts, searches and averages over the sample are the same every
// day.
func TestSampleMovesByWholeWeeks(t *testing.T) {
	first, dated := sample(t), regexp.MustCompile(`^\d{4}-\d\d-\d\d`)
	for _, day := range []string{"2026-12-01", "2026-12-31", "2027-01-01", "2028-02-29",
		"2031-07-06"} {
		now, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		records := startOn(t, airtablesim.Sample(now), airtablesim.Config{}).Records()
		if len(records) != len(first) {
			t.Fatalf("%s: %d records, want %d", day, len(records), len(first))
		}
		weeks := records[len(records)-1].Created.Sub(first[len(first)-1].Created)
		if weeks <= 0 || weeks%(7*24*time.Hour) != 0 {
			t.Errorf("%s: the sample moved by %s", day, weeks)
		}
		for i, r := range records {
			was, moved := first[i], weeks
			if was.Created.Year() < 2025 {
				moved = 0
			}
			if r.ID != was.ID || !r.Created.Equal(was.Created.Add(moved)) || r.Created.After(now) {
				t.Errorf("%s: %s of %s was %s of %s", day, r.ID, r.Created, was.ID, was.Created)
			}
			want := map[string]any{}
			for field, cell := range was.Fields {
				if s, ok := cell.(string); ok && dated.MatchString(s) {
					cell = shifted(t, s, moved)
				}
				if field == "Slack Thread Link" {
					link := fmt.Sprint(cell)
					link = link[:strings.LastIndexByte(link, 'p')+1]
					cell = fmt.Sprint(link, was.Created.Add(moved).UnixMicro())
				}
				want[field] = cell
			}
			if diff := cmp.Diff(want, r.Fields); diff != "" {
				t.Errorf("%s: %s (-moved +sample):\n%s", day, r.ID, diff)
			}
		}
	}
}

// shifted returns a day or a time moved forward.
func shifted(t *testing.T, text string, by time.Duration) string {
	t.Helper()
	form := time.DateOnly
	if len(text) > len(form) {
		form = "2006-01-02T15:04:05.000Z07:00"
	}
	at, err := time.Parse(form, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Add(by).Format(form)
}
