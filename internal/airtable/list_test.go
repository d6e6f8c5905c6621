package airtable_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtable"
)

// walk lists a table and returns its pages as "listing.number:records".
func walk(ctx context.Context, c *airtable.Client) (pages string, err error) {
	var all []string
	for page, failed := range c.List(ctx, "tblLeads", airtable.Query{}) {
		if failed != nil {
			return strings.Join(all, " "), failed
		}
		all = append(all, fmt.Sprintf("%d.%d:%d", page.Listing, page.Number, len(page.Records)))
	}
	return strings.Join(all, " "), nil
}

func TestListReturnsAllPages(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		records int
		want    string
	}{
		"no record":           {0, "1.1:0"},
		"one page":            {2, "1.1:2"},
		"a last page partial": {5, "1.1:2 1.2:2 1.3:1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := walk(t.Context(), steps(table(row.records)).client())
				if err != nil || got != row.want {
					t.Errorf("pages %q, %v, want %q", got, err, row.want)
				}
			})
		})
	}
}

func TestListContinuesAfterEmptyPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := steps(respond(200, `{"records":[],"offset":"itr/0"}`), table(1))
		if got, err := walk(t.Context(), f.client()); err != nil || got != "1.1:0 1.2:1" {
			t.Errorf("pages %q, %v", got, err)
		}
	})
}

func TestListRequests(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		table string
		query airtable.Query
		path  string
		body  string
	}{
		"everything": {"tblLeads", airtable.Query{},
			"/v0/" + base + "/tblLeads/listRecords", `{"pageSize":100}`},
		"a table by name": {"Lead Bugs/2", airtable.Query{ByID: true},
			"/v0/" + base + "/Lead%20Bugs%2F2/listRecords",
			`{"pageSize":100,"returnFieldsByFieldId":true}`},
		"all parameters": {"tblLeads",
			airtable.Query{Formula: "{A}=1", Fields: []string{"fldA"}, PageSize: 10, MaxRecords: 30,
				ByID: true},
			"/v0/" + base + "/tblLeads/listRecords",
			`{"pageSize":10,"maxRecords":30,"returnFieldsByFieldId":true,` +
				`"filterByFormula":"{A}=1","fields":["fldA"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := steps(table(3))
				for _, err := range f.client().List(t.Context(), row.table, row.query) {
					if err != nil {
						t.Fatal(err)
					}
				}
				if f.sent[0].path != row.path || f.sent[0].body != row.body {
					t.Errorf("requested %s %s\n want %s %s",
						f.sent[0].path, f.sent[0].body, row.path, row.body)
				}
				next := strings.TrimSuffix(row.body, "}") + `,"offset":"itr/2"}`
				if f.sent[1].body != next {
					t.Errorf("second page requested with %s, want %s", f.sent[1].body, next)
				}
			})
		})
	}
}

func TestListRetriesFailedPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := steps(table(5), respond(200, `{"records":[{"id":"rec2","fields":{}},{"id":"re`),
			reject(429, "RATE_LIMIT_REACHED"), respond(200, `{"offset":"itr/4"}`), table(5))
		if got, err := walk(t.Context(), f.client()); err != nil || got != "1.1:2 1.2:2 1.3:1" {
			t.Errorf("pages %q, %v", got, err)
		}
	})
}

func TestListRestartsAfterLostIterator(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "INVALID_OFFSET_VALUE"} {
		synctest.Test(t, func(t *testing.T) {
			lost, rows := reject(422, kind), table(3)
			f := steps(rows, lost, rows, lost, rows, lost, rows, rows)
			got, err := walk(t.Context(), f.client())
			if err != nil || got != "1.1:2 2.1:2 3.1:2 4.1:2 4.2:1" {
				t.Errorf("pages %q, %v", got, err)
			}
			f = steps(rows, lost, rows, lost, rows, lost, rows, lost, rows)
			got, err = walk(t.Context(), f.client())
			if failed := failure(t, err); !errors.Is(err, airtable.ErrLost) || !failed.Temporary() ||
				failed.Fault() != airtable.FaultListing {
				t.Errorf("%v is not temporary, or its fault is %d", err, failed.Fault())
			}
			if failure(t, err).Type != kind || got != "1.1:2 2.1:2 3.1:2 4.1:2" {
				t.Errorf("pages %q, %v, want the fourth loss to end the listing", got, err)
			}
		})
	}
}

func TestListRejectsRepeatedOffset(t *testing.T) {
	t.Parallel()
	page := func(offset string) http.HandlerFunc {
		return respond(200, `{"records":[],"offset":"`+offset+`"}`)
	}
	for name, f := range map[string]*fake{
		"same offset": steps(page("itr/a"), page("itr/a")),
		"longer loop": steps(page("itr/a"), page("itr/b"), page("itr/c"), page("itr/a")),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := walk(t.Context(), f.client())
				if err == nil || len(f.sent) != len(f.steps) {
					t.Fatalf("%d calls, %v", len(f.sent), err)
				}
				contains(t, err.Error(), "same offset was returned twice")
			})
		})
	}
}

func TestListFetchesNextPageConcurrently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := steps(after(150*time.Millisecond, table(100)))
		began := time.Now()
		for range f.client().List(t.Context(), "tblLeads", airtable.Query{}) {
			time.Sleep(200 * time.Millisecond)
		}
		took, floor := time.Since(began), 50*time.Second/5
		if took > floor*11/10 {
			t.Errorf("50 pages took %s, want at most 1.1 times %s", took, floor)
		}
	})
}

func TestListFetchesOnePageAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, pages := steps(table(20)), 0
		for range f.client().List(t.Context(), "tblLeads", airtable.Query{}) {
			pages++
			time.Sleep(time.Minute)
			if want := min(pages+1, 10); f.calls() != want {
				t.Fatalf("%d pages fetched during page %d, want %d", f.calls(), pages, want)
			}
		}
	})
}

// TestListStopsWhenLoopIsLeft leaves the loop while a call is in progress. A goroutine
// that outlives the synctest bubble fails the test.
func TestListStopsWhenLoopIsLeft(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]http.HandlerFunc{
		"page ready":       table(100),
		"page in progress": hangs,
		"page to retry":    reject(429, "RATE_LIMIT_REACHED"),
		"error to return":  reject(404, "NOT_FOUND"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := steps(table(100), second)
				for range f.client().List(t.Context(), "tblLeads", airtable.Query{}) {
					time.Sleep(time.Second)
					break
				}
				sent := f.calls()
				time.Sleep(time.Hour)
				if f.calls() != sent || sent != 2 {
					t.Errorf("%d calls at the end of the loop, %d an hour later, want 2", sent, f.calls())
				}
			})
		})
	}
}

func TestCancelledListReportsError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for cancelAt := range 12 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Duration(cancelAt)*51*time.Millisecond, cancel)
			got, err := walk(ctx, steps(after(20*time.Millisecond, table(6))).client())
			if complete := strings.HasSuffix(got, "1.3:2"); complete != (err == nil) {
				t.Errorf("cancelled after %d ms: pages %q, error %v", cancelAt*51, got, err)
			} else if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("error %v is not the cancellation", err)
			}
			cancel()
		}
	})
}

func TestEachRangeListsAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, records := steps(table(3)), 0
		list := f.client().List(t.Context(), "tblLeads", airtable.Query{})
		if len(f.sent) != 0 {
			t.Error("List itself made a call")
		}
		for range 2 {
			for page := range list {
				records += len(page.Records)
			}
		}
		if records != 6 || len(f.sent) != 4 {
			t.Errorf("%d records in %d calls, want 6 in 4", records, len(f.sent))
		}
	})
}
