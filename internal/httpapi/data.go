package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// maxViewAge is how old a view of the store may be for a data route. The contract promises that a
// snapshot of another process is served within that time.
const maxViewAge = 15 * time.Second

// finder finds the headers and the body of an answer in a snapshot. They depend on the request and
// the snapshot alone.
type finder interface {
	find(*request, replica.View) (respond.Header, respond.Body, error)
}

// bodyFinder is a finder of answers without headers of their own.
type bodyFinder func(*request, replica.View) (respond.Body, error)

func (f bodyFinder) find(r *request, view replica.View) (respond.Header, respond.Body, error) {
	body, err := f(r, view)
	return respond.Header{}, body, err
}

// data returns the handler that answers from the current snapshot.
func (a *API) data(find bodyFinder) func(*request) (respond.Answer, error) {
	return func(r *request) (respond.Answer, error) { return a.current(r, find) }
}

// snapshotsTried bounds from how many snapshots one request may be answered: each may take as long
// as a fetch. The next request goes on from there.
const snapshotsTried = 3

// current answers from the current snapshot. If a part of that turns out to be damaged, it answers
// from the one that takes its place.
func (a *API) current(r *request, f finder) (respond.Answer, error) {
	for tries := 1; ; tries++ {
		view, release := a.view(r.Context(), maxViewAge)
		r.pin(release)
		answer, complete, err := a.begin(r, view)
		if err == nil && !complete {
			answer.Header, answer.Body, err = f.find(r, view)
		}
		if err == nil || !a.Replica.Reject(r.Context(), view, err) || tries == snapshotsTried {
			return answer, a.unfetched(r, view, err)
		}
	}
}

// unfetched turns an error about a part of a snapshot into errUnfetched; it returns others as they
// are.
func (a *API) unfetched(r *request, view replica.View, err error) error {
	if _, ok := errors.AsType[*snapshot.PartError](err); !ok || r.Context().Err() != nil {
		return err
	}
	a.Log.WarnContext(r.Context(), "fetch a part of a snapshot",
		"snapshot", view.Snapshot.ID, "error", err)
	return errUnfetched
}

// view returns a view of the store that is at most maxAge old; 0: the newest. If the store cannot
// be read, the view has a warning about it.
func (a *API) view(ctx context.Context, maxAge time.Duration) (replica.View, func()) {
	if a.Platform.FetchWithin == 0 {
		// A client that hangs up does not stop a fetch that others wait for.
		ctx = context.WithoutCancel(ctx)
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.Platform.FetchWithin)
		defer cancel()
	}
	var err error
	if maxAge > 0 {
		err = a.Replica.SyncIfOlder(ctx, maxAge)
	} else {
		err = a.Replica.Sync(ctx)
	}
	if err != nil {
		a.Log.Warn("read the store; still serving what is open", "error", err)
	}
	return a.Replica.Acquire()
}

// checkedView is view, with a warning if the serve part of its snapshot cannot be read.
func (a *API) checkedView(ctx context.Context, maxAge time.Duration) (replica.View, func()) {
	for tries := 1; ; tries++ {
		view, release := a.view(ctx, maxAge)
		if view.File == nil {
			return view, release
		}
		err := view.File.Need(ctx, snapshot.Serve)
		if err != nil && a.Replica.Reject(ctx, view, err) && tries < snapshotsTried {
			release()
			continue
		}
		if err != nil {
			view.Warnings = append(slices.Clone(view.Warnings), err)
		}
		return view, release
	}
}

// begin returns the answer that a view gives to a request. It is complete if the client or the
// cache already has it; otherwise the caller adds the body and its headers. Errors: errUnserved,
// errExposed, errEmpty, firstLoad.
func (a *API) begin(
	r *request, view replica.View,
) (answer respond.Answer, complete bool, err error) {
	if view.File == nil {
		return answer, false, a.unserved(view)
	}
	// The ETag is weak because all encodings of an answer share it. A CSV has another one than its
	// list. The order of the parameters does not matter.
	etag := weakTag(fmt.Appendf(nil, "%q %q %q %q %t", view.Snapshot.ID, a.Program,
		strings.TrimSuffix(r.URL.Path, "/"), url.Values(r.values).Encode(), r.csv))
	if r.values["cursor"] == nil { // which may name another snapshot
		key := keyOf(r)
		size := tagSize + len(key.path) + len(key.query) + len(key.accept)
		a.tags.Add(key, taggedSnapshot{view.Snapshot.ID, etag}, size)
	}
	answer, complete = a.answerWithTag(r, view, etag)
	return answer, complete, nil
}

// answerWithTag returns the answer with an ETag that a view gives to a request, as begin does.
func (a *API) answerWithTag(
	r *request, view replica.View, etag string,
) (answer respond.Answer, complete bool) {
	validator := respond.Validator{
		ETag:         etag,
		LastModified: view.Snapshot.CreatedAt.UTC().Format(http.TimeFormat),
	}
	answer, complete = r.response.Cached(validator)
	answer.Validator = validator
	answer.Source = respond.Source{
		Snapshot: view.Snapshot.ID,
		AsOf:     view.Snapshot.Watermark.UTC().Format(feedback.TimeFormat),
		Stale:    len(a.overdue(view.Manifest)) > 0,
	}
	return answer, complete
}

// requestKey is what a request to a data route asks for, as the client wrote it. Apart from the
// snapshot, the answer depends on nothing else.
type requestKey struct{ path, query, accept string }

// taggedSnapshot is a snapshot and the ETag that the answer to a request has in it.
type taggedSnapshot struct{ id, etag string }

// cachedETags bounds the ETags of recent requests, in bytes; tagSize is what one counts for besides
// its key.
const (
	cachedETags = 512 << 10
	tagSize     = 320
)

func keyOf(r *request) requestKey {
	return requestKey{r.URL.Path, r.URL.RawQuery, strings.Join(r.Header["Accept"], ",")}
}

// answerFromTag answers a request that was sent before, if the client or the cache has the answer
// of the current snapshot. Its parameters were checked then, and are not read again. The caller has
// checked that the client may read.
func (a *API) answerFromTag(r *request) (answer respond.Answer, ok bool) {
	var found [1]taggedSnapshot
	if a.tags.Find([]requestKey{keyOf(r)}, found[:]) > 0 {
		return answer, false
	}
	view, release := a.view(r.Context(), maxViewAge)
	r.pin(release)
	if view.File == nil || view.Snapshot.ID != found[0].id {
		return answer, false
	}
	return a.answerWithTag(r, view, found[0].etag)
}

// unserved returns why a view has no file.
func (a *API) unserved(view replica.View) error {
	switch {
	case view.Exposed():
		return errExposed
	case len(view.Warnings) > 0:
		return errUnserved
	}
	leased, abandoned := view.Running()
	active, _ := a.Refresher.Active()
	if leased.ID != "" && !abandoned {
		active = append(active, leased)
	}
	i := slices.IndexFunc(active, func(run job.Run) bool { return run.Mode != job.Rollback })
	if i < 0 {
		return errEmpty
	}
	run := active[i]
	if leased.ID == run.ID { // the receipt in the lease has the calls, and may be older
		run.AirtableCalls, run.Pages = leased.AirtableCalls, max(run.Pages, leased.Pages)
		run.Read = max(run.Read, leased.Read)
	}
	return firstLoad{run, a.Now()}
}

// weakTag returns the weak ETag of what determines a body.
func weakTag(identity []byte) string {
	digest := sha256.Sum256(identity)
	return `W/"` + hex.EncodeToString(digest[:12]) + `"`
}
