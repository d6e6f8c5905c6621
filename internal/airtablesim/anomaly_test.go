package airtablesim_test

import (
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/airtablesim/formula"
)

func TestForeignRecord(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	for name, query := range map[string]params{
		"beside others": {}, "alone": {"filterByFormula": "0"},
	} {
		before := s.list(query).Records
		s.Script(airtablesim.Foreign(`rec"; DROP`))
		rows := s.list(query).Records
		if len(rows) != len(before)+1 || rows[0].ID != `rec"; DROP` {
			t.Errorf("%s: %d records after %d, want one more", name, len(rows), len(before))
		}
		if after := s.list(query).Records; len(after) != len(before) {
			t.Errorf("%s: the record is in two answers", name)
		}
	}
}

// TestEndlessOffsets follows a listing of many pages, and one that fits on a page.
func TestEndlessOffsets(t *testing.T) {
	t.Parallel()
	for _, query := range []params{{"pageSize": 2}, {}} {
		s := start(t, airtablesim.Config{})
		s.Script(airtablesim.Endless())
		seen := map[string]bool{}
		for range 30 {
			page := s.list(query)
			page.mustBe(t, 200, "Row")
			if page.Offset == "" || seen[page.Offset] {
				t.Fatalf("offset %q after %d pages", page.Offset, len(seen))
			}
			seen[page.Offset] = true
			query["offset"] = page.Offset
		}
	}
}

func TestDateOfRealResponse(t *testing.T) {
	t.Parallel()
	const date = "Fri, 31 Dec 9999 23:59:59 GMT"
	s := start(t, airtablesim.Config{})
	s.Script(airtablesim.Fault{}.With("Date", date).On(airtablesim.List))
	r := s.list(params{})
	r.mustBe(t, 200, "Row 01")
	if got := r.header.Get("Date"); got != date {
		t.Errorf("date %q, want %q", got, date)
	}
	if got := s.list(params{}).header.Get("Date"); got == date {
		t.Error("the date is in two answers")
	}
}

func TestPageBytes(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{PageBytes: 2000})
	s.list(params{}).mustBe(t, 413, "REQUEST_TOO_LARGE")
	s.list(params{"pageSize": 1}).mustBe(t, 200, "Row")
}

func TestReadingOfFormulas(t *testing.T) {
	t.Parallel()
	const since = `OR(IS_AFTER(LAST_MODIFIED_TIME(),"2026-11-23T12:30:00Z"),` +
		`IS_AFTER(CREATED_TIME(),"2026-11-23T12:30:00Z"))`
	for name, row := range map[string]struct {
		reading formula.Reading
		want    int
	}{
		"blank dates are false":  {formula.Reading{}, 1},
		"blank dates are errors": {formula.Reading{BlankDates: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, airtablesim.Config{Reading: row.reading})
			s.clock.Advance(time.Hour)
			s.Create(map[string]any{"Name": "new"})
			got := s.list(params{"filterByFormula": since}).Records
			if len(got) != row.want {
				t.Errorf("%d records, want %d", len(got), row.want)
			}
		})
	}
}
