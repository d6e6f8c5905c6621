package airtable

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"time"
)

const (
	maxTries    = 5                // of one call, whatever the failures
	tryLimit    = 60 * time.Second // for one try, to the last byte of its response
	firstWait   = time.Second      // longest random wait before the second try; doubles with each
	maxResponse = 32 << 20         // bytes
	maxPage     = 8 << 20          // bytes of a page; a full one is usually below 1 MB

	// penalty is how long Airtable rejects the calls of a base after a 429
	// (https://airtable.com/developers/web/api/rate-limits, November 2026).
	penalty = 30 * time.Second
)

// call is one request to Airtable.
type call struct {
	method, path string
	scope        string // that the token needs; empty for none
	body         any    // sent as JSON; nil for none
	limit        int64  // bytes of the response; 0 for maxResponse
	// read consumes a response of status 200. It runs once per try and starts afresh.
	read func(response) error
}

// response is the body of a response of status 200, and Airtable's clock.
type response struct {
	io.Reader
	date     time.Time
	warnings []string // about the date
}

// do makes a call and retries it while that may help. After a 429 it pauses every call of
// the base for at least 30 s, also when this call has no try left.
func (c *Client) do(ctx context.Context, call call) error {
	var last *Error
	for try := 1; ; try++ {
		err := c.try(ctx, call, try)
		if err == nil {
			return nil
		}
		failed, ok := errors.AsType[*Error](err)
		if !ok { // the caller's side, such as its deadline
			if last != nil {
				err = fmt.Errorf("%w; not retried: %w", last, err)
			}
			return err
		}
		failed.Tries = try
		if !failed.retryable() {
			return failed
		}
		wait, limited := failed.RetryAfter, failed.Status == http.StatusTooManyRequests
		if limited {
			wait = max(penalty, wait)
		}
		// A random time, so that clients that failed together do not retry together.
		wait += rand.N(firstWait << (try - 1))
		if limited {
			c.pacer.Pause(wait)
		}
		if try == maxTries {
			return failed
		}
		c.log.WarnContext(ctx, "airtable call failed", "error", failed,
			"retry_in", wait.Round(time.Millisecond))
		if err := sleep(ctx, wait); err != nil {
			return fmt.Errorf("%w; not retried: %w", failed, err)
		}
		last = failed
	}
}

// try waits for a turn and sends a call once. It returns an *Error if Airtable or the
// network failed, and another error if the caller's side did.
func (c *Client) try(ctx context.Context, call call, n int) error {
	token, err := c.secret(ctx)
	if err != nil {
		return fmt.Errorf("airtable: %w", err)
	}
	name := token.redact(call.method + " " + call.path)
	ready := c.pacer.Wait
	if c.dials { // the turn comes when there is a connection
		ready = c.pacer.WaitOutPause
	}
	if err := ready(ctx); err != nil {
		return fmt.Errorf("airtable: %s: not sent: %w", name, err)
	}
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	expire := time.AfterFunc(c.tryLimit, func() {
		cancel(fmt.Errorf("no complete response within %s", c.tryLimit))
	})
	defer expire.Stop()
	turn := &turn{pacer: c.pacer, ctx: ctx, expire: expire, limit: c.tryLimit, cancel: cancel}
	turn.start()
	if c.dials {
		limited = httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
			GotConn: turn.gotConn, WroteRequest: turn.wroteRequest,
		})
	}
	req, err := c.newRequest(limited, call, token)
	if err != nil {
		return fmt.Errorf("airtable: %s: %w", name, token.redactError(err))
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
		c.latency.Store(int64(time.Since(turn.began)))
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("airtable: %s: %w", name, contextError(ctx))
	case turn.err != nil:
		return fmt.Errorf("airtable: %s: not sent: %w", name, turn.err)
	}
	return failed
}

func (c *Client) newRequest(ctx context.Context, call call, token secret) (*http.Request, error) {
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

// exchange sends req and reads the response. It uses the RoundTripper itself, not an
// http.Client: a RoundTripper follows no redirect, so the token reaches no other host.
func (c *Client) exchange(req *http.Request, call call, token secret) *Error {
	failed := &Error{Call: token.redact(call.method + " " + call.path), Scope: call.scope}
	resp, err := c.http.RoundTrip(req)
	if err != nil {
		failed.setCause(req.Context(), err, token)
		return failed
	}
	defer resp.Body.Close()
	failed.Status = resp.StatusCode
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		failed.Date = date.UTC()
	}
	failed.RetryAfter = retryAfter(resp.Header, failed.Date)
	failed.Date, failed.Warnings = c.boundDate(failed.Date)
	if resp.StatusCode == http.StatusTooManyRequests {
		c.throttled.Add(1)
	}
	if resp.StatusCode != http.StatusOK {
		// The readable part of a body that breaks off is enough, since the status decides.
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		kind, message := parseErrorBody(text)
		failed.Type, failed.Message = token.redact(kind), token.redact(message)
		return failed
	}
	body := http.MaxBytesReader(nil, resp.Body, cmp.Or(call.limit, maxResponse))
	if err := call.read(response{body, failed.Date, failed.Warnings}); err != nil {
		failed.setCause(req.Context(), err, token)
		return failed
	}
	return nil
}
