package airtable_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtable"
)

func recordID(n int) string { return fmt.Sprintf("rec%014d", n) }

// pages is a step that serves records with a text of that many bytes each, in pages of the
// requested size. A page above most bytes is 413; 0 for any size. The text of record huge,
// if any, has 30 MB.
type pages struct {
	records, bytes, most int
	huge                 int // -1 for none
}

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var query struct {
		Offset   string
		PageSize int
	}
	json.NewDecoder(r.Body).Decode(&query)
	var from int
	fmt.Sscanf(query.Offset, "itr/%d", &from)
	to := min(from+query.PageSize, p.records)
	if p.most > 0 && (to-from)*p.bytes > p.most {
		reject(413, "REQUEST_TOO_LARGE")(w, r)
		return
	}
	text := strings.Repeat("x", p.bytes)
	separator := `{"records":[`
	for i := from; i < to; i++ {
		fmt.Fprintf(w, `%s{"id":%q,"createdTime":"2025-03-01T12:00:00.000Z","fields":{"A":"`,
			separator, recordID(i))
		if i == p.huge {
			for range 30_000_000 / len(thousand) {
				if _, err := w.Write(thousand); err != nil {
					return
				}
			}
		}
		io.WriteString(w, text+`"}}`)
		separator = ","
	}
	io.WriteString(w, "]")
	if to < p.records {
		fmt.Fprintf(w, `,"offset":"itr/%d"`, to)
	}
	io.WriteString(w, "}")
}

var thousand = bytes.Repeat([]byte("y"), 1000)

// streamed serves requests without holding their responses.
type streamed struct {
	http.Handler
	sizes []int // pageSize of each request
}

func (s *streamed) RoundTrip(req *http.Request) (*http.Response, error) {
	text, _ := io.ReadAll(req.Body)
	var query struct{ PageSize int }
	json.Unmarshal(text, &query)
	s.sizes = append(s.sizes, query.PageSize)
	req.Body = io.NopCloser(bytes.NewReader(text))
	read, write := io.Pipe()
	w := &pipeWriter{write: write, header: http.Header{}, status: make(chan int, 1)}
	go func() {
		s.ServeHTTP(w, req)
		w.WriteHeader(200)
		write.Close()
	}()
	return &http.Response{StatusCode: <-w.status, Header: w.header, Body: read}, nil
}

type pipeWriter struct {
	write  *io.PipeWriter
	header http.Header
	status chan int
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	select {
	case w.status <- status:
	default: // it was written before
	}
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(200)
	return w.write.Write(p)
}

func (s *streamed) client() *airtable.Client {
	return (&fake{}).client(func(cfg *airtable.Config) { cfg.HTTP = s })
}

func TestListShrinksLargePages(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		pages
		sizes string
	}{
		"413":            {pages{records: 60, bytes: 100, most: 3000, huge: -1}, "100 50 25 25 25"},
		"413 down to 1":  {pages{records: 3, bytes: 100, most: 150, huge: -1}, "100 50 25 12 6 3 1 1 1"},
		"long responses": {pages{records: 60, bytes: 390_000, huge: -1}, "100 50 25 12 12 12 12 12"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &streamed{Handler: row.pages}
				next := 0
				for page, err := range s.client().List(t.Context(), "T", airtable.Query{}) {
					if err != nil {
						t.Fatal(err)
					}
					for _, record := range page.Records {
						if record.ID != recordID(next) {
							t.Errorf("record %d is %s", next, record.ID)
						}
						next++
					}
				}
				if next != row.records || fmt.Sprint(s.sizes) != "["+row.sizes+"]" {
					t.Errorf("%d records in pages of %d, want %s", next, s.sizes, row.sizes)
				}
			})
		})
	}
}

// TestListRestartsAfterShrinking loses the iterator at each change of the page size, which
// must not use up the restarts.
func TestListRestartsAfterShrinking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		size := 100
		f := steps(func(w http.ResponseWriter, r *http.Request) {
			var query struct {
				Offset   string
				PageSize int
			}
			json.NewDecoder(r.Body).Decode(&query)
			switch {
			case query.Offset == "":
				size = query.PageSize
				fmt.Fprintf(w, `{"records":[],"offset":"itr/%d"}`, size)
			case query.PageSize != size:
				reject(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")(w, r)
			case size > 1:
				reject(413, "")(w, r)
			default:
				fmt.Fprintf(w, `{"records":[{"id":%q,"fields":{}}]}`, recordID(1))
			}
		})
		got, err := walk(t.Context(), f.client())
		if err != nil || !strings.HasSuffix(got, "7.1:0 7.2:1") {
			t.Errorf("pages %q, %v", got, err)
		}
	})
}

// TestListNamesLargeRecord holds that a record of 30 MB ends the listing by its id, and
// that little memory is allocated for it.
func TestListNamesLargeRecord(t *testing.T) {
	for name, row := range map[string]struct {
		pages
		words string
	}{
		"first of a page": {pages{records: 60, bytes: 10, huge: 0}, "record " + recordID(0)},
		"in the middle":   {pages{records: 60, bytes: 10, huge: 37}, "record " + recordID(37)},
		"413":             {pages{records: 1, bytes: 10, most: 5}, "the first record"},
		"the last":        {pages{records: 60, bytes: 10, huge: 59}, "record " + recordID(59)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &streamed{Handler: row.pages}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := walk(t.Context(), s.client())
				runtime.ReadMemStats(&after)
				failed := failure(t, err)
				if failed.Fault() != airtable.FaultSize || failed.Temporary() {
					t.Errorf("fault %d, temporary %t", failed.Fault(), failed.Temporary())
				}
				contains(t, err.Error(), row.words+" is too large")
				allocated, calls := (after.TotalAlloc-before.TotalAlloc)>>20, uint64(len(s.sizes))
				if allocated > 40*calls {
					t.Errorf("%d MiB allocated in %d calls", allocated, calls)
				}
			})
		})
	}
}

func TestListDescribesRecordThatNoResponseShows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := respond(200, `{"records":[{"id":"`+recordID(1)+`","fields":{}}],"offset":"itr/1"}`)
		_, err := walk(t.Context(), steps(first, reject(413, "")).client())
		contains(t, err.Error(), "the record after "+recordID(1)+" is too large", "413")
	})
}

func TestListLeavesOutInvalidIDs(t *testing.T) {
	t.Parallel()
	page := func(offset string, ids ...string) http.HandlerFunc {
		var records []string
		for _, id := range ids {
			text, _ := json.Marshal(id)
			records = append(records, fmt.Sprintf(`{"id":%s,"fields":{}}`, text))
		}
		return respond(200, `{"records":[`+strings.Join(records, ",")+`]`+offset+`}`)
	}
	synctest.Test(t, func(t *testing.T) {
		f := steps(
			page(`,"offset":"itr/1"`, recordID(1), "rec'; DROP", "../../etc/passwd", recordID(1)),
			page("", "rec\x1b[31m/slash\n", "rec", recordID(2)))
		var ids, warnings []string
		for page, err := range f.client().List(t.Context(), "T", airtable.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, record := range page.Records {
				ids = append(ids, record.ID)
			}
			warnings = append(warnings, page.Warnings...)
		}
		if want := []string{recordID(1), recordID(1), recordID(2)}; !slices.Equal(ids, want) {
			t.Errorf("records %s, want %s", ids, want)
		}
		want := `records left out because Airtable sent invalid ids: 4 ` +
			`("rec'; DROP", "../../etc/passwd", "rec[31m/slash")`
		if len(warnings) != 1 || warnings[0] != want {
			t.Errorf("warnings %q, want %q", warnings, want)
		}
	})
}

// TestListEnds serves a new offset on each page.
func TestListEnds(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		record func(call int) int
		calls  int
		words  string
	}{
		"the same record": {func(int) int { return 0 }, 21,
			"20 pages in a row brought no new record"},
		"a circle": {func(call int) int { return call % 100 }, 120, "20 pages in a row"},
		"always a new one": {func(call int) int { return call }, 10_000,
			"goes on after room for 1000000"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				call := 0
				s := &streamed{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					fmt.Fprintf(w, `{"records":[{"id":%q,"fields":{}}],"offset":"itr/%d"}`,
						recordID(row.record(call)), call)
					call++
				})}
				_, err := walk(t.Context(), s.client())
				if err == nil || call != row.calls {
					t.Fatalf("%d calls, want %d: %v", call, row.calls, err)
				}
				contains(t, err.Error(), row.words)
			})
		})
	}
}

// TestDatesFarAheadAreNotBelieved also holds that the next response with a good date is.
func TestDatesFarAheadAreNotBelieved(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 30, 0, 5, time.UTC)
	for name, row := range map[string]struct {
		date     time.Time
		believed bool
	}{
		"the year 9999":   {time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), false},
		"a day and more":  {now.Add(25 * time.Hour), false},
		"a day":           {now.Add(24 * time.Hour), true},
		"in another zone": {now.Add(14 * time.Hour), true},
		"the past":        {now.AddDate(-50, 0, 0), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				header := row.date.Format(http.TimeFormat)
				f := steps(respond(200, `{"tables":[]}`, "Date", header), respond(403, "", "Date", header),
					respond(200, `{"records":[],"offset":"itr/1"}`, "Date", header),
					respond(200, `{"records":[]}`, "Date", header),
					respond(200, `{"tables":[]}`, "Date", now.Format(http.TimeFormat)))
				c := f.client(func(cfg *airtable.Config) { cfg.Now = func() time.Time { return now } })
				want, warnings := row.date.Truncate(time.Second), 0
				if !row.believed {
					want, warnings = now.Truncate(time.Second), 1
				}
				check := func(name string, got time.Time, texts []string) {
					t.Helper()
					if !got.Equal(want) || len(texts) != warnings {
						t.Errorf("%s has date %s, warnings %q, want %s", name, got, texts, want)
					}
					for _, text := range texts {
						contains(t, text, row.date.Format(time.DateOnly), "the host's time is used")
					}
				}
				schema, _ := c.Schema(t.Context())
				check("schema", schema.Date, schema.Warnings)
				_, err := c.Schema(t.Context())
				check("error", failure(t, err).Date, failure(t, err).Warnings)
				var texts []string
				for page := range c.List(t.Context(), "T", airtable.Query{}) {
					texts = append(texts, page.Warnings...)
					if page.Number == 2 {
						check("listing", page.Date, texts)
					}
				}
				want, warnings = now.Truncate(time.Second), 0
				schema, _ = c.Schema(t.Context())
				check("the next schema", schema.Date, schema.Warnings)
			})
		})
	}
}
