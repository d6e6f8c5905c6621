package airtable_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtable"
)

func TestTemporaryFailuresAreRetried(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]http.HandlerFunc{
		"429 rate": reject(429, "RATE_LIMIT_REACHED"),
		"429 list of errors": respond(429,
			`{"errors":[{"error":"RATE_LIMIT_REACHED","message":"later"}]}`),
		"429 without a body":   respond(429, ""),
		"408 of a gateway":     respond(408, "<html>Request Timeout</html>"),
		"500 HTML":             respond(500, "<html>oops</html>"),
		"502":                  respond(502, "Bad Gateway"),
		"503":                  reject(503, "RETRIABLE_ERROR"),
		"504":                  respond(504, ""),
		"connection reset":     breaks(errors.New("connection reset by peer")),
		"no answer":            hangs,
		"200 cut short":        respond(200, `{"id":"usr`),
		"200 empty":            respond(200, ""),
		"200 HTML":             respond(200, "<html>sign in to the hotel's network</html>"),
		"200 and garbage":      respond(200, `{"id":"usrMe"}{"id":"usrMe"}`),
		"200 with an error":    respond(200, `{"error":"NOT_FOUND"}`),
		"200 of another shape": respond(200, `["usrMe"]`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				airtableDown := steps(bad, bad, bad, bad, me)
				c := airtableDown.client()
				who, err := c.Whoami(t.Context())
				if err != nil || who.ID != "usrMe" {
					t.Fatalf("got %+v, %v after four failures, want usrMe", who, err)
				}
				if got := c.Counts(); got.Calls != 5 || got.Retries != 4 {
					t.Errorf("counts are %+v, want 5 calls, 4 of them retries", got)
				}

				c = steps(bad).client()
				_, err = c.Whoami(t.Context())
				if failed := failure(t, err); failed.Tries != 5 || c.Counts().Calls != 5 ||
					!failed.Temporary() {
					t.Errorf("a failure that stays was tried %d times, want 5: %v", c.Counts().Calls, err)
				}
			})
		})
	}
}

func TestPermanentFailuresAreNotRetried(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		step  http.HandlerFunc
		fault airtable.Fault
	}{
		"301 redirect": {respond(301, "", "Location", "https://elsewhere.example/"),
			airtable.FaultRedirect},
		"400":             {respond(400, ""), airtable.FaultRequest},
		"401 wrong token": {reject(401, "UNAUTHORIZED"), airtable.FaultToken},
		"403 scope or base": {reject(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"),
			airtable.FaultPermission},
		"404":               {respond(404, `{"error":"NOT_FOUND"}`), airtable.FaultNotFound},
		"413":               {respond(413, ""), airtable.FaultSize},
		"422 unknown field": {reject(422, "UNKNOWN_FIELD_NAME"), airtable.FaultField},
		"422 formula":       {reject(422, "INVALID_FILTER_BY_FORMULA"), airtable.FaultField},
		"429 quota":         {reject(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED"), airtable.FaultQuota},
		"200 too large":     {respond(200, `{"x":"`+strings.Repeat(" ", 33<<20)), airtable.FaultSize},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				c := steps(row.step, respond(200, `{"tables":[]}`)).client()
				_, err := c.Schema(t.Context())
				failed := failure(t, err)
				if failed.Tries != 1 || c.Counts().Calls != 1 || time.Since(began) > 0 {
					t.Errorf("took %d calls and %s, want one and no wait", c.Counts().Calls, time.Since(began))
				}
				contains(t, err.Error(), "GET /v0/meta/bases/"+base+"/tables", name[:3])
				if failed.Temporary() {
					t.Errorf("%v is temporary", err)
				}
				if failed.Fault() != row.fault || failed.Scope != "schema.bases:read" {
					t.Errorf("fault %d, scope %q, want %d", failed.Fault(), failed.Scope, row.fault)
				}
			})
		})
	}
}

func TestErrQuotaExcludesThrottling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := steps(reject(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED")).client()
		if _, err := c.Whoami(t.Context()); !errors.Is(err, airtable.ErrQuota) {
			t.Errorf("%v does not match ErrQuota", err)
		}
		c = steps(reject(429, "RATE_LIMIT_REACHED")).client()
		if _, err := c.Whoami(t.Context()); errors.Is(err, airtable.ErrQuota) {
			t.Errorf("%v matches ErrQuota", err)
		}
		if got := c.Counts().Throttled; got != 5 {
			t.Errorf("%d answers counted as throttled, want 5", got)
		}
	})
}

func TestWaitBetweenTries(t *testing.T) {
	t.Parallel()
	date := func(d time.Duration) string {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)
	}
	for name, row := range map[string]struct {
		status      int
		retryAfter  string
		least, most time.Duration
	}{
		"429 alone":                   {429, "", 30 * time.Second, 31 * time.Second},
		"429, less than the penalty":  {429, "2", 30 * time.Second, 31 * time.Second},
		"429, seconds":                {429, "90", 90 * time.Second, 91 * time.Second},
		"429, a date":                 {429, date(45 * time.Second), 45 * time.Second, 46 * time.Second},
		"429, a date that has passed": {429, date(-time.Hour), 30 * time.Second, 31 * time.Second},
		"429, negative":               {429, "-5", 30 * time.Second, 31 * time.Second},
		"429, nonsense":               {429, "soon", 30 * time.Second, 31 * time.Second},
		"429, centuries": {429, "99999999999999999999", 24 * time.Hour,
			24*time.Hour + time.Second},
		"503 alone":                    {503, "", 0, time.Second},
		"503, seconds":                 {503, "12", 12 * time.Second, 13 * time.Second},
		"503, a date":                  {503, date(7 * time.Second), 7 * time.Second, 8 * time.Second},
		"500, less than the next turn": {500, "0", 0, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := steps(respond(row.status, "", "Retry-After", row.retryAfter), me)
				if _, err := f.client().Whoami(t.Context()); err != nil {
					t.Fatal(err)
				}
				if wait := f.sent[1].at.Sub(f.sent[0].at); wait < row.least || wait > row.most {
					t.Errorf("waited %s, want %s to %s", wait, row.least, row.most)
				}
			})
		})
	}
}

func TestWaitBeyondDeadlineFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := steps(reject(429, "RATE_LIMIT_REACHED"), me).client()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err := c.Whoami(ctx)
		cause, ok := errors.AsType[*airtable.Error](err)
		if !ok || cause.Status != 429 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v does not hold both the 429 and the deadline", err)
		}
		contains(t, err.Error(), "not retried", "the deadline is in 20s")

		_, err = c.Whoami(ctx) // the penalty holds for later calls
		if !errors.Is(err, context.DeadlineExceeded) || c.Counts().Calls != 1 {
			t.Errorf("a call within the penalty: %v after %d calls, want the deadline after 1",
				err, c.Counts().Calls)
		}
		if waited := time.Since(began); waited > 0 {
			t.Errorf("waited %s in vain", waited)
		}
	})
}

func TestCancelEndsCall(t *testing.T) {
	t.Parallel()
	cause := errors.New("the host is going down")
	for name, step := range map[string]http.HandlerFunc{
		"while an answer is awaited":    hangs,
		"while waiting to try again":    reject(429, "RATE_LIMIT_REACHED"),
		"while answers keep failing":    after(time.Second, respond(500, "")),
		"while the transport complains": after(time.Second, breaks(io.ErrUnexpectedEOF)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(1500*time.Millisecond, func() { cancel(cause) })
				began := time.Now()
				_, err := steps(step).client().Whoami(ctx)
				if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
					t.Errorf("error %v holds neither the cancellation nor its cause", err)
				}
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("took %s to end", took)
				}
			})
		})
	}
}

func TestTryHasTimeLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := steps(hangs, me)
		if _, err := f.client().Whoami(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := f.sent[1].at.Sub(f.sent[0].at); took < time.Minute || took > 61*time.Second {
			t.Errorf("a try without an answer took %s, want a minute", took)
		}
		_, err := steps(hangs).client().Whoami(t.Context())
		contains(t, err.Error(), "no response: no complete response within 1m0s")
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error("the limit of a try looks like the caller's deadline")
		}
	})
}

func TestTokenIsReadBeforeEachTry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, asked := steps(respond(500, ""), me), 0
		c := f.client(func(cfg *airtable.Config) {
			cfg.UserAgent = "voc/1"
			cfg.Token = func(context.Context) (string, error) {
				asked++
				return []string{"pat.old", "pat.new"}[asked-1], nil
			}
		})
		if _, err := c.Whoami(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"Bearer pat.old", "Bearer pat.new"} {
			if got := f.sent[i].header.Get("Authorization"); got != want {
				t.Errorf("try %d was sent with %q, want %q", i+1, got, want)
			}
		}
		if got := f.sent[0].header.Get("User-Agent"); got != "voc/1" {
			t.Errorf("user agent is %q", got)
		}
	})
}

func TestUnusableTokenSendsNothing(t *testing.T) {
	t.Parallel()
	denied := errors.New("parameter store: access denied")
	for name, row := range map[string]struct {
		token string
		err   error
		text  string
	}{
		"empty":         {"", airtable.ErrToken, "no token is set"},
		"line end":      {token + "\n", airtable.ErrToken, "a line end"},
		"not available": {"", denied, "access denied"},
	} {
		t.Run(name, func(t *testing.T) {
			c := steps(me).client(func(cfg *airtable.Config) {
				cfg.Token = func(context.Context) (string, error) {
					if errors.Is(row.err, denied) {
						return "", denied
					}
					return row.token, nil
				}
			})
			_, err := c.Whoami(t.Context())
			if err == nil || c.Counts().Calls != 0 || !errors.Is(err, row.err) {
				t.Fatalf("got %v after %d calls", err, c.Counts().Calls)
			}
			contains(t, err.Error(), row.text)
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%q shows the token", err)
			}
		})
	}
}

func TestResponsesCarryAirtablesClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		when := "Mon, 02 Mar 2026 09:30:00 GMT"
		want := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
		dated := func(status int, body string) *airtable.Client {
			return steps(respond(status, body, "Date", when)).client()
		}
		who, _ := dated(200, `{"id":"usrMe"}`).Whoami(t.Context())
		schema, _ := dated(200, `{"tables":[]}`).Schema(t.Context())
		_, err := dated(403, "").Schema(t.Context())
		for name, got := range map[string]time.Time{
			"whoami": who.Date, "schema": schema.Date, "error": failure(t, err).Date,
		} {
			if got != want {
				t.Errorf("%s has %s, want %s", name, got, want)
			}
		}
		for page := range dated(200, `{"records":[]}`).List(t.Context(), "T", airtable.Query{}) {
			if page.Date != want {
				t.Errorf("page has %s, want %s", page.Date, want)
			}
		}
		who, err = steps(respond(200, `{"id":"usrMe"}`, "Date", "yesterday")).client().Whoami(t.Context())
		if err != nil || !who.Date.IsZero() {
			t.Errorf("an unreadable date gave %s, %v, want none and no error", who.Date, err)
		}
	})
}
