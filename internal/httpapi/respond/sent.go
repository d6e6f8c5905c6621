package respond

import "net/http"

// Sent describes what a response has sent so far.
type Sent struct {
	Status int   // 0: nothing
	Bytes  int64 // of the body
	Cache  Cache
}

// Cache is what the cache of responses did for a response.
type Cache string

// The results.
const (
	CacheNone        Cache = "none"        // the answer is not one to store
	CacheMiss        Cache = "miss"        // the answer was made
	CacheHit         Cache = "hit"         // the cache had it
	CacheRevalidated Cache = "revalidated" // the client had it
)

func (a Answer) cacheResult() Cache {
	switch {
	case a.Status == http.StatusNotModified:
		return CacheRevalidated
	case a.cached:
		return CacheHit
	case a.Validator.ETag != "":
		return CacheMiss
	}
	return CacheNone
}

// Sent returns what has been sent so far.
func (w *Response) Sent() Sent { return w.sent }
