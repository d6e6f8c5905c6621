package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"voc/internal/feedback"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// maxLimit is the most items that one page may ask for.
const maxLimit = 1000

// listQuery is what a list is asked for.
type listQuery struct {
	filter feedback.Filter
	sort   feedback.Sort
	limit  int // 0: all
}

// list answers GET /api/feedback/: from the current snapshot, or from the one that the cursor walks.
func (a *API) list(w *response, r *request) error {
	q, err := r.listQuery()
	if err != nil {
		return err
	}
	view, release := a.glance(r.Context())
	defer func() { release() }()
	var at cursor
	if given, ok := r.values["cursor"]; ok && view.File != nil {
		if at, err = decodeCursor(given[0], r.walk(view.Manifest.Owner.Base)); err != nil {
			return badRequest{{"cursor", err.Error()}}
		}
		release()
		if view, release, err = a.walked(r.Context(), at.Snapshot); err != nil {
			release = func() {}
			return err
		}
	}
	return a.from(view, w, r, func(w *response, r *request, view replica.View) (send, error) { return prepareList(w, r, view, q, at) })
}

// listQuery reads the parameters of a list, and tells all that is wrong with them.
func (r *request) listQuery() (q listQuery, err error) {
	var bad [4]badRequest
	q.filter, bad[0] = r.filter()
	q.sort, bad[1] = r.sort(r.values["q"] != nil)
	q.limit, bad[2] = r.limit(maxLimit, 0)
	r.csv, bad[3] = r.format()
	all := slices.Concat(bad[:]...)
	if r.values["cursor"] != nil && r.values["limit"] == nil {
		all = append(all, parameterError{"cursor", "needs limit: how long a page is"})
	}
	if all != nil {
		slices.SortStableFunc(all, func(a, b parameterError) int { return strings.Compare(a.Parameter, b.Parameter) })
		return q, all
	}
	return q, nil
}

// walked gives the snapshot that a cursor walks. Errors: errGone, errUnfetched.
func (a *API) walked(ctx context.Context, id string) (replica.View, func(), error) {
	view, release, err := a.Replica.AcquireAt(ctx, id)
	switch {
	case err == nil:
		return view, release, nil
	case ctx.Err() != nil:
		return view, nil, err
	case errors.Is(err, manifest.ErrNoSuchSnapshot):
		return view, nil, errGone
	}
	a.Log.WarnContext(ctx, "an older snapshot can not be fetched", "snapshot", id, "error", err)
	return view, nil, errUnfetched
}

// prepareList finds the page, and so its headers. The whole list lies ready; everything else is read row by row and streamed.
func prepareList(w *response, r *request, view replica.View, q listQuery, at cursor) (send, error) {
	selection, err := view.File.Select(r.Context(), q.filter)
	if err != nil {
		return nil, err
	}
	total := int(at.Total)
	if at.Snapshot == "" {
		if total, err = selection.Count(r.Context()); err != nil {
			return nil, err
		}
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	isPage := q.limit > 0 && (q.limit < total || at.Snapshot != "")
	if !isPage && !r.csv && q.sort == feedback.Newest && total == view.File.Records() {
		return func() error { return whole(w, r, view.File) }, nil
	}
	if !isPage {
		q.limit = total
	}
	page, err := selection.Page(r.Context(), q.sort, at.Place, q.limit)
	if err != nil {
		return nil, err
	}
	if page.More {
		next := cursor{Snapshot: view.Snapshot.ID, Place: page.Last, Total: uint32(total)} // #nosec G115 -- a table has 500,000 records at most
		w.Header().Set("Link", r.next(next.encode(r.walk(view.Manifest.Owner.Base))))
	}
	if r.csv {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
		w.Header().Set("Content-Disposition", `attachment; filename="feedback.csv"`)
		return func() error { return rows(w, r, view.File, page.Positions, csvTable{}) }, nil
	}
	return func() error { return rows(w, r, view.File, page.Positions, &jsonArray{}) }, nil
}

// next is the Link to the page behind a cursor.
func (r *request) next(cursor string) string {
	values := url.Values{}
	for name, given := range r.values {
		values[name] = given
	}
	values.Set("cursor", cursor)
	return fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.EscapedPath(), values.Encode())
}

// whole sends the list as it was encoded when the snapshot was made.
func whole(w *response, r *request, file *snapshot.File) error {
	encoding := file.Smallest(r.acceptedEncodings())
	body, size, err := file.Body(r.Context(), encoding)
	if err != nil {
		return err
	}
	defer body.Close()
	w.setEncoding(encoding)
	return w.sendFile(body, size)
}

// form is what rows are written as.
type form interface {
	begin() string
	row(out, summary []byte) ([]byte, error) // appends one
	end() string
}

// batch is how many rows are read with one query, and then written: no connection to the file, of which there are few, is held while a client takes its time.
const batch = 100

// rows writes the records at positions.
func rows(w *response, r *request, file *snapshot.File, positions []uint32, form form) error {
	out := newStream(w, r, form.begin())
	text, giveBack := borrowText()
	defer func() { giveBack(text) }()
	for some := range slices.Chunk(positions, batch) {
		text = text[:0]
		for summary, err := range file.Summaries(r.Context(), some) {
			if err == nil {
				text, err = form.row(text, summary)
			}
			if err != nil {
				return err
			}
		}
		if err := out.add(text); err != nil {
			return err
		}
	}
	return out.end(form.end())
}

// texts are room for a batch of rows, for one request after the other.
var texts = sync.Pool{New: func() any { return new([]byte) }}

// longestText is what room may grow to, in bytes, and still be kept.
const longestText = 512 << 10

func borrowText() (text []byte, giveBack func([]byte)) {
	room := texts.Get().(*[]byte)
	return *room, func(text []byte) {
		if *room = text[:0]; cap(text) <= longestText {
			texts.Put(room)
		}
	}
}

// jsonArray has a record a line.
type jsonArray struct{ begun bool }

func (*jsonArray) begin() string { return "[" }

func (j *jsonArray) row(out, summary []byte) ([]byte, error) {
	if j.begun {
		out = append(out, ",\n"...)
	}
	j.begun = true
	return append(out, summary...), nil
}

func (*jsonArray) end() string { return "]\n" }

// one answers GET /api/feedback/{id}.
func (a *API) one(w *response, r *request, view replica.View) (send, error) {
	record, err := view.File.Detail(r.Context(), r.name)
	if err != nil {
		return nil, err
	}
	return func() error { return w.send(r, http.StatusOK, record) }, nil
}
