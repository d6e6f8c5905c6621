package respond

import (
	"bytes"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"voc/internal/bound"
	"voc/internal/snapshot"
)

// entrySize is what an answer counts for besides its texts and its body, in bytes: its structs and
// its share of the map.
const entrySize = 640

// responseCache holds recent answers in the encodings in which they were sent. The headers of an
// answer are cached at its first request, which is enough for a 304; its body at the second, since
// most answers are requested only once.
type responseCache struct {
	mu      sync.Mutex
	answers *simplelru.LRU[cacheKey, *cachedAnswer]
	bytes   int
}

// cacheKey has what decides on the bytes of an answer: the accepted encodings settle the encoding.
type cacheKey struct {
	tag      string
	accepted [len(encodings)]snapshot.Encoding
}

// cachedAnswer is an answer as it was sent. It is a Body.
type cachedAnswer struct {
	header  Header
	content content
	body    []byte // nil: requested once, or tooLong
	tooLong bool
	size    int // of all that the cache holds for it, once it is there
}

func newResponseCache() *responseCache {
	c := &responseCache{}
	c.answers, _ = simplelru.NewLRU(bound.CachedAnswers/entrySize, // a positive size is not an error
		func(_ cacheKey, a *cachedAnswer) { c.bytes -= a.size })
	return c
}

func (c *responseCache) get(key cacheKey) (*cachedAnswer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers.Get(key)
}

func (c *responseCache) add(key cacheKey, a *cachedAnswer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := a.header
	a.size = entrySize + len(key.tag) + len(a.body)
	for _, text := range [...]string{
		h.ContentType, h.ContentDisposition, h.TotalCount, h.Link, h.NextCursor, h.UnknownValues,
		h.Location, h.Allow, h.RetryAfter, h.Authenticate, h.ContentSecurityPolicy, h.ReferrerPolicy,
	} {
		a.size += len(text)
	}
	c.answers.Remove(key)
	c.answers.Add(key, a)
	for c.bytes += a.size; c.bytes > bound.CachedAnswers; {
		c.answers.RemoveOldest()
	}
}

// recording is a copy of a body, taken while it is sent. It ends when the body gets too long.
type recording struct {
	buffer  bytes.Buffer
	tooLong bool
}

var recordings = sync.Pool{New: func() any { return &recording{} }}
