package airtable

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// PageSize is how many records Airtable returns per call at most, and by default
// (https://airtable.com/developers/web/api/list-records, November 2026).
const PageSize = 100

const maxRestarts = 3 // of a listing whose iterator was lost

// Query selects the records of a table to list. The zero Query lists all of them, with
// all fields, in no particular order.
type Query struct {
	Formula    string   // filterByFormula; empty for all records
	Fields     []string // names or ids; empty for all
	PageSize   int      // 1 to PageSize; 0 for PageSize
	MaxRecords int      // over all pages; 0 for no limit
	ByID       bool     // key the cells by field id, not by name
}

// Page is a part of a listing.
type Page struct {
	// Listing is 1, and one more each time Airtable lost its iterator and the listing
	// restarted. The consumer then drops the pages of the previous listing.
	Listing int
	Number  int       // within this listing, from 1
	Records []Record  // may be few or none on any page, not only the last
	Date    time.Time // Airtable's clock; zero if the response had none
}

// List lists the records of a table, given by id or name. The token needs scope
// data.records:read.
//
// Each range over the result is a listing of its own. It fetches the next page while the
// loop body works on the current one and holds at most two pages; the consumer owns the
// pages it received. On failure the last pair holds the error and no page. After the
// loop, whether left early or not, no call is in progress.
func (c *Client) List(ctx context.Context, table string, q Query) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		pages := make(chan Page)
		var failure error // read only after pages is closed
		go func() {
			defer close(pages)
			failure = c.newListing(table, q, pages).run(ctx)
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

// listing is one range over the result of List.
type listing struct {
	*Client
	path  string
	query Query
	pages chan<- Page
	count int // of its starts
}

func (c *Client) newListing(table string, q Query, pages chan<- Page) *listing {
	path := "/v0/" + url.PathEscape(c.base) + "/" + url.PathEscape(table) + "/listRecords"
	return &listing{Client: c, path: path, query: q, pages: pages}
}

// run lists the table and restarts if the iterator was lost.
func (l *listing) run(ctx context.Context) error {
	for {
		l.count++
		err := l.walk(ctx)
		failed, ok := errors.AsType[*Error](err)
		if !ok || !failed.lostIterator() {
			return err
		}
		if l.count > maxRestarts {
			return fmt.Errorf("airtable: listing lost %d times: %w", l.count, err)
		}
		l.log.WarnContext(ctx, "airtable lost the listing, restarting",
			"listing", l.count, "error", err)
	}
}

// walk follows the offsets to the end. An offset that repeats would loop for ever.
func (l *listing) walk(ctx context.Context) error {
	offset, seen := "", map[string]bool{}
	for number := 1; ; number++ {
		page, next, err := l.fetch(ctx, offset)
		if err != nil {
			return err
		}
		if seen[next] {
			return fmt.Errorf("airtable: page %d of the listing: Airtable returned the same offset twice",
				number)
		}
		page.Listing, page.Number = l.count, number
		if err := l.deliver(ctx, page); err != nil {
			return err
		}
		if next == "" {
			return nil
		}
		seen[next], offset = true, next
	}
}

func (l *listing) fetch(ctx context.Context, offset string) (page Page, next string, err error) {
	err = l.do(ctx, call{
		method: http.MethodPost,
		path:   l.path,
		scope:  "data.records:read",
		body:   l.query.body(offset),
		read: func(r response) (err error) {
			page.Date = r.date
			page.Records, next, err = decodePage(r)
			return err
		},
	})
	return page, next, err
}

// deliver passes a page to the consumer.
func (l *listing) deliver(ctx context.Context, page Page) error {
	l.log.DebugContext(ctx, "airtable page",
		"listing", page.Listing, "page", page.Number, "records", len(page.Records))
	select {
	case l.pages <- page:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("airtable: list: %w", contextError(ctx))
	}
}

// listBody is the body of a listRecords call. An empty list of fields is left out, since
// its meaning is not documented.
type listBody struct {
	PageSize   int      `json:"pageSize"`
	MaxRecords int      `json:"maxRecords,omitempty"`
	ByID       bool     `json:"returnFieldsByFieldId,omitempty"`
	Formula    string   `json:"filterByFormula,omitempty"`
	Fields     []string `json:"fields,omitempty"`
	Offset     string   `json:"offset,omitempty"`
}

func (q Query) body(offset string) listBody {
	return listBody{
		PageSize:   cmp.Or(q.PageSize, PageSize),
		MaxRecords: q.MaxRecords,
		ByID:       q.ByID,
		Formula:    q.Formula,
		Fields:     q.Fields,
		Offset:     offset,
	}
}
