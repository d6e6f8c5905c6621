package bound

import (
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache caches values up to a number of bytes; the longest unused one goes first. The zero
// value is empty. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	mu    sync.Mutex
	lru   *simplelru.LRU[K, cached[V]]
	bytes int
}

type cached[V any] struct {
	value V
	bytes int
}

// Find puts the cached values of keys into found, at their places, and returns how many keys have
// none.
func (c *Cache[K, V]) Find(keys []K, found []V) (missing int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lru == nil {
		return len(keys)
	}
	for i, key := range keys {
		cached, ok := c.lru.Get(key)
		if !ok {
			missing++
		}
		found[i] = cached.value
	}
	return missing
}

// Add caches a value that takes some bytes, of most in all.
func (c *Cache[K, V]) Add(key K, value V, bytes, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lru == nil {
		c.lru, _ = simplelru.NewLRU(math.MaxInt, // a positive size is not an error
			func(_ K, gone cached[V]) { c.bytes -= gone.bytes })
	}
	c.lru.Remove(key) // another request may have added it
	c.lru.Add(key, cached[V]{value, bytes})
	for c.bytes += bytes; c.bytes > most; {
		c.lru.RemoveOldest()
	}
}
