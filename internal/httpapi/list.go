package httpapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"voc/internal/bound"
	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// list answers GET /api/feedback/ and GET /api/feedback.csv from the current snapshot, or from the
// one that the cursor names.
func (a *API) list(r *request) (respond.Answer, error) {
	query, err := r.listQuery()
	if err != nil {
		return respond.Answer{}, err
	}
	given, hasCursor := r.values["cursor"]
	if !hasCursor {
		return a.current(r, listFinder{a, query})
	}
	view, release := a.view(r.Context(), maxViewAge)
	r.pin(release)
	if view.File != nil {
		query.after, err = decodeCursor(given[0], r.listIdentity(view.Manifest.Owner.Base))
		if err != nil {
			return respond.Answer{}, badRequest{{"cursor", err.Error()}}
		}
		view, release, err = a.Replica.AcquireAt(r.Context(), query.after.Snapshot)
		switch {
		case err == nil:
			r.pin(release)
		case r.Context().Err() != nil, errors.Is(err, replica.ErrBusy):
			return respond.Answer{}, err
		case errors.Is(err, manifest.ErrNoSuchSnapshot):
			return respond.Answer{}, errGone
		default:
			a.Log.WarnContext(r.Context(), "fetch older snapshot",
				"snapshot", query.after.Snapshot, "error", err)
			return respond.Answer{}, errUnfetched
		}
	}
	answer, complete, err := a.begin(r, view)
	if err == nil && !complete {
		answer.Header, answer.Body, err = listFinder{a, query}.find(r, view)
	}
	return answer, a.unfetched(r, view, err)
}

// listFinder finds the list of a query.
type listFinder struct {
	*API
	query listQuery
}

func (l listFinder) find(
	r *request, view replica.View,
) (header respond.Header, body respond.Body, err error) {
	isText := l.query.filter.Text != nil
	if isText { // a fetch is no part of the time that a search may take
		if err := view.File.Need(r.Context(), snapshot.Serve); err != nil {
			return header, nil, err
		}
	}
	err = l.search(r, isText, func(ctx context.Context) (err error) {
		header, body, err = findList(ctx, r, view, l.query)
		return err
	})
	return header, body, err
}

// search runs find, in a lane and for a limited time if it looks for a text or for very many
// values. Errors: bound.ErrBusy, errSlowSearch, and those of find.
func (a *API) search(r *request, isText bool, find func(context.Context) error) error {
	ctx, values := r.Context(), 0
	for _, given := range r.values {
		values += len(given)
	}
	if !isText && values <= bound.FilterValues {
		return find(ctx)
	}
	if err := a.searches.Enter(ctx); err != nil {
		return err
	}
	defer a.searches.Leave()
	limited, cancel := context.WithTimeout(ctx, bound.SearchTime)
	defer cancel()
	err := find(limited)
	if err != nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		return errSlowSearch
	}
	return err
}

// findList finds the records of a list or of a page. The whole list is precomputed; the rows of any
// other one are read while they are sent.
func findList(
	ctx context.Context, r *request, view replica.View, query listQuery,
) (header respond.Header, body respond.Body, err error) {
	selection, err := view.File.Select(ctx, query.filter)
	if err != nil {
		return header, nil, err
	}
	total := int(query.after.Total)
	isFirst := query.after.Snapshot == ""
	if isFirst {
		if total, err = selection.Count(ctx); err != nil {
			return header, nil, err
		}
	}
	header.TotalCount = strconv.Itoa(total)
	header.UnknownValues = strings.Join(selection.Unknown, ",")
	isPage := query.limit > 0 && (query.limit < total || !isFirst)
	isWhole := query.columns == feedback.AllColumns && total == view.File.Records()
	if !isPage && !r.csv && query.sort == feedback.Newest && isWhole {
		encoding := snapshot.ListEncoding(r.response.Accepted())
		err := view.File.Need(ctx, snapshot.List)
		return header, respond.File{Encoding: encoding, Open: view.File.Body}, err
	}
	if !isPage {
		query.limit = total
	}
	page, err := selection.Page(ctx, query.sort, query.after.Place, query.limit)
	if err != nil {
		return header, nil, err
	}
	if page.More {
		next := cursor{
			Snapshot: view.Snapshot.ID,
			Place:    page.Last,
			Total:    uint32(total), // #nosec G115 -- a table has 500,000 records at most
		}
		header.NextCursor = next.encode(r.listIdentity(view.Manifest.Owner.Base))
		values := url.Values(maps.Clone(r.values))
		values.Set("cursor", header.NextCursor)
		header.Link = fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.EscapedPath(), values.Encode())
		if len(header.Link) > bound.LinkBytes {
			return header, nil, errLongLink
		}
	}
	format := rowFormat{query.columns, jsonFrame, query.columns.AppendJSON}
	if r.csv {
		format.Frame = snapshot.Frame{Header: query.columns.CSVHeader()}
		format.appendRow = query.columns.AppendCSV
		header.ContentType = "text/csv; charset=utf-8; header=present"
		header.ContentDisposition = `attachment; filename="feedback.csv"`
	}
	return header, format.body(r.Context(), view.File, page.Positions), nil
}

// record answers GET /api/feedback/{id}.
func record(r *request, view replica.View) (respond.Body, error) {
	packed, err := view.File.Detail(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if slices.Contains(r.response.Accepted(), snapshot.Gzip) {
		return respond.Encoded{Bytes: packed.Gzip(), Encoding: snapshot.Gzip}, nil
	}
	text, err := packed.Text()
	return respond.Bytes(text), err
}
