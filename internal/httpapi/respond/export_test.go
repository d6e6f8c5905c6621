package respond

// CacheSize returns how many bytes the cache counts, and how many its texts and bodies have.
func (w *Writer) CacheSize() (counted, texts int) {
	c := w.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range c.answers.Keys() {
		a, _ := c.answers.Peek(key)
		h := a.header
		texts += len(key.tag) + cap(a.body) + len(h.Link) + len(h.NextCursor) + len(h.UnknownValues)
	}
	return c.bytes, texts
}
