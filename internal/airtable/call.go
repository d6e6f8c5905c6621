package airtable

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	maxTries  = 5                // of one call, whatever the failures
	tryLimit  = 60 * time.Second // for one try, to the last byte of its answer
	maxAnswer = 32 << 20         // bytes; a page of 100 records is mostly below 1 MB
)

// call is one request to Airtable.
type call struct {
	method, path string
	scope        string // that the token needs; empty: none
	body         any    // sent as JSON; nil: none
	// read takes the answer of status 200. It runs once a try, so it starts afresh.
	read func(answer) error
}

// answer is the body of a successful answer, and when Airtable gave it.
type answer struct {
	io.Reader
	date time.Time
}

func (c call) String() string { return c.method + " " + c.path }

// do makes a call, and makes it again while that may help.
func (c *Client) do(ctx context.Context, call call) error {
	var last *Error
	for try := 1; ; try++ {
		err := c.try(ctx, call, try)
		if err == nil {
			return nil
		}
		failed, ok := errors.AsType[*Error](err)
		if !ok {
			return notAgain(last, err)
		}
		failed.Tries = try
		if !failed.passing() {
			return failed
		}
		wait := failed.wait()
		if failed.Status == http.StatusTooManyRequests {
			c.pacer.Pause(wait)
		}
		if try == maxTries {
			return failed
		}
		c.log.WarnContext(ctx, "airtable call failed", "error", failed, "again_in", round(wait))
		if err := sleep(ctx, wait); err != nil {
			return notAgain(failed, err)
		}
		last = failed
	}
}

// notAgain is the error of a call that ends for a reason of the caller's, such as its
// deadline, and after last, if there was a try before.
func notAgain(last *Error, err error) error {
	if last == nil {
		return err
	}
	return fmt.Errorf("%w; not tried again: %w", last, err)
}

// try sends a call once, in its turn. It fails with an *Error when Airtable, or the
// way there, is at fault, and with another when the caller is.
func (c *Client) try(ctx context.Context, call call, n int) error {
	token, err := c.secret(ctx)
	if err != nil {
		return fmt.Errorf("airtable: %w", err)
	}
	name := token.hide(call.String())
	if err := c.pacer.Wait(ctx); err != nil {
		return fmt.Errorf("airtable: %s: not sent: %w", name, err)
	}
	limited, cancel := context.WithTimeoutCause(ctx, c.tryLimit,
		fmt.Errorf("no complete answer within %s", c.tryLimit))
	defer cancel()
	req, err := c.request(limited, call, token)
	if err != nil {
		return fmt.Errorf("airtable: %s: %w", name, token.hideIn(err))
	}
	if c.calls.Add(1) > c.budget.Load() {
		c.calls.Add(-1)
		return fmt.Errorf("%s: %w", name, ErrBudget)
	}
	if n > 1 {
		c.retries.Add(1)
	}
	failed := c.exchange(req, call, token)
	switch {
	case failed == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("airtable: %s: %w", name, stopped(ctx))
	}
	return failed
}

func (c *Client) request(ctx context.Context, call call, token secret) (*http.Request, error) {
	var body []byte
	if call.body != nil {
		var err error
		if body, err = json.Marshal(call.body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, call.method, c.url+call.path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+string(token))
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.agent != "" {
		req.Header.Set("User-Agent", c.agent)
	}
	return req, nil
}

// exchange sends req and reads its answer. It uses the RoundTripper itself, not an
// http.Client: that follows no redirect, so the token travels to no other host.
func (c *Client) exchange(req *http.Request, call call, token secret) *Error {
	failed := &Error{Call: token.hide(call.String())}
	resp, err := c.http.RoundTrip(req)
	if err != nil {
		return failed.broken(req.Context(), err, token)
	}
	defer resp.Body.Close()
	failed.head(resp)
	if resp.StatusCode == http.StatusTooManyRequests {
		c.throttled.Add(1)
	}
	if resp.StatusCode != http.StatusOK {
		return failed.refused(resp.Body, call, token)
	}
	body := http.MaxBytesReader(nil, resp.Body, maxAnswer)
	if err := call.read(answer{body, failed.Date}); err != nil {
		return failed.broken(req.Context(), err, token)
	}
	return nil
}
