package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
	"voc/internal/replica"
)

// finder answers a request from a snapshot. The answer depends on these two alone.
type finder func(*request, replica.View) (respond.Answer, error)

// data returns the handler that answers from the current snapshot.
func (a *API) data(find finder) func(*request) (respond.Answer, error) {
	return func(r *request) (respond.Answer, error) {
		view, release := a.cachedView(r.Context())
		r.pin(release)
		return a.answerFrom(view, r, find)
	}
}

// answerFrom calls find, unless the client or the cache already has what it would return.
func (a *API) answerFrom(view replica.View, r *request, find finder) (respond.Answer, error) {
	if view.File == nil {
		return respond.Answer{}, unserved(view)
	}
	validator := respond.Validator{
		ETag:         a.etag(view, r),
		LastModified: view.Snapshot.CreatedAt.UTC().Format(http.TimeFormat),
	}
	answer, ok := r.response.Cached(validator)
	var err error
	if !ok {
		answer, err = find(r, view)
	}
	answer.Validator = validator
	answer.Source = respond.Source{
		Snapshot: view.Snapshot.ID,
		AsOf:     view.Snapshot.Watermark.UTC().Format(feedback.TimeFormat),
		Stale:    a.stale(view.Manifest),
	}
	return answer, err
}

// etag is weak because all encodings of an answer share it. A CSV has another one than its list.
// The order of the parameters does not matter.
func (a *API) etag(view replica.View, r *request) string {
	return weakTag(fmt.Appendf(nil, "%q %q %q %q %t", view.Snapshot.ID, a.Program,
		strings.TrimSuffix(r.URL.Path, "/"), url.Values(r.values).Encode(), r.csv))
}

// weakTag returns the weak ETag of what determines a body.
func weakTag(identity []byte) string {
	digest := sha256.Sum256(identity)
	return `W/"` + hex.EncodeToString(digest[:12]) + `"`
}
