package airtablesim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
)

const grid = "Grid view" // the rows in the order they were created

func TestListReturnsEachRecordOnce(t *testing.T) {
	t.Parallel()
	for _, freeze := range []bool{true, false} {
		s := start(t, airtablesim.Config{Freeze: freeze})
		for size := 1; size <= 13; size++ {
			pages := s.walk(params{"pageSize": size, "view": grid, "maxRecords": 11})
			if got := strings.Join(pages, " "); got != "01 02 03 04 05 06 07 08 09 10 11" ||
				len(pages) != (11+size-1)/size {
				t.Errorf("pages of %d: %q", size, pages)
			}
		}
	}
}

// TestEditsDuringListing edits the base before the second of three pages of four.
func TestEditsDuringListing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query        params
		edit         func(*sim)
		frozen, live string
	}{
		"a deleted row shifts the others: one is missed": {
			params{"view": grid}, func(s *sim) { s.Delete(s.id("Row 02")) },
			"01 02 03 04|05 06 07 08|09 10 11 12", "01 02 03 04|06 07 08 09|10 11 12"},
		"a deleted row that was still to come": {
			params{"view": grid}, func(s *sim) { s.Delete(s.id("Row 07")) },
			"01 02 03 04|05 06 08|09 10 11 12", "01 02 03 04|05 06 08 09|10 11 12"},
		"a row created at the front: one comes twice": {
			params{"sort": []params{{"field": "Name"}}}, func(s *sim) { s.Create(params{"Name": "Row 00"}) },
			"01 02 03 04|05 06 07 08|09 10 11 12", "01 02 03 04|04 05 06 07|08 09 10 11|12"},
		"a row created at the end": {
			params{"view": grid}, func(s *sim) { s.Create(params{"Name": "Row 13"}) },
			"01 02 03 04|05 06 07 08|09 10 11 12", "01 02 03 04|05 06 07 08|09 10 11 12|13"},
		"a row that no longer fits the filter": {
			params{"view": grid,
				"filterByFormula": "Name!='x'"}, func(s *sim) { s.Update(s.id("Row 01"), params{"Name": "x"}) },
			"01 02 03 04|05 06 07 08|09 10 11 12", "01 02 03 04|06 07 08 09|10 11 12"},
		"all that was to come is gone": {
			params{"view": grid}, func(s *sim) {
				for i := 5; i <= 12; i++ {
					s.Delete(s.id(fmt.Sprintf("Row %02d", i)))
				}
			}, "01 02 03 04||", "01 02 03 04|"},
	} {
		t.Run(name, func(t *testing.T) {
			for freeze, want := range map[bool]string{true: c.frozen, false: c.live} {
				s := start(t, airtablesim.Config{Freeze: freeze})
				s.Before(func(call airtablesim.Call) {
					if call.Kind == airtablesim.List && call.Page == 2 {
						c.edit(s)
					}
				})
				query := params{"pageSize": 4}
				for k, v := range c.query {
					query[k] = v
				}
				if got := strings.Join(s.walk(query), "|"); got != want {
					t.Errorf("freeze %v: %s, want %s", freeze, got, want)
				}
			}
		})
	}
}

func TestFrozenListingReturnsCurrentCells(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{Freeze: true})
	s.Before(func(call airtablesim.Call) {
		if call.Page == 2 {
			s.Update(s.id("Row 05"), params{"Name": "Row 99"})
		}
	})
	if got := strings.Join(s.walk(params{"pageSize": 4, "view": grid}),
		"|"); got != "01 02 03 04|99 06 07 08|09 10 11 12" {
		t.Error(got)
	}
}

func TestPageCanBeRepeated(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	first := s.list(params{"pageSize": 5, "view": grid})
	for range 3 {
		if got := s.list(params{"pageSize": 5, "view": grid,
			"offset": first.Offset}).names(); got != "06 07 08 09 10" {
			t.Error(got)
		}
	}
	r := s.call("GET",
		s.table+"?pageSize=7&view=Grid+view&offset="+strings.ReplaceAll(first.Offset, "/", "%2F"), nil)
	if r.names() != "06 07 08 09 10 11 12" || r.Offset != "" {
		t.Error("by GET, with another size:", r.names(), r.Offset)
	}
}

func TestInvalidOffsets(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	offset := s.list(params{"pageSize": 1}).Offset
	itr, rec, _ := strings.Cut(offset, "/")
	for _, wrong := range []string{
		"", itr, rec, itr + "/", "/" + rec, rec + "/" + itr, "5", itr +
			"/recAAAAAAAAAAAAAA", "itrAAAAAAAAAAAAAA/" + rec, offset + "/x",
		startOn(t, sampleBase(), airtablesim.Config{}).list(params{"pageSize": 1}).Offset,
	} {
		s.list(params{"pageSize": 1, "offset": wrong}).mustBe(t, 422, "INVALID_OFFSET_VALUE")
	}
	for _, query := range []params{{"view": grid}, {"filterByFormula": "1"}, {"maxRecords": 9},
		{"sort": []params{{"field": "Name"}}}} {
		query["offset"] = offset
		s.list(query).mustBe(t, 422, "INVALID_OFFSET_VALUE")
	}
	s.list(params{"offset": offset, "pageSize": 2}).mustBe(t, 200, "")
}

// TestPostIgnoresOffsetInURL sends the offset as pyairtable 3.0.0 did, which never
// reached the end.
func TestPostIgnoresOffsetInURL(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	first := s.list(params{"pageSize": 2})
	again := s.call("POST", s.table+"/listRecords?offset="+first.Offset, params{"pageSize": 2})
	if !slices.Equal(again.ids(), first.ids()) {
		t.Error(again.ids())
	}
}

func TestUnusedIteratorExpires(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{IteratorTTL: time.Minute})
	offset := s.list(params{"pageSize": 2}).Offset
	for range 3 {
		s.clock.Advance(time.Minute)
		s.list(params{"pageSize": 2, "offset": offset}).mustBe(t, 200, "")
	}
	s.clock.Advance(time.Minute + time.Nanosecond)
	s.list(params{"pageSize": 2, "offset": offset}).mustBe(t, 422,
		`{"error":{"type":"LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}`)
}

func TestRestartLosesIterators(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	offset := s.list(params{"pageSize": 2}).Offset
	again := startOn(t, s.Base(),
		airtablesim.Config{Clock: func() time.Time { return s.clock.Now().Add(time.Second) }})
	again.list(params{"pageSize": 2}).mustBe(t, 200, "")
	again.list(params{"pageSize": 2, "offset": offset}).mustBe(t, 422,
		"LIST_RECORDS_ITERATOR_NOT_AVAILABLE")
}

func TestRenamedFieldBreaksListing(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"fields[]=Count": "UNKNOWN_FIELD_NAME", "sort[0][field]=Count": "UNKNOWN_FIELD_NAME",
		"filterByFormula=Count%2B1": "INVALID_FILTER_BY_FORMULA",
	} {
		s := start(t, airtablesim.Config{Freeze: true})
		first := s.call("GET", s.table+"?pageSize=2&"+query, nil)
		first.mustBe(t, 200, "")
		s.RenameField("Count", "Number")
		s.call("GET", s.table+"?pageSize=2&"+query+"&offset="+first.Offset, nil).mustBe(t, 422, want)
	}
	s := start(t, airtablesim.Config{})
	id := s.Base().FieldID("Count")
	query := params{"pageSize": 1, "view": grid, "fields": []string{id},
		"sort": []params{{"field": id}}}
	query["offset"] = s.list(query).Offset
	s.RenameField("Count", "Number")
	s.list(query).mustBe(t, 200, `"fields":{"Number":1}`)
}
