package airtable

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ModifiedSince returns a formula for the records created or modified at t or later, to
// the second. For the zero time it returns "", which does not filter.
//
// The formula needs no field name. LAST_MODIFIED_TIME() moves only when a user edits a
// field that is not computed (see [Field.Computed]). Its value for a record that was never
// edited is not documented, and neither is the result of comparing a blank date, which may
// be #ERROR!, or of an OR with an error. So the formula never compares a blank or an
// error: such a record counts as modified when it was created. If the formula fails
// nevertheless, it matches the record: to read a record in vain costs little, to miss one
// loses it.
func ModifiedSince(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	since := instant(t.Truncate(time.Second).Add(-time.Second)) // IS_AFTER is strict
	const edited = "IF(ISERROR(LAST_MODIFIED_TIME()),CREATED_TIME()," +
		"IF(LAST_MODIFIED_TIME(),LAST_MODIFIED_TIME(),CREATED_TIME()))"
	return orIfError(fmt.Sprintf("OR(IS_AFTER(%s,%s),IS_AFTER(CREATED_TIME(),%[2]s))",
		edited, since))
}

// orIfError returns a formula that matches where test does or is an error.
func orIfError(test string) string { return "IF(ISERROR(" + test + "),1," + test + ")" }

// RecordIDs returns a formula for the records with these ids. It returns an error if an
// id is not a record id, or if there are no ids: an empty formula would match every
// record. Pass at most [PageSize] ids, so that the records fit on one page.
func RecordIDs(ids []string) (string, error) {
	if len(ids) == 0 {
		return "", errors.New("airtable: RecordIDs: no ids")
	}
	tests := make([]string, len(ids))
	for i, id := range ids {
		if !IsRecordID(id) {
			return "", fmt.Errorf("airtable: %.40q is not a record id", id)
		}
		tests[i] = "RECORD_ID()='" + id + "'"
	}
	return "OR(" + strings.Join(tests, ",") + ")", nil
}

// IsRecordID reports whether id has the form of Airtable's record ids: "rec" and 14 ASCII
// letters or digits.
func IsRecordID(id string) bool {
	rest, ok := strings.CutPrefix(id, "rec")
	return ok && len(rest) == 14 && !strings.ContainsFunc(rest, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// FieldRef returns the reference to a field in a formula, {Name}. Formulas accept no
// field ids (https://github.com/Airtable/airtable.js/issues/321, open since 2022). ok is
// false for a name that cannot be quoted reliably, because Airtable does not document
// how: names that are empty, begin or end with a blank, are not UTF-8, or contain { } \,
// a control character or a line separator.
func FieldRef(name string) (ref string, ok bool) {
	if name == "" || name != strings.TrimSpace(name) || !utf8.ValidString(name) {
		return "", false
	}
	if strings.ContainsAny(name, "{}\\\u2028\u2029") ||
		strings.ContainsFunc(name, unicode.IsControl) {
		return "", false
	}
	return "{" + name + "}", true
}

// DateCandidate is a field that may hold the date of a record.
type DateCandidate struct {
	Name string // of the field, not its id
	Date bool   // whether it is known to hold dates (see [Field.IsDate])
}

// dateMargin widens an interval at each end: the zone in which Airtable compares a date
// without a time is not documented, and no two zones are further apart.
const dateMargin = 48 * time.Hour

// CreatedWithin returns a formula that narrows a listing to the records whose date lies
// between from and to; a zero time leaves that end open. The date of a record is its
// first candidate that is not blank, or else its CREATED_TIME().
//
// The formula may match records outside the interval, but never misses one inside: it
// matches a record whose candidate is not known to be a date, or whose date Airtable
// cannot compute. It is "", which does not filter, if both ends are open or [FieldRef]
// cannot quote a candidate.
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
		inside := "1"
		if candidates[i].Date {
			inside = within(ref, from, to)
		}
		test = fmt.Sprintf("IF(%s,%s,%s)", ref, inside, test)
	}
	return orIfError(test)
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

// instant returns t as a formula writes it. The Z matters: which zone Airtable assumes
// without one is not documented.
func instant(t time.Time) string {
	return `DATETIME_PARSE("` + t.UTC().Format("2006-01-02T15:04:05.000Z") + `")`
}
