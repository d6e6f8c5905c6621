package httpapi

import (
	"strings"

	"voc/internal/httpapi/respond"
)

// asked is what a request to a data route asks, as the client wrote it. Apart from the snapshot,
// the answer depends on nothing else.
type asked struct{ path, query, accept string }

// tagged is the ETag that a question has in a snapshot.
type tagged struct{ snapshot, etag string }

// cachedTags bounds the ETags of recent questions, in bytes; tagSize is what one counts for besides
// its question.
const (
	cachedTags = 512 << 10
	tagSize    = 320
)

func askedBy(r *request) asked {
	return asked{r.URL.Path, r.URL.RawQuery, strings.Join(r.Header["Accept"], ",")}
}

// recall answers a question that was asked before, if the client or the cache has the answer of the
// current snapshot. Its parameters were checked then, and are not read again. The caller has
// checked that the client may read.
func (a *API) recall(r *request) (answer respond.Answer, ok bool) {
	var found [1]tagged
	if a.tags.Find([]asked{askedBy(r)}, found[:]) > 0 {
		return answer, false
	}
	view, release := a.view(r.Context(), maxViewAge)
	r.pin(release)
	if view.File == nil || view.Snapshot.ID != found[0].snapshot {
		return answer, false
	}
	return a.tagged(r, view, found[0].etag)
}
