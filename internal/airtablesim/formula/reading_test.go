package formula_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"voc/internal/airtable"
	"voc/internal/airtablesim/formula"
)

func TestReadings(t *testing.T) {
	t.Parallel()
	unedited := *row
	unedited.Modified = time.Time{}
	const blank = `IS_AFTER(Blank,CREATED_TIME())`
	for name, c := range map[string]struct {
		reading formula.Reading
		formula string
		want    any
	}{
		"blank date false":         {formula.Reading{}, blank, 0.0},
		"blank date an error":      {formula.Reading{BlankDates: true}, blank, formula.Error{}},
		"blank date with operator": {formula.Reading{BlankDates: true}, `Blank>When`, formula.Error{}},
		"blank number as ever":     {formula.Reading{BlankDates: true}, `Blank>1`, 0.0},
		"error decides":            {formula.Reading{}, `OR(1,Broken)`, formula.Error{}},
		"true decides":             {formula.Reading{DecidedDespiteErrors: true}, `OR(Broken,1)`, 1.0},
		"nothing decides": {formula.Reading{DecidedDespiteErrors: true},
			`OR(Broken,0)`, formula.Error{}},
		"false decides":     {formula.Reading{DecidedDespiteErrors: true}, `AND(Broken,0)`, 0.0},
		"unedited is blank": {formula.Reading{}, `LAST_MODIFIED_TIME()`, nil},
		"unedited is an error": {formula.Reading{Unedited: formula.UneditedError},
			`LAST_MODIFIED_TIME()`, formula.Error{}},
		"unedited is created": {formula.Reading{Unedited: formula.UneditedCreated},
			`LAST_MODIFIED_TIME()`, unedited.Created},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := formula.Parse(c.formula, field)
			if err != nil {
				t.Fatal(err)
			}
			row := unedited
			row.Reading = c.reading
			if got := f.Eval(&row); got != c.want {
				t.Errorf("%#v, want %#v", got, c.want)
			}
		})
	}
}

// TestModifiedSinceUnderEveryReading holds that the formula of an incremental matches
// exactly the records created or modified since, however Airtable treats blanks and errors.
func TestModifiedSinceUnderEveryReading(t *testing.T) {
	t.Parallel()
	for _, reading := range formula.Readings() {
		t.Run(fmt.Sprintf("%+v", reading), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			second := func() time.Time {
				return at("2025-03-01").Add(time.Duration(random.IntN(20)) * time.Second)
			}
			for range 2000 {
				since := second().Add(time.Duration(random.IntN(1000)) * time.Millisecond)
				f, err := formula.Parse(airtable.ModifiedSince(since), field)
				if err != nil {
					t.Fatal(err)
				}
				row := formula.Row{Created: second(), Reading: reading}
				if random.IntN(2) == 0 {
					row.Modified = second()
				}
				want := !row.Created.Before(since.Truncate(time.Second)) ||
					!row.Modified.Before(since.Truncate(time.Second))
				if got := f.Keeps(&row); got != want {
					t.Fatalf("since %s: created %s, modified %s: matched %t, want %t",
						since, row.Created, row.Modified, got, want)
				}
			}
		})
	}
}

// TestCreatedWithinUnderEveryReading holds that the formula of a full misses no record
// inside the interval, however Airtable treats blanks and errors.
func TestCreatedWithinUnderEveryReading(t *testing.T) {
	t.Parallel()
	from, to := at("2025-01-01"), at("2026-01-01")
	candidates := []airtable.DateCandidate{{Name: "Reported", Date: true}, {Name: "When", Date: true}}
	column := func(name string) (string, bool) { return name, name == "Reported" || name == "When" }
	f, err := formula.Parse(airtable.CreatedWithin(candidates, from, to), column)
	if err != nil {
		t.Fatal(err)
	}
	values := []any{nil, formula.Error{}, "soon", at("2025-06-01"), at("2020-06-01")}
	for _, reading := range formula.Readings() {
		for i := range len(values) * len(values) {
			cells := map[string]any{"Reported": values[i%len(values)], "When": values[i/len(values)]}
			row := formula.Row{Created: at("2025-05-01"), Reading: reading,
				Cell: func(key string) any { return cells[key] }}
			first := cells["Reported"]
			if first == nil {
				first = cells["When"]
			}
			if outside := first == at("2020-06-01"); f.Keeps(&row) == outside {
				t.Errorf("%+v, %v: matched %t, want %t", reading, cells, !outside, outside)
			}
		}
	}
}
