package httpapi

import (
	"bytes"
	"net/http"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// How much is kept of answers that were made for a request, in bytes: the most of one, and of all.
const (
	keptBody = 128 << 10
	keptAll  = 4 << 20
)

// keptHead is what an answer counts for beside its body.
const keptHead = 1 << 10

// kept remembers the last answers of the data routes. They depend on nothing but what their ETag stands for, so that one is never out of date: the people who look at a
// dashboard ask for the same pages, and whoever asks whether one has changed gets its headers from here, without any work. A body is copied when it is asked for the
// second time, since most are asked for once.
type kept struct {
	mu    sync.Mutex
	all   *simplelru.LRU[keptKey, *keptAnswer]
	bytes int
}

// keptKey is an answer in an encoding: those that the client takes decide on that.
type keptKey struct{ tag, accepted string }

type keptAnswer struct {
	header [len(ownHeaders)]string
	body   []byte // nil: it was asked for once, or is too long
	long   bool
}

// ownHeaders are those that only the making of an answer settles.
var ownHeaders = [...]string{"X-Total-Count", "Link", "Content-Disposition", "Content-Type", "Content-Encoding", "Content-Length"}

// ofBody counts how many of ownHeaders, from the last one on, describe a body, which a 304 goes without.
const ofBody = 3

func newKept() *kept {
	k := &kept{}
	k.all, _ = simplelru.NewLRU(keptAll/keptHead, func(_ keptKey, a *keptAnswer) { k.bytes -= a.size() }) // a length above zero is no error
	return k
}

func (a *keptAnswer) size() int { return keptHead + len(a.body) }

func (k *kept) get(key keptKey) (*keptAnswer, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all.Get(key)
}

func (k *kept) add(key keptKey, a *keptAnswer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all.Remove(key)
	k.all.Add(key, a)
	for k.bytes += a.size(); k.bytes > keptAll; {
		k.all.RemoveOldest()
	}
}

// describe sets the headers of an answer that is kept; for a 304 all but those of the body.
func (a *keptAnswer) describe(header http.Header, notModified bool) {
	n := len(ownHeaders)
	if notModified {
		n -= ofBody
	}
	for i, name := range ownHeaders[:n] {
		if a.header[i] != "" {
			header.Set(name, a.header[i])
		}
	}
}

// recorder copies a body while it is written, unless it gets too long. Without one, nothing is copied.
type recorder struct {
	body    bytes.Buffer
	tooLong bool
}

var recorders = sync.Pool{New: func() any { return &recorder{} }}

// record begins to copy what is written from now on. finish ends it.
func (w *response) record() (finish func()) {
	w.recorder = recorders.Get().(*recorder)
	w.recorder.body.Reset()
	w.recorder.tooLong = false
	return func() { recorders.Put(w.recorder); w.recorder = nil }
}

func (c *recorder) write(p []byte) {
	if c.tooLong = c.tooLong || c.body.Len()+len(p) > keptBody; !c.tooLong {
		c.body.Write(p)
	}
}

// answer is what was written.
func (c *recorder) answer(header http.Header) *keptAnswer {
	a := &keptAnswer{}
	for i, name := range ownHeaders {
		a.header[i] = header.Get(name)
	}
	if c == nil {
		return a
	}
	if a.long = c.tooLong; !a.long {
		a.body = bytes.Clone(c.body.Bytes())
	}
	return a
}
