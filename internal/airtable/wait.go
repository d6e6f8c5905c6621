package airtable

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstWait = time.Second      // the longest random wait before the second try; doubles with each
	penalty   = 30 * time.Second // how long Airtable refuses a base after a 429 (its rate limits page)
	// maxRetryAfter bounds what a header can make the process wait for.
	maxRetryAfter = 24 * time.Hour
)

// wait is how long to wait before the next try: what Airtable asks for, and a random
// time from nothing up, so that clients that failed together do not return together.
func (e *Error) wait() time.Duration {
	least := e.RetryAfter
	if e.Status == http.StatusTooManyRequests {
		least = max(penalty, least)
	}
	return least + rand.N(firstWait<<(e.Tries-1))
}

// ErrTooLate is why a call is not waited for: its turn would come after the deadline.
var ErrTooLate = errors.New("airtable: too late for another call")

// sleep waits for d. It fails at once when the deadline of ctx comes first, since all
// that the caller could get by waiting is that same failure later.
func sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return stopped(ctx)
	}
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); left < d {
			return fmt.Errorf("%w: %w: the next call may be made in %s, the deadline is in %s",
				context.DeadlineExceeded, ErrTooLate, round(d), round(left))
		}
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return stopped(ctx)
	}
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// stopped is why ctx is done: what errors.Is looks for, and the cause, if one was given.
func stopped(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// retryAfter reads the header of that name: seconds, or a date. A date is held
// against the answer's own, so that the clock of this host does not matter. What
// cannot be read, and what has passed, is 0.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return bounded(seconds)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if now.IsZero() {
		now = time.Now()
	}
	return bounded(at.Sub(now).Seconds())
}

func bounded(seconds float64) time.Duration {
	if !(seconds > 0) { // NaN too
		return 0
	}
	return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
}
