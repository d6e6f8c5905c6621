package airtable

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ModifiedSince is a formula for the records created or modified at t or later, to the
// second. The zero time gives "", which is no filter.
//
// It needs no field name. CREATED_TIME() stands beside LAST_MODIFIED_TIME() since the
// latter can be blank on a record never edited; and it moves only when a user edits a
// field that is not computed (see [Field.Computed]).
func ModifiedSince(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	since := instant(t.Truncate(time.Second).Add(-time.Second)) // IS_AFTER is strict
	return fmt.Sprintf("OR(IS_AFTER(LAST_MODIFIED_TIME(),%s),IS_AFTER(CREATED_TIME(),%[1]s))", since)
}

// RecordIDs is a formula for the records with these ids. It fails for an id that is
// not rec and then letters or digits, and for no ids at all, since a formula that finds
// nothing cannot be told from none. A page holds 100 records: ask for no more at a time.
func RecordIDs(ids []string) (string, error) {
	if len(ids) == 0 {
		return "", errors.New("airtable: a formula of record ids needs at least one")
	}
	tests := make([]string, len(ids))
	for i, id := range ids {
		if !isRecordID(id) {
			return "", fmt.Errorf("airtable: %.40q is not a record id", id)
		}
		tests[i] = "RECORD_ID()='" + id + "'"
	}
	return "OR(" + strings.Join(tests, ",") + ")", nil
}

func isRecordID(id string) bool {
	rest, ok := strings.CutPrefix(id, "rec")
	return ok && rest != "" && !strings.ContainsFunc(rest, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// FieldRef is the name of a field as a formula writes it, {Name}. Formulas take no
// field ids (airtable.js issue 321, open since 2022). ok is false for a name that
// cannot be quoted surely: empty, with blanks at an end, not UTF-8, or with one of
// { } \ or a control character or line separator in it; how Airtable escapes these is
// not documented. The caller then does without.
func FieldRef(name string) (ref string, ok bool) {
	if name == "" || name != strings.TrimSpace(name) || !utf8.ValidString(name) {
		return "", false
	}
	if strings.ContainsAny(name, "{}\\\u2028\u2029") || strings.ContainsFunc(name, unicode.IsControl) {
		return "", false
	}
	return "{" + name + "}", true
}

// DateCandidate is a field that may say when a record came to be.
type DateCandidate struct {
	Name string // of the field, not its id
	Date bool   // known to be a date (see [Field.IsDate])
}

// dateMargin is by how much an interval is widened at each end: in which zone Airtable
// compares a date without a time is not documented, and no two zones are further apart.
const dateMargin = 48 * time.Hour

// CreatedWithin is a formula that narrows a listing to the records whose date lies
// between from and to; a zero time leaves that end open. A record's date is its first
// candidate that is not blank, else its CREATED_TIME(). The formula may let through
// records outside the interval, and never leaves one out that belongs: a candidate not
// known to be a date, and whatever Airtable cannot work out, keeps the record. Where it
// cannot be sure it narrows nothing and is "": both ends open, or a candidate for which
// [FieldRef] has no name.
func CreatedWithin(candidates []DateCandidate, from, to time.Time) string {
	if from.IsZero() && to.IsZero() {
		return ""
	}
	test := within("CREATED_TIME()", from, to)
	for i := len(candidates) - 1; i >= 0; i-- {
		ref, ok := FieldRef(candidates[i].Name)
		if !ok {
			return ""
		}
		keep := "1"
		if candidates[i].Date {
			keep = within(ref, from, to)
		}
		test = fmt.Sprintf("IF(%s,%s,%s)", ref, keep, test)
	}
	return fmt.Sprintf("IF(ISERROR(%s),1,%[1]s)", test)
}

func within(date string, from, to time.Time) string {
	after := fmt.Sprintf("IS_AFTER(%s,%s)", date, instant(from.Add(-dateMargin)))
	before := fmt.Sprintf("IS_BEFORE(%s,%s)", date, instant(to.Add(dateMargin)))
	switch {
	case to.IsZero():
		return after
	case from.IsZero():
		return before
	}
	return "AND(" + after + "," + before + ")"
}

// instant is t as a formula writes it. The Z matters: without a zone, which one
// Airtable assumes is not documented.
func instant(t time.Time) string {
	return `DATETIME_PARSE("` + t.UTC().Format("2006-01-02T15:04:05.000Z") + `")`
}
