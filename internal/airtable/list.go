package airtable

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/url"
	"sync"
	"time"
)

// PageSize is how many records Airtable returns per call at most, and by default
// (https://airtable.com/developers/web/api/list-records, November 2026).
const PageSize = 100

// Query selects the records of a table to list. The zero Query lists all of them, with
// all fields, in no particular order.
type Query struct {
	Formula    string   // filterByFormula; empty for all records
	Fields     []string // names or ids; empty for all
	PageSize   int      // 1 to PageSize; 0 for PageSize
	MaxRecords int      // over all pages; 0 for no limit
	ByID       bool     // key the cells by field id, not by name
	// AtOnce allows several listings at once, over disjoint parts of the table, if a single
	// one would not use up the rate at the latency of the last response. They add up to four
	// calls. Expected is how many records the listing should have, so that a short one is
	// not divided; 0 if that is unknown.
	AtOnce   bool
	Expected int
}

// Page is a part of a listing.
type Page struct {
	// Part is the part of the table that the page belongs to: the characters with which the
	// record ids of the part end. It is "" for the whole table.
	Part string
	// Listing is 1, and more when a listing of the part restarted, or of the whole table
	// before it was divided: Airtable had lost its iterator, or several are faster. The
	// consumer then drops all earlier records of the part.
	Listing int
	Number  int       // within this listing, from 1
	Records []Record  // may be few or none on any page, not only the last
	Date    time.Time // Airtable's clock; zero if the response had none (see [Config.Now])
	// Warnings are what the consumer reports to the operator, such as records that were
	// left out. They are single lines without cell values.
	Warnings []string
}

// List lists the records of a table, given by id or name. The token needs scope
// data.records:read.
//
// A page that Airtable or this package finds too large is requested again with half as
// many records, down to one; later pages stay as small. Only a record that is too large by
// itself ends the listing, with an error that names it. Records whose id is not a record id
// are left out and reported in the warnings of the last page.
//
// Each range over the result is a listing of its own. It fetches the next page while the
// loop body works on the current one and holds at most two pages, or with Query.AtOnce
// one for each part and one more; the consumer owns the pages it received. On failure
// the last pair holds the error and no page. After the loop, whether left early or not,
// no call is in progress.
func (c *Client) List(ctx context.Context, table string, q Query) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		pages := make(chan Page)
		l := &listing{
			Client: c, query: q, pages: pages,
			path: "/v0/" + url.PathEscape(c.base) + "/" + url.PathEscape(table) + "/listRecords",
		}
		l.query.PageSize = cmp.Or(q.PageSize, PageSize)
		var failure error // read only after pages is closed
		go func() {
			defer close(pages)
			failure = l.runParts(ctx)
		}()
		defer func() {
			cancel()
			for range pages { // wait for the goroutine to end
			}
		}()
		for page := range pages {
			if !yield(page, nil) {
				return
			}
		}
		if failure != nil {
			yield(Page{}, failure)
		}
	}
}

// runParts lists the table in as many listings at once as pay. If the first page of a
// single one shows that more of them pay, they start over; the single one costs one call.
func (l *listing) runParts(ctx context.Context) error {
	n := l.pay(l.query)
	if n == 1 {
		if err := l.run(ctx); !errors.Is(err, errDivide) {
			return err
		}
		n = l.pay(l.query)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var listings sync.WaitGroup
	failures := make(chan error, n)
	for _, part := range divide(n) {
		of := *l
		of.part, of.query.Formula = part.ends, part.and(l.query.Formula)
		listings.Go(func() {
			if err := of.run(ctx); err != nil {
				failures <- err // the first counts: the others fail because it ends them
				cancel()
			}
		})
	}
	listings.Wait()
	close(failures)
	return <-failures
}
