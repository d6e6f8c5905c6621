package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
	"voc/internal/manifest"
	"voc/internal/replica"
)

// maxLimit is the largest page that a client can request.
const maxLimit = 1000

// longestLink is in bytes: proxies and clients limit headers, some of them to 8 KB in all.
const longestLink = 4096

// listQuery holds the parameters of a list.
type listQuery struct {
	filter  feedback.Filter
	sort    feedback.Sort
	columns feedback.Columns
	limit   int    // 0: all
	after   cursor // zero: the first page
}

// list answers GET /api/feedback/ from the current snapshot, or from the one that the cursor names.
func (a *API) list(r *request) (respond.Answer, error) {
	query, err := r.listQuery()
	if err != nil {
		return respond.Answer{}, err
	}
	view, release := a.cachedView(r.Context())
	r.pin(release)
	if given, ok := r.values["cursor"]; ok && view.File != nil {
		query.after, err = decodeCursor(given[0], r.listIdentity(view.Manifest.Owner.Base))
		if err != nil {
			return respond.Answer{}, badRequest{{"cursor", err.Error()}}
		}
		if view, release, err = a.pinnedView(r.Context(), query.after.Snapshot); err != nil {
			return respond.Answer{}, err
		}
		r.pin(release)
	}
	return a.answerFrom(view, r, func(r *request, view replica.View) (respond.Answer, error) {
		return findList(r, view, query)
	})
}

// listCSV answers GET /api/feedback.csv: the list as CSV, whatever the client accepts.
func (a *API) listCSV(r *request) (respond.Answer, error) {
	r.csv = true
	return a.list(r)
}

// listQuery reads the parameters of a list. Its error names every one that is wrong.
func (r *request) listQuery() (query listQuery, err error) {
	var bad [5]badRequest
	query.filter, bad[0] = r.filter()
	query.sort, bad[1] = r.sort(r.values["q"] != nil)
	query.limit, bad[2] = r.limit(maxLimit, 0)
	r.csv, bad[3] = r.wantsCSV()
	query.columns, bad[4] = r.columns()
	all := slices.Concat(bad[:]...)
	if r.values["cursor"] != nil && r.values["limit"] == nil {
		all = append(all, parameterError{"cursor", "requires limit, the length of a page"})
	}
	if all == nil {
		return query, nil
	}
	slices.SortStableFunc(all, func(a, b parameterError) int {
		return strings.Compare(a.Parameter, b.Parameter)
	})
	return query, all
}

// pinnedView returns the snapshot that a cursor names. Errors: errGone, errUnfetched,
// replica.ErrBusy.
func (a *API) pinnedView(ctx context.Context, id string) (replica.View, func(), error) {
	view, release, err := a.Replica.AcquireAt(ctx, id)
	switch {
	case err == nil:
		return view, release, nil
	case ctx.Err() != nil, errors.Is(err, replica.ErrBusy):
		return view, nil, err
	case errors.Is(err, manifest.ErrNoSuchSnapshot):
		return view, nil, errGone
	}
	a.Log.WarnContext(ctx, "fetch older snapshot", "snapshot", id, "error", err)
	return view, nil, errUnfetched
}

// findList finds the records of a list or of a page. The whole list is precomputed; the rows of any
// other one are read while they are sent.
func findList(r *request, view replica.View, query listQuery) (answer respond.Answer, err error) {
	selection, err := view.File.Select(r.Context(), query.filter)
	if err != nil {
		return answer, err
	}
	total := int(query.after.Total)
	isFirst := query.after.Snapshot == ""
	if isFirst {
		if total, err = selection.Count(r.Context()); err != nil {
			return answer, err
		}
	}
	answer.Header.TotalCount = strconv.Itoa(total)
	answer.Header.UnknownValues = strings.Join(selection.Unknown, ",")
	isPage := query.limit > 0 && (query.limit < total || !isFirst)
	isWhole := query.columns == feedback.AllColumns && total == view.File.Records()
	if !isPage && !r.csv && query.sort == feedback.Newest && isWhole {
		encoding := view.File.Smallest(r.response.Accepted())
		answer.Body = respond.File{Encoding: encoding, Open: view.File.Body}
		return answer, nil
	}
	if !isPage {
		query.limit = total
	}
	page, err := selection.Page(r.Context(), query.sort, query.after.Place, query.limit)
	if err != nil {
		return answer, err
	}
	if page.More {
		next := cursor{
			Snapshot: view.Snapshot.ID,
			Place:    page.Last,
			Total:    uint32(total), // #nosec G115 -- a table has 500,000 records at most
		}
		answer.Header.NextCursor = next.encode(r.listIdentity(view.Manifest.Owner.Base))
		answer.Header.Link = r.nextLink(answer.Header.NextCursor)
		if len(answer.Header.Link) > longestLink {
			return answer, errLongLink
		}
	}
	format := jsonRows(query.columns)
	if r.csv {
		format = csvRows(query.columns)
		answer.Header.ContentType = "text/csv; charset=utf-8; header=present"
		answer.Header.ContentDisposition = `attachment; filename="feedback.csv"`
	}
	answer.Body = format.stream(r.Context(), view.File, page.Positions)
	return answer, nil
}

// nextLink is the Link to the page after a cursor.
func (r *request) nextLink(cursor string) string {
	values := url.Values{}
	for name, given := range r.values {
		values[name] = given
	}
	values.Set("cursor", cursor)
	return fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.EscapedPath(), values.Encode())
}

// record answers GET /api/feedback/{id}.
func record(r *request, view replica.View) (respond.Answer, error) {
	body, err := view.File.Detail(r.Context(), r.PathValue("id"))
	return respond.Answer{Body: respond.Bytes(body)}, err
}
