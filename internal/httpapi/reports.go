package httpapi

import (
	"context"
	"net/http"
	"slices"

	"voc/internal/feedback"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// ready answers with a report that was made with the snapshot.
func ready(name snapshot.Name) func(*response, *request, replica.View) (send, error) {
	return func(w *response, r *request, view replica.View) (send, error) {
		body, encoding, err := view.File.Report(r.Context(), name, r.acceptedEncodings())
		if err != nil {
			return nil, err
		}
		return func() error { return w.sendEncoded(http.StatusOK, body, encoding) }, nil
	}
}

// made answers with a report that is worked out for the request.
func made(w *response, r *request, work func(context.Context) ([]byte, error)) (send, error) {
	body, err := work(r.Context())
	if err != nil {
		return nil, err
	}
	return func() error { return w.send(r, http.StatusOK, body) }, nil
}

// facets answers GET /api/feedback/facets.
func (a *API) facets(w *response, r *request, view replica.View) (send, error) {
	filter, bad := r.filter()
	if bad != nil {
		return nil, bad
	}
	if len(r.values) == 0 {
		return ready(snapshot.FacetsReport)(w, r, view)
	}
	return made(w, r, func(ctx context.Context) ([]byte, error) { return view.File.Facets(ctx, filter) })
}

// responseTimes answers GET /api/reports/response-times.
func (a *API) responseTimes(w *response, r *request, view replica.View) (send, error) {
	names := r.values[feedback.Environment]
	isAll := func(name string) bool { return feedback.Fold(name) == feedback.Fold(feedback.AllEnvironments) }
	if names == nil || slices.ContainsFunc(names, isAll) {
		return ready(snapshot.TimesReport)(w, r, view)
	}
	return made(w, r, func(ctx context.Context) ([]byte, error) { return view.File.ResponseTimes(ctx, names) })
}
