package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"voc/internal/feedback"
	"voc/internal/replica"
)

// send writes the body of an answer.
type send func() error

// data wraps a route whose answer depends on the current snapshot and the request alone. prepare finds out whether there is an answer, and sets headers of its own.
func (a *API) data(prepare func(*response, *request, replica.View) (send, error)) func(*response, *request) error {
	return func(w *response, r *request) error {
		view, release := a.glance(r.Context())
		defer release()
		return a.from(view, w, r, prepare)
	}
}

// from answers from a view. A 304 stands in the place of a 200 only (RFC 9110 §13.2.1), and carries what that would.
func (a *API) from(view replica.View, w *response, r *request, prepare func(*response, *request, replica.View) (send, error)) error {
	if view.File == nil {
		return unserved(view)
	}
	tag := a.etag(view, r)
	a.describe(w.Header(), view, tag)
	notModified := matches(r.list("If-None-Match"), tag)
	key := keptKey{tag, r.accepted()}
	known, again := a.kept.get(key)
	if again && (notModified || known.body != nil) {
		known.describe(w.Header(), notModified)
		if notModified {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		w.WriteHeader(http.StatusOK)
		_, err := w.Write(known.body)
		return err
	}
	send, err := prepare(w, r, view)
	if err != nil {
		return err
	}
	if notModified {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	if again && !known.long {
		defer w.record()()
	}
	if err := send(); err != nil {
		return err
	}
	if !again || !known.long {
		a.kept.add(key, w.recorder.answer(w.Header()))
	}
	return nil
}

func (a *API) describe(header http.Header, view replica.View, tag string) {
	header.Set("ETag", tag)
	header.Set("Last-Modified", view.Snapshot.CreatedAt.UTC().Format(http.TimeFormat))
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Data-As-Of", view.Snapshot.Watermark.UTC().Format(feedback.TimeFormat))
	header.Set("X-Snapshot", view.Snapshot.ID)
	if a.stale(view.Manifest) {
		header.Set("X-Data-Stale", "true")
	}
}

// etag is weak, since encodings of one answer share it; CSV is another answer. Parameters count in sorted order.
func (a *API) etag(view replica.View, r *request) string {
	digest := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %t", view.Snapshot.ID, a.Program, strings.TrimSuffix(r.URL.Path, "/"), url.Values(r.values).Encode(), r.csv))
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
