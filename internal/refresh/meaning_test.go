package refresh_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/job"
)

// TestGateRejectsTurnedMeaning changes the type of a field, and with it what its values say.
func TestGateRejectsTurnedMeaning(t *testing.T) {
	t.Parallel()
	ids := func(body string) string {
		return strings.NewReplacer(`"Open"`, `["recStatusOpen0001"]`,
			`"Closed"`, `["recStatusClosed01"]`).Replace(body)
	}
	same := func(body string) string { return body }
	for name, test := range map[string]struct {
		field, from, to string
		values          func(string) string
		words           []string // none: it passes
	}{
		"select to link": {"Status", "singleLineText", "multipleRecordLinks", ids, []string{
			`status would have another meaning: field "Status" was of type singleLineText and is of ` +
				`type multipleRecordLinks`, "2 of 2 values differ", "ids of records", "lookup",
			"rec00000000000001"}},
		"select to text": {"Status", "singleLineText", "singleSelect", same, nil},
		"text in another case": {"Status", "singleLineText", "multipleSelects", func(body string) string {
			return strings.NewReplacer(`"Open"`, `["OPEN "]`, `"Closed"`, `["closed"]`).Replace(body)
		}, nil},
		"date to people's text": {"Created", "dateTime", "singleLineText", func(body string) string {
			return strings.ReplaceAll(body, `"2025-03-03T07:59:00.000Z"`, `"3/3/2025 7:59am"`)
		}, []string{"created would have another meaning"}},
		"date and time to date": {"Reported On", "dateTime", "date", same, nil},
		"number to text": {"Issue", "number", "singleLineText", func(body string) string {
			return strings.NewReplacer(":1,", `:"1",`, ":2,", `:"2",`, ":3,", `:"3",`).Replace(body)
		}, nil},
		"choice to check mark": {"Type of Issue", "singleLineText", "checkbox", func(body string) string {
			return strings.ReplaceAll(body, `"Bug"`, "true")
		}, []string{"type_of_issue would have another meaning", "1 of 1 values differ"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, airtablesim.Config{})
			w.must(job.Full, job.Published)
			w.clock.Advance(time.Hour)
			w.retype(test.field, test.from, test.to, test.values)
			if test.words == nil {
				w.must(job.Incremental, job.Published)
				return
			}
			w.refuses(job.Incremental, test.words...)
			contains(t, warnings(w.accepted(job.Incremental)), "accepted: "+test.words[0])
			w.clock.Advance(time.Hour)
			w.must(job.Incremental, job.Unchanged)
		})
	}
}

// What the gate asks for, names in place of ids, passes it.
func TestGatePassesNamesForIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	ids := func(body string) string {
		return strings.ReplaceAll(body, `"Open"`, `["recStatusOpen0001"]`)
	}
	w.retype("Status", "singleLineText", "multipleRecordLinks", ids)
	w.must(job.Full, job.Published)
	w.retype("Status", "singleLineText", "multipleLookupValues",
		func(body string) string { return body })
	w.clock.Advance(time.Hour)
	w.must(job.Incremental, job.Published)
	contains(t, w.detail("rec00000000000001"), `"status":"Open"`)
}

// Without the schema no type is known, but ids in place of names are seen all the same.
func TestGateRejectsIDsWithoutSchema(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{DataToken: dataToken})
	w.token = dataToken
	w.fill(30)
	w.must(job.Full, job.Published)
	w.rewrite(func(_, body string) string {
		return strings.ReplaceAll(body, `"Status":"Open"`, `"Status":["recStatusOpen0001"]`)
	})
	w.refuses(job.Full, "status would have another meaning", "ids of records, not names")
	w.accepted(job.Full)
	w.clock.Advance(time.Hour)
	w.must(job.Full, job.Unchanged)
}

// TestGateSparesHandful holds that a share of a few records says nothing.
func TestGateSparesHandful(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		shrink, more int // records besides the three of the base
		lose         func(w *world, ids []string)
		words        []string // none: it passes
	}{
		"1 of 3": {20, 0, func(w *world, ids []string) { w.Delete(ids[0]) }, nil},
		"2 of 3": {20, 0, func(w *world, ids []string) { w.delete(ids[:2]) }, nil},
		"5 of 6": {20, 3, func(w *world, ids []string) { w.delete(ids[:5]) }, nil},
		"6 of 12": {20, 9, func(w *world, ids []string) { w.delete(ids[:6]) },
			[]string{"6 of 12 records (50.0 %)", "may remove 5 of these"}},
		"6 of 30": {20, 27, func(w *world, ids []string) { w.delete(ids[:6]) }, nil},
		"7 of 30": {20, 27, func(w *world, ids []string) { w.delete(ids[:7]) },
			[]string{"may remove 6 of these"}},
		"all": {20, 0, func(w *world, ids []string) { w.delete(ids) },
			[]string{"3 of 3 records", "never all"}},
		"nothing may go": {0, 0, func(w *world, ids []string) { w.Delete(ids[0]) },
			[]string{"1 of 3 records", "MAX_SHRINK_PERCENT is 0", "may remove 0 of these"}},
		"2 of 2 values": {20, 0, func(w *world, ids []string) {
			for _, id := range ids {
				w.Update(id, edit{"Status": nil})
			}
		}, nil},
		"7 of 9 values": {20, 7, func(w *world, ids []string) {
			for _, id := range ids[:8] {
				w.Update(id, edit{"Status": nil})
			}
		}, []string{`field "Status" had a value in 9 of 10 records`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, airtablesim.Config{})
			w.shrink = test.shrink
			w.fill(test.more)
			w.must(job.Full, job.Published)
			w.clock.Advance(time.Hour)
			test.lose(w, w.ids())
			if test.words == nil {
				w.must(job.Full, job.Published)
				w.converged()
				return
			}
			w.refuses(job.Full, test.words...)
			w.accepted(job.Full)
		})
	}
}

// TestDuplicateIDsInListing sends each page's first record twice. It is served once.
func TestDuplicateIDsInListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.fill(150)
	want := w.fresh()
	w.rewrite(func(path, body string) string {
		first, rest, ok := bytes.Cut([]byte(body), []byte(`"records":[`))
		end := bytes.Index(rest, []byte(`}},`))
		if strings.Contains(path, "/meta/") || !ok || end < 0 {
			return body
		}
		return string(first) + `"records":[` + string(rest[:end]) + `}},` + string(rest)
	})
	for _, mode := range modes {
		if receipt := w.run(mode); !receipt.Succeeded() {
			t.Errorf("%s: %s", mode, receipt.Error)
		}
		if got := w.served(w.store); len(got) != len(want) || got[0] != want[0] {
			t.Errorf("after %s, the store differs from a fresh full", mode)
		}
	}
}

// TestBaseShrinksDuringListing deletes records between the pages.
func TestBaseShrinksDuringListing(t *testing.T) {
	t.Parallel()
	for _, mode := range []job.Mode{job.Full, job.Sweep} {
		both(t, func(t *testing.T, w *world) {
			filled := w.fill(250)
			w.must(job.Full, job.Published)
			w.clock.Advance(time.Hour)
			w.onPage(2, func() { w.delete(filled[:120]) })
			if receipt := w.run(mode); !receipt.Succeeded() {
				t.Fatalf("%s: %s", mode, receipt.Error)
			}
			w.Before(nil)
			w.clock.Advance(time.Hour)
			if receipt := w.run(job.Sweep); !receipt.Succeeded() {
				t.Fatal(receipt.Error)
			}
			w.converged()
		})
	}
}

// TestPageThatNeverFits ends in an error that names the remedy, with few calls, and passes
// once the page fits.
func TestPageThatNeverFits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.Script(airtablesim.Refuse(413, airtablesim.ShapeText, "REQUEST_TOO_LARGE", "").
		On(airtablesim.List).Repeat(100))
	receipt := w.fails(job.Full, "is too large", "shorten the texts")
	if receipt.AirtableCalls > 10 {
		t.Errorf("%d calls", receipt.AirtableCalls)
	}
	w.Script()
	for w.Pending() > 0 {
		w.run(job.Full)
	}
	w.must(job.Full, job.Unchanged)
}
