package refresh_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/job"
)

// belonging lists records with the created time that is served, and whether they belong
// to 2025-.
var belonging = []struct {
	name    string
	cells   edit
	belongs bool
}{
	{"Created of the year", edit{"Created": "2025-06-01T00:00:00.000Z"}, true},
	{"Created of the year before", edit{"Created": "2024-06-01T00:00:00.000Z"}, false},
	{"Created before Reported On", edit{"Created": "2024-12-31T23:59:59.999Z",
		"Reported On": "2025-06-01T00:00:00.000Z"}, false},
	{"Created the first millisecond", edit{"Created": "2025-01-01T00:00:00.000Z",
		"Reported On": "2024-06-01T00:00:00.000Z"}, true},
	{"Created the last millisecond before", edit{"Created": "2024-12-31T23:59:59.999Z"}, false},
	{"Created in another zone, this year in UTC", edit{"Created": "2024-12-31T20:00:00-05:00"}, true},
	{"Created in another zone, last year in UTC", edit{"Created": "2025-01-01T05:00:00+05:30"}, false},
	{"Created a date alone", edit{"Created": "2025-01-01"}, true},
	{"Created the date before", edit{"Created": "2024-12-31"}, false},
	{"Created without a zone", edit{"Created": "2025-01-01T00:00:00"}, true},
	{"only Reported On, of the year", edit{"Reported On": "2025-01-01T00:00:00.000Z"}, true},
	{"only Reported On, of the year before", edit{"Reported On": "2024-12-31T23:00:00.000Z"}, false},
	{"Created that is an error, Reported On of the year before",
		edit{"Created": edit{"error": "#ERROR!"}, "Reported On": "2024-06-01T00:00:00.000Z"}, false},
	{"Created that is an error, Reported On of the year",
		edit{"Created": edit{"error": "#ERROR!"}, "Reported On": "2025-06-01T00:00:00.000Z"}, true},
	{"Created that is a number", edit{"Created": 7, "Reported On": "2025-06-01T00:00:00.000Z"}, true},
	{"Created that is no date, Reported On of the year",
		edit{"Created": "soon", "Reported On": "2025-06-01T00:00:00.000Z"}, true},
	{"Created that is no date, Reported On of the year before",
		edit{"Created": "soon", "Reported On": "2024-06-01T00:00:00.000Z"}, false},
	{"neither, made now", edit{"Notes": "no dates"}, true},
	{"both unreadable, made now", edit{"Created": "soon", "Reported On": edit{"specialValue": "NaN"}},
		true},
	{"Created that is NaN, made now", edit{"Created": edit{"specialValue": "NaN"}}, true},
	{"Created that is white space, Reported On of the year",
		edit{"Created": " ", "Reported On": "2025-06-01"}, true},
	{"Created that is a list", edit{"Created": []any{"2025-06-01"}, "Reported On": "2024-06-01"},
		true},
}

// belongs creates the records, and returns the ids of those that belong, and all ids.
func (w *world) belongs() (want, all []string, names map[string]string) {
	names = map[string]string{}
	for _, row := range belonging {
		id := w.Create(row.cells)
		names[id] = row.name
		if all = append(all, id); row.belongs {
			want = append(want, id)
		}
	}
	return want, all, names
}

// The formula of a full must pass every record that belongs, whatever the field's type:
// it passes what it cannot judge.
func TestServedCreatedDecidesYears(t *testing.T) {
	t.Parallel()
	retype := func(kind string) func(w *world) {
		return func(w *world) {
			w.DropField("Created")
			w.AddField("Created", kind)
		}
	}
	for name, prepare := range map[string]func(w *world){
		"a date":          retype("dateTime"),
		"a date alone":    retype("date"),
		"a text":          retype("singleLineText"),
		"a formula":       retype("formula"),
		"a lookup":        retype("multipleLookupValues"),
		"an unknown type": retype("futureDate"),
		"a field without a name for formulas": func(w *world) {
			w.RenameField("Created", "Crea{ted}")
			w.fields = `{"created": "Crea{ted}"}`
		},
		"without the schema": func(w *world) { w.token = "patDataOnly" },
	} {
		t.Run(name, func(t *testing.T) {
			for _, mode := range []job.Mode{job.Full, job.Incremental} {
				w := newWorld(t, airtablesim.Config{DataToken: "patDataOnly"})
				prepare(w)
				if mode == job.Incremental {
					w.must(job.Full, job.Published)
				}
				want, _, names := w.created()
				w.must(mode, job.Published)
				got := w.ids()
				for id, name := range names {
					if slices.Contains(got, id) != slices.Contains(want, id) {
						t.Errorf("%s: %s: is served: %v", mode, name, slices.Contains(got, id))
					}
				}
			}
		})
	}
}

// created is belongs for a renamed field.
func (w *world) created() (want, all []string, names map[string]string) {
	if w.fields == "" {
		return w.belongs()
	}
	w.RenameField("Crea{ted}", "Created")
	defer w.RenameField("Created", "Crea{ted}")
	return w.belongs()
}

func TestRecordCreatedTimeIsFallback(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		now     time.Time
		belongs bool
	}{
		{time.Date(2024, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), true},
	} {
		w := newWorld(t, airtablesim.Config{Clock: func() time.Time { return row.now }})
		id := w.Create(edit{"Notes": "no dates"})
		w.must(job.Full, job.Published)
		if served := w.detail(id) != ""; served != row.belongs {
			t.Errorf("made at %v, is served: %v", row.now, served)
		}
	}
}

func TestRecordLeavesAndReentersYears(t *testing.T) {
	t.Parallel()
	for _, mode := range []job.Mode{job.Full, job.Incremental} {
		w := newWorld(t, airtablesim.Config{})
		w.must(job.Full, job.Published)
		for i, created := range []string{"2024-12-31T23:59:00.000Z", "2025-03-03T00:00:00.000Z",
			"1999-01-01T00:00:00.000Z"} {
			w.clock.Advance(time.Hour)
			w.Update("rec00000000000001", edit{"Created": created})
			receipt := w.must(mode, job.Published)
			if in := i == 1; receipt.Added != map[bool]int{true: 1}[in] ||
				receipt.Removed != map[bool]int{false: 1}[in] {
				t.Errorf("%s, created %s: %+v", mode, created, receipt)
			}
			w.converged()
		}
		w.clock.Advance(time.Hour)
		w.Update("rec00000000000001", edit{"Status": "still outside"})
		w.must(mode, job.Unchanged)
	}
}

func TestChangedYearsMakeFull(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		years string
		want  int
		after job.Outcome
	}{
		{"2024-2025", 4, job.Published},
		{"all", 4, job.Published},
		{"2024", 1, job.Published},
		{"2025", 3, job.Published}, // the same records, but the next snapshot must know its years
	} {
		t.Run(row.years, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{})
			w.must(job.Full, job.Published)
			w.clock.Advance(time.Hour)
			w.years = row.years
			if receipt := w.must(job.Incremental, row.after); receipt.Mode != job.Full ||
				len(w.ids()) != row.want {
				t.Errorf("%d are served; %+v", len(w.ids()), receipt)
			}
			w.converged()
			w.clock.Advance(time.Hour)
			if receipt := w.must(job.Incremental, job.Unchanged); receipt.Mode != job.Incremental {
				t.Errorf("once more a full: %+v", receipt)
			}
		})
	}
}

// A narrowed listing does not transfer the whole table.
func TestFullRequestsOnlyYears(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	for i := range 150 {
		w.Create(edit{"Created": fmt.Sprintf("2023-01-%02dT00:00:00.000Z", i%28+1)})
	}
	receipt := w.must(job.Full, job.Published)
	if receipt.Read != 3 || receipt.Pages != 1 {
		t.Errorf("receipt %+v, want 3 read and 1 page", receipt)
	}
}

// asking records the formulas of the calls.
type asking struct {
	http.RoundTripper
	formulas []string
}

func (a *asking) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	var query struct{ FilterByFormula string }
	if json.Unmarshal(body, &query) == nil {
		a.formulas = append(a.formulas, query.FilterByFormula)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return a.RoundTripper.RoundTrip(req)
}

// Airtable does not document how it compares other values with dates, so no formula does.
func TestFormulaComparesOnlyDates(t *testing.T) {
	t.Parallel()
	for kind, compared := range map[string]bool{"dateTime": true, "date": true,
		"singleLineText": false, "multipleLookupValues": false, "formula": false} {
		w := newWorld(t, airtablesim.Config{})
		w.DropField("Created")
		w.AddField("Created", kind)
		asked := &asking{RoundTripper: w.http}
		w.http = asked
		w.must(job.Full, job.Published)
		if formulas := strings.Join(asked.formulas, "\n"); strings.Contains(formulas,
			"IS_AFTER({Created}") != compared || !strings.Contains(formulas, "IS_AFTER({Reported On}") {
			t.Errorf("%s: asked with %s", kind, formulas)
		}
	}
}
