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

const (
	// PageSize is how many records a call returns at most: Airtable's limit and default.
	PageSize    = 100
	maxRestarts = 3 // of a listing whose iterator was lost
)

// Query says which records of a table are listed. The zero Query lists all, with all
// their fields, in no particular order.
type Query struct {
	Formula    string   // filterByFormula; empty: all records
	Fields     []string // names or ids; empty: all
	PageSize   int      // 1 to 100; 0: 100
	MaxRecords int      // over all pages; 0: no limit
	ByID       bool     // key the cells by field id, not by name
}

// Page is a part of a listing.
type Page struct {
	// Listing is 1, and one more each time Airtable lost its iterator and the
	// listing had to start again: the consumer then drops what it had before.
	Listing int
	Number  int       // within this listing, from 1
	Records []Record  // may be few or none on any page, not only the last
	Date    time.Time // Airtable's clock when it answered; zero when it did not say
}

// List lists the records of a table, given by id or name. The token needs the scope
// data.records:read.
//
// Each range over the result is a listing of its own, and fetches the next page while
// the loop body works on one; at most two pages are held at a time, and the consumer
// owns those it got. When something fails, the last pair has the error and no page.
// After the loop, left early or not, no call is under way.
func (c *Client) List(ctx context.Context, table string, q Query) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		pages := make(chan Page)
		var failure error // read only after pages is closed
		go func() {
			defer close(pages)
			failure = c.listing(table, q, pages).run(ctx)
		}()
		defer func() {
			cancel()
			for range pages { // until the goroutine has ended
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

// listing is one pass over a table on its way, and over again.
type listing struct {
	*Client
	path  string
	query Query
	pages chan<- Page
	count int // of the times it began
}

func (c *Client) listing(table string, q Query, pages chan<- Page) *listing {
	path := "/v0/" + url.PathEscape(c.base) + "/" + url.PathEscape(table) + "/listRecords"
	return &listing{Client: c, path: path, query: q, pages: pages}
}

// run lists, and begins again when the iterator was lost.
func (l *listing) run(ctx context.Context) error {
	for {
		l.count++
		err := l.walk(ctx)
		failed, ok := errors.AsType[*Error](err)
		if !ok || !failed.lostIterator() {
			return err
		}
		if l.count > maxRestarts {
			return fmt.Errorf("airtable: the listing was lost %d times: %w", l.count, err)
		}
		l.log.WarnContext(ctx, "airtable lost the listing, starting again", "listing", l.count, "error", err)
	}
}

// walk follows the offsets to the end. One that comes twice would lead in a circle.
func (l *listing) walk(ctx context.Context) error {
	offset, seen := "", map[string]bool{}
	for number := 1; ; number++ {
		page, next, err := l.fetch(ctx, offset)
		if err != nil {
			return err
		}
		if seen[next] {
			return fmt.Errorf("airtable: page %d of the listing leads back to an earlier one: Airtable gave the same offset twice; try again later", number)
		}
		page.Listing, page.Number = l.count, number
		if err := l.hand(ctx, page); err != nil {
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
		read: func(a answer) (err error) {
			page.Date = a.date
			page.Records, next, err = decodePage(a)
			return err
		},
	})
	return page, next, err
}

// hand gives a page to the consumer, when it is ready for one.
func (l *listing) hand(ctx context.Context, page Page) error {
	l.log.DebugContext(ctx, "airtable page",
		"listing", page.Listing, "page", page.Number, "records", len(page.Records))
	select {
	case l.pages <- page:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("airtable: list: %w", stopped(ctx))
	}
}

// listBody is the body of a listRecords call. An empty list of fields stays out, since
// what Airtable makes of one is not documented.
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
