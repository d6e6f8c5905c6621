package airtable

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrTooLate is the error of a call whose turn would come after the caller's deadline.
var ErrTooLate = errors.New("airtable: too late for another call")

// sleep waits for d. It fails as checkDeadline does, since waiting could only end in the
// same failure.
func sleep(ctx context.Context, d time.Duration) error {
	if err := checkDeadline(ctx, d); err != nil {
		return err
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// checkDeadline returns an error if ctx is done, or ErrTooLate if its deadline is earlier
// than d from now.
func checkDeadline(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); left < d {
			return fmt.Errorf("%w: %w: the next call is due in %s, the deadline is in %s",
				context.DeadlineExceeded, ErrTooLate,
				d.Round(time.Millisecond), left.Round(time.Millisecond))
		}
	}
	return nil
}

// contextError returns the error of ctx together with its cause, if it has one.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// maxAhead is how far ahead of this host's clock a date of Airtable may be. A clock that
// is set to local time is less than 15 hours off.
const maxAhead = 24 * time.Hour

// boundDate returns the date of a response, or this host's time and a warning if the date
// is too far ahead.
func (c *Client) boundDate(date time.Time) (time.Time, []string) {
	if c.now == nil {
		return date, nil
	}
	now := c.now().UTC().Truncate(time.Second)
	if !date.After(now.Add(maxAhead)) {
		return date, nil
	}
	return now, []string{fmt.Sprintf("Airtable's Date header is %s, more than %d hours ahead of this "+
		"host's clock: the host's time is used", date.Format(time.DateOnly), maxAhead/time.Hour)}
}

const maxRetryAfter = 24 * time.Hour // longest wait that a header can ask for

// retryAfter parses the Retry-After header: seconds, or a date. A date is compared with
// the response's own date, so that this host's clock does not matter. It returns 0 for a
// header that is invalid and for a time that has passed.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil {
		at, err := http.ParseTime(text)
		if err != nil {
			return 0
		}
		if now.IsZero() {
			now = time.Now()
		}
		seconds = at.Sub(now).Seconds()
	}
	if !(seconds > 0) { // NaN too
		return 0
	}
	return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
}
