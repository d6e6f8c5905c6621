package airtable_test

import (
	"strings"
	"testing"
	"time"

	"voc/internal/airtable"
)

func TestModifiedSince(t *testing.T) {
	t.Parallel()
	t0 := time.Date(2025, 3, 1, 1, 30, 0, 999e6, time.FixedZone("", 2*3600))
	const since = `DATETIME_PARSE("2025-02-28T23:29:59.000Z")`
	const test = `OR(IS_AFTER(IF(ISERROR(LAST_MODIFIED_TIME()),CREATED_TIME(),` +
		`IF(LAST_MODIFIED_TIME(),LAST_MODIFIED_TIME(),CREATED_TIME())),` + since + `),` +
		`IS_AFTER(CREATED_TIME(),` + since + `))`
	const want = `IF(ISERROR(` + test + `),1,` + test + `)`
	if got := airtable.ModifiedSince(t0); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := airtable.ModifiedSince(time.Time{}); got != "" {
		t.Errorf("zero time: %q, want no filter", got)
	}
}

func TestRecordIDs(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		ids  []string
		want string
	}{
		"one": {[]string{"recJshKWhbsoGYJTb"}, "OR(RECORD_ID()='recJshKWhbsoGYJTb')"},
		"more": {[]string{"rec00000000000001", "recA000000000000z"},
			"OR(RECORD_ID()='rec00000000000001',RECORD_ID()='recA000000000000z')"},
		"none":               {nil, ""},
		"a quote":            {[]string{"rec00000000000001", "rec0000000000001'"}, ""},
		"an injection":       {[]string{"rec1',1)='0000000"}, ""},
		"nothing after rec":  {[]string{"rec"}, ""},
		"a letter too few":   {[]string{"rec0000000000001"}, ""},
		"of another kind":    {[]string{"tbl00000000000001"}, ""},
		"letters not ASCII":  {[]string{"rec000000000000é"}, ""},
		"digits not ASCII":   {[]string{"rec000000000000٣"}, ""},
		"a line end after":   {[]string{"rec00000000000001\n"}, ""},
		"an empty one":       {[]string{""}, ""},
		"a backslash within": {[]string{`rec0000000000000\`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := airtable.RecordIDs(row.ids)
			if got != row.want || (err == nil) != (row.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, row.want)
			}
		})
	}
}

func TestFieldRef(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"A", "Reported On", `a "quoted", 'name' (x)`, "Größe €", "👨‍👩‍👧", "1+1", "IF", "a//b", "a|b",
	} {
		if ref, ok := airtable.FieldRef(name); !ok || ref != "{"+name+"}" {
			t.Errorf("%q gave %q, %t", name, ref, ok)
		}
	}
	for _, name := range []string{
		"", " ", " A", "A ", "a{b", "a}b", "}", `a\b`, `a\}`,
		"a\nb", "a\tb", "a\x00", "a\u0085b", "a\u2028b", "a\xff",
	} {
		if ref, ok := airtable.FieldRef(name); ok || ref != "" {
			t.Errorf("%q gave %q, want none", name, ref)
		}
	}
}

func TestCreatedWithin(t *testing.T) {
	t.Parallel()
	from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	to := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const after = `DATETIME_PARSE("2024-12-30T00:00:00.000Z")`
	const before = `DATETIME_PARSE("2026-01-03T00:00:00.000Z")`
	test := func(date string) string {
		return "AND(IS_AFTER(" + date + "," + after + "),IS_BEFORE(" + date + "," + before + "))"
	}
	safe := func(x string) string { return "IF(ISERROR(" + x + "),1," + x + ")" }
	created := airtable.DateCandidate{Name: "Created", Date: true}
	reported := airtable.DateCandidate{Name: "Reported On", Date: true}
	text := airtable.DateCandidate{Name: "When"}
	type candidates = []airtable.DateCandidate
	for name, row := range map[string]struct {
		candidates candidates
		from, to   time.Time
		want       string
	}{
		"open at both ends": {candidates{created}, time.Time{}, time.Time{}, ""},
		"no candidate":      {nil, from, to, safe(test("CREATED_TIME()"))},
		"open at the end":   {nil, from, time.Time{}, safe("IS_AFTER(CREATED_TIME()," + after + ")")},
		"open at the start": {nil, time.Time{}, to, safe("IS_BEFORE(CREATED_TIME()," + before + ")")},
		"the first wins": {candidates{created, reported}, from, to,
			safe("IF({Created}," + test("{Created}") +
				",IF({Reported On}," + test("{Reported On}") + "," + test("CREATED_TIME()") + "))")},
		"not known to be a date": {candidates{text, created}, from, to,
			safe("IF({When},1,IF({Created}," + test("{Created}") + "," + test("CREATED_TIME()") + "))")},
		"name that cannot be quoted": {candidates{created, {Name: "a}b", Date: true}}, from, to, ""},
		"unknown type, likewise":     {candidates{{Name: `a\`}}, from, to, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := airtable.CreatedWithin(row.candidates, row.from, row.to); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// tokens splits a formula by Airtable's syntax: strings in either quote and names in
// braces are one token each, with backslash as the escape in all of them.
func tokens(formula string) (all []string) {
	for runes := []rune(formula); len(runes) > 0; {
		end := 1
		if closing, ok := map[rune]rune{'"': '"', '\'': '\'', '{': '}'}[runes[0]]; ok {
			for end < len(runes) && runes[end] != closing {
				if runes[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(runes))
		}
		all = append(all, string(runes[:end]))
		runes = runes[end:]
	}
	return all
}

// FuzzFieldNames holds that the name of a field does not change the meaning of a formula.
func FuzzFieldNames(f *testing.F) {
	for _, name := range []string{
		"A", "", "}", `\`, `a\}b`, `{`, `"`, `'`, "),1,(", "},1)/*", "a\nb", "\xff", "//", "👨‍👩‍👧",
		"RECORD_ID()",
	} {
		f.Add(name, true)
		f.Add(name, false)
	}
	from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, name string, date bool) {
		formula := func(name string) string {
			return airtable.CreatedWithin([]airtable.DateCandidate{{Name: name, Date: date}}, from,
				time.Time{})
		}
		got := formula(name)
		if got == "" {
			return
		}
		want := tokens(formula("plain"))
		for i, token := range want {
			want[i] = strings.ReplaceAll(token, "{plain}", "{"+name+"}")
		}
		if all := tokens(got); strings.Join(all, "\x00") != strings.Join(want, "\x00") {
			t.Errorf("%q changes the formula: %q, want %q", name, all, want)
		}
	})
}
