package bound

import (
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache caches values up to a number of bytes. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	limit int

	mu    sync.Mutex
	lru   *simplelru.LRU[K, cached[V]]
	bytes int
}

type cached[V any] struct {
	value V
	bytes int
}

// NewCache returns an empty cache of at most limit bytes.
func NewCache[K comparable, V any](limit int) *Cache[K, V] {
	c := &Cache[K, V]{limit: limit}
	c.lru, _ = simplelru.NewLRU(math.MaxInt, // a positive size is not an error
		func(_ K, gone cached[V]) { c.bytes -= gone.bytes })
	return c
}

// Find puts the cached values of keys into found, at their places, and returns how many keys have
// none.
func (c *Cache[K, V]) Find(keys []K, found []V) (missing int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, key := range keys {
		cached, ok := c.lru.Get(key)
		if !ok {
			missing++
		}
		found[i] = cached.value
	}
	return missing
}

// Add caches a value of a size in bytes and evicts the longest unused values beyond the limit.
func (c *Cache[K, V]) Add(key K, value V, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(key) // another request may have added it
	c.lru.Add(key, cached[V]{value, bytes})
	for c.bytes += bytes; c.bytes > c.limit; {
		c.lru.RemoveOldest()
	}
}
