package httpapi

import (
	"net/http"
	"strconv"

	"voc/internal/catalog"
	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// maxLimit is the most items that one page may ask for.
const maxLimit = 1000

// list answers GET /api/feedback/. The whole list lies ready; everything else is read row by row and streamed.
func (a *API) list(w *response, r *request, view catalog.View) (send, error) {
	limit, err := r.limit(maxLimit, 0)
	if err != nil {
		return nil, err
	}
	filter := feedback.Filter{Team: r.values["team"], Priority: r.values["priority"], Environment: r.values["environment"]}
	total, err := view.File.Count(r.Context(), filter)
	if err != nil {
		return nil, err
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	if total == view.File.Records() && (limit == 0 || limit >= total) {
		return func() error { return whole(w, r, view.File) }, nil
	}
	return func() error { return rows(w, r, view.File, selection{filter, limit}) }, nil
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

type selection struct {
	feedback.Filter
	limit int
}

// rows joins the rows that match.
func rows(w *response, r *request, file *snapshot.File, s selection) error {
	out := newStream(w, r, "[")
	separator := ""
	for summary, err := range file.Summaries(r.Context(), s.Filter, s.limit) {
		if err == nil {
			err = out.add(separator, summary)
		}
		if err != nil {
			return err
		}
		separator = ",\n"
	}
	return out.end("]\n")
}

// one answers GET /api/feedback/{id}.
func (a *API) one(w *response, r *request, view catalog.View) (send, error) {
	record, err := view.File.Detail(r.Context(), r.name)
	if err != nil {
		return nil, err
	}
	return func() error { return w.send(r, http.StatusOK, record) }, nil
}
