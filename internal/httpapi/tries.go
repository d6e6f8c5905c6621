package httpapi

import (
	"fmt"
	"sync"
	"time"
)

const (
	mostTries = 5
	triesTime = time.Minute
)

// tries counts attempts to sign in, by whatever they have in common. Each process counts for itself: behind a gateway that runs n of them
// at once, somebody may have n times as many.
type tries struct {
	mu     sync.Mutex
	recent map[string][]time.Time // the newest mostTries by key, oldest first
	swept  time.Time
}

// tooManyTries is an attempt that was not looked at.
type tooManyTries struct{ wait time.Duration }

func (t tooManyTries) Error() string {
	return fmt.Sprintf("more than %d tries to sign in within a minute, for this email or from this address: wait %d s", mostTries, t.seconds())
}

// seconds is what there is to wait, rounded up.
func (t tooManyTries) seconds() int { return int((t.wait + time.Second - 1) / time.Second) }

// count takes note of an attempt under each key. If one of them has had its share, none is counted, and the result is how long that will last.
func (t *tries) count(now time.Time, keys ...string) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep(now)
	for _, key := range keys {
		if times := t.recent[key]; len(times) == mostTries {
			wait = max(wait, triesTime-now.Sub(times[0]))
		}
	}
	if wait > 0 {
		return wait
	}
	for _, key := range keys {
		times := t.recent[key]
		t.recent[key] = append(times[max(0, len(times)-mostTries+1):], now)
	}
	return 0
}

// sweep forgets, once in a while, those who have stopped trying.
func (t *tries) sweep(now time.Time) {
	if t.recent != nil && now.Sub(t.swept) < triesTime {
		return
	}
	kept := map[string][]time.Time{}
	for key, times := range t.recent {
		if len(times) > 0 && now.Sub(times[len(times)-1]) < triesTime {
			kept[key] = times
		}
	}
	t.recent, t.swept = kept, now
}
