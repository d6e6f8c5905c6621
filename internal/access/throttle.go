package access

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"voc/internal/bound"
)

// ThrottledError is the error of an attempt that was rejected unchecked, after too many that
// failed.
type ThrottledError struct{ Wait time.Duration }

func (e ThrottledError) Error() string {
	return fmt.Sprintf("too many failed sign-in attempts within a minute: wait %d s", e.Seconds())
}

// Seconds returns Wait in seconds, rounded up.
func (e ThrottledError) Seconds() int { return int((e.Wait + time.Second - 1) / time.Second) }

// throttle limits failed attempts to sign in: those of an email from one client, and those of
// one client. An email alone is slowed down but never locked, since anyone could lock it. It is
// safe for concurrent use. Each process counts for itself: behind a gateway that runs n
// processes, a client may fail n times as often.
//
// The table holds keyed hashes, so that memory shows neither emails nor addresses. It has at
// most bound.AttemptKeys entries.
type throttle struct {
	mu      sync.Mutex
	salt    [16]byte
	entries *simplelru.LRU[attemptKey, *history]
}

type attemptKey [16]byte

// attempt has the keys of what several attempts have in common.
type attempt struct{ pair, email, client attemptKey }

// history is what is known of a key.
type history struct {
	failed   []time.Time // oldest first, as many as the limit of the key
	next     time.Time   // of an email: when the next attempt may be made
	signedIn bool        // of a pair: once, so that it is not slowed down
}

func newThrottle() *throttle {
	t := &throttle{}
	_, _ = rand.Read(t.salt[:])                                                   // never fails
	t.entries, _ = simplelru.NewLRU[attemptKey, *history](bound.AttemptKeys, nil) // a positive size
	return t
}

func (t *throttle) attempt(email, client string) attempt {
	key := func(kind byte, texts ...string) (key attemptKey) {
		hash := sha256.New()
		hash.Write(append(t.salt[:], kind))
		for _, text := range texts {
			fmt.Fprintf(hash, "%d %s", len(text), text)
		}
		copy(key[:], hash.Sum(nil))
		return key
	}
	return attempt{
		pair: key('p', email, client), email: key('e', email), client: key('c', client),
	}
}

// admit returns how long an attempt must wait before it is made, and whether the client has signed
// in with the email before. Error: ThrottledError.
func (t *throttle) admit(now time.Time, a attempt) (delay time.Duration, known bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(now, a); err != nil {
		return 0, false, err
	}
	email := t.known(now, a.email)
	if known = t.known(now, a.pair).signedIn; known || len(email.failed) < bound.EmailFailures {
		return 0, known, nil
	}
	at := now
	if email.next.After(now) {
		at = email.next
	}
	if delay = at.Sub(now); delay > bound.EmailLine {
		return 0, false, ThrottledError{Wait: delay}
	}
	email.next = at.Add(bound.EmailPace)
	return delay, false, nil
}

// count counts an attempt as failed, until succeed is called. Error: ThrottledError.
func (t *throttle) count(now time.Time, a attempt) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(now, a); err != nil {
		return err
	}
	for key, limit := range a.limits() {
		h := t.known(now, key)
		h.failed = append(h.failed[max(0, len(h.failed)-limit+1):], now)
		t.entries.Add(key, h)
	}
	return nil
}

// succeed takes back what count has counted at now.
func (t *throttle) succeed(now time.Time, a attempt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range a.limits() {
		h := t.known(now, key)
		for i := len(h.failed) - 1; i >= 0; i-- {
			if h.failed[i].Equal(now) {
				h.failed = append(h.failed[:i], h.failed[i+1:]...)
				break
			}
		}
	}
	pair := t.known(now, a.pair)
	pair.signedIn = true
	t.entries.Add(a.pair, pair)
}

// limits returns how many failures each key of an attempt may have within the window.
func (a attempt) limits() map[attemptKey]int {
	return map[attemptKey]int{
		a.pair: bound.PairFailures, a.client: bound.ClientFailures, a.email: bound.EmailFailures,
	}
}

// check returns a ThrottledError if the pair or the client of an attempt has failed too often. The
// caller must hold mu.
func (t *throttle) check(now time.Time, a attempt) error {
	wait := time.Duration(0)
	for key, limit := range a.limits() {
		if failed := t.known(now, key).failed; key != a.email && len(failed) >= limit {
			wait = max(wait, bound.AttemptWindow-now.Sub(failed[0]))
		}
	}
	if wait > 0 {
		return ThrottledError{Wait: wait}
	}
	return nil
}

// known returns the history of a key within the window; an empty one is not in the table. The
// caller must hold mu.
func (t *throttle) known(now time.Time, key attemptKey) *history {
	h, ok := t.entries.Get(key)
	if !ok {
		return &history{}
	}
	for len(h.failed) > 0 && now.Sub(h.failed[0]) >= bound.AttemptWindow {
		h.failed = h.failed[1:]
	}
	return h
}
