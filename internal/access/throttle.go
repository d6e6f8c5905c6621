package access

import (
	"fmt"
	"sync"
	"time"
)

// MaxAttempts is how many sign-in attempts each email and each client has per minute.
const MaxAttempts = 5

const attemptWindow = time.Minute

// ThrottledError is the error of an attempt that was rejected without a check, after
// MaxAttempts others.
type ThrottledError struct{ Wait time.Duration }

func (e ThrottledError) Error() string {
	return fmt.Sprintf("more than %d sign-in attempts within a minute: wait %d s",
		MaxAttempts, e.Seconds())
}

// Seconds returns Wait in seconds, rounded up.
func (e ThrottledError) Seconds() int { return int((e.Wait + time.Second - 1) / time.Second) }

// Throttle limits attempts to sign in. The zero Throttle is ready to use, and safe for
// concurrent use. Each process counts by itself: behind a gateway that runs n processes,
// a client may have n times as many attempts. It keeps the emails and clients of the last
// two minutes in memory.
type Throttle struct {
	mu     sync.Mutex
	recent map[attemptKey][]time.Time // the newest MaxAttempts, oldest first
	swept  time.Time
}

// attemptKey is what several attempts have in common.
type attemptKey struct {
	kind          keyKind // decides which of the others are set
	email, client string
}

type keyKind int

const (
	byEmail keyKind = iota
	byClient
)

// Count records an attempt for the email and for the client, and returns 0. If either has
// had MaxAttempts within the last minute, it records nothing and returns how long to
// wait.
func (t *Throttle) Count(now time.Time, email, client string) (wait time.Duration) {
	keys := [...]attemptKey{{kind: byEmail, email: email}, {kind: byClient, client: client}}
	t.mu.Lock()
	defer t.mu.Unlock()
	// Once a minute, delete the keys without an attempt in the last minute.
	if t.recent == nil || now.Sub(t.swept) >= attemptWindow {
		kept := map[attemptKey][]time.Time{}
		for key, times := range t.recent {
			if len(times) > 0 && now.Sub(times[len(times)-1]) < attemptWindow {
				kept[key] = times
			}
		}
		t.recent, t.swept = kept, now
	}
	for _, key := range keys {
		if times := t.recent[key]; len(times) == MaxAttempts {
			wait = max(wait, attemptWindow-now.Sub(times[0]))
		}
	}
	if wait > 0 {
		return wait
	}
	for _, key := range keys {
		times := t.recent[key]
		t.recent[key] = append(times[max(0, len(times)-MaxAttempts+1):], now)
	}
	return 0
}
