package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"voc/internal/catalog"
	"voc/internal/feedback"
)

// data wraps a route whose answer depends on the snapshot and the request alone: it gives validators, and 304 before any work is done.
func (a *API) data(handle func(*response, *request, catalog.View) error) func(*response, *request) error {
	return func(w *response, r *request) error {
		if err := a.Replica.SyncIfOlder(r.Context(), lookEvery); err != nil {
			a.Log.WarnContext(r.Context(), "the store can not be read; what is there is served", "error", err)
		}
		view, release := a.Replica.Acquire()
		defer release()
		if view.File == nil {
			return errEmpty
		}
		tag := a.etag(view, r)
		a.describe(w.Header(), view, tag)
		if matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		w.Header().Set("Content-Type", "application/json")
		return handle(w, r, view)
	}
}

func (a *API) describe(header http.Header, view catalog.View, tag string) {
	header.Set("ETag", tag)
	header.Set("Last-Modified", view.Snapshot.CreatedAt.UTC().Format(http.TimeFormat))
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Data-As-Of", view.Snapshot.Watermark.UTC().Format(feedback.TimeFormat))
	header.Set("X-Snapshot", view.Snapshot.ID)
	if a.stale(view.Manifest) {
		header.Set("X-Data-Stale", "true")
	}
}

// etag is weak, since encodings of one answer share it. Parameters count in sorted order.
func (a *API) etag(view catalog.View, r *request) string {
	digest := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", view.Snapshot.ID, a.Program, strings.TrimSuffix(r.URL.Path, "/"), url.Values(r.values).Encode()))
	return `W/"` + hex.EncodeToString(digest[:12]) + `"`
}

// matches compares weakly, as RFC 9110 §13.1.2 has it for If-None-Match.
func matches(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
