package airtable

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

const maxRestarts = 3 // of a listing whose iterator was lost

// ErrLost matches the error of a listing whose iterator Airtable lost more often than it
// is restarted. That is a temporary fault of Airtable.
var ErrLost = errors.New("airtable: listing lost")

// listing is one range over the result of List.
type listing struct {
	*Client
	path    string
	query   Query // with the page size in use, which is only ever halved
	pages   chan<- Page
	part    string // see Page.Part
	count   int    // of its starts
	resized bool   // since the last page
	walk    walk
}

// run lists the table and restarts if the iterator was lost. A loss right after a change of
// the page size does not count as one: whether an iterator survives it is not documented.
func (l *listing) run(ctx context.Context) error {
	for losses := 0; ; {
		l.count++
		err := l.listOnce(ctx)
		failed, ok := errors.AsType[*Error](err)
		if !ok || !failed.lostIterator() {
			return err
		}
		if !l.resized {
			losses++
		}
		l.resized = false
		if losses > maxRestarts {
			return fmt.Errorf("%w %d times: %w", ErrLost, losses, err)
		}
		l.log.WarnContext(ctx, "airtable lost the listing, restarting",
			"listing", l.count, "error", err)
	}
}

// listOnce follows the offsets to the end and passes each page to the consumer.
func (l *listing) listOnce(ctx context.Context) error {
	l.walk = walk{last: "the first record"}
	for number, offset := 1, ""; ; number++ {
		page, next, err := l.fetchFitting(ctx, offset)
		if err != nil {
			return err
		}
		l.resized = false
		if err := l.walk.accept(&page, l.query.PageSize, next); err != nil {
			return fmt.Errorf("airtable: page %d of the listing: %w", number, err)
		}
		page.Part, page.Listing, page.Number = l.part, l.count, number
		l.log.DebugContext(ctx, "airtable page",
			"part", page.Part, "listing", page.Listing, "page", page.Number,
			"records", len(page.Records))
		select {
		case l.pages <- page:
		case <-ctx.Done():
			return fmt.Errorf("airtable: list: %w", contextError(ctx))
		}
		switch {
		case next == "":
			return nil
		case number == 1 && l.part == "" && l.pay(l.query) > 1:
			return errDivide
		}
		offset = next
	}
}

// fetchFitting fetches a page, with fewer records until it is not too large.
func (l *listing) fetchFitting(ctx context.Context, offset string) (Page, string, error) {
	for {
		var page Page
		var next string
		err := l.do(ctx, call{
			method: http.MethodPost,
			path:   l.path,
			scope:  "data.records:read",
			body: listBody{
				PageSize:   l.query.PageSize,
				MaxRecords: l.query.MaxRecords,
				ByID:       l.query.ByID,
				Formula:    l.query.Formula,
				Fields:     l.query.Fields,
				Offset:     offset,
			},
			limit: maxPage,
			read: func(r response) (err error) {
				page.Date, page.Warnings = r.date, r.warnings
				page.Records, next, err = decodePage(r)
				return err
			},
		})
		failed, ok := errors.AsType[*Error](err)
		if !ok || failed.Fault() != FaultSize {
			return page, next, err
		}
		large, first := errors.AsType[*firstRecordError](err)
		switch {
		case first && large.id != "":
			return page, "", fmt.Errorf("airtable: record %s is too large: %w", large.id, err)
		case first, l.query.PageSize == 1:
			return page, "", fmt.Errorf("airtable: %s is too large: %w", l.walk.last, err)
		}
		l.query.PageSize /= 2
		l.resized = true
		l.log.WarnContext(ctx, "airtable page too large, requesting smaller pages",
			"records", l.query.PageSize, "error", err)
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
