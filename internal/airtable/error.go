package airtable

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error types of Airtable that this package handles.
const (
	typeQuota         = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
	typeIteratorLost  = "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"
	typeInvalidOffset = "INVALID_OFFSET_VALUE"
	typeUnknownField  = "UNKNOWN_FIELD_NAME"
	typeFormula       = "INVALID_FILTER_BY_FORMULA"
)

// ErrQuota matches an [*Error] if the workspace has used up its API calls of the month.
// Only a larger plan or the next month helps.
var ErrQuota = errors.New("airtable: the monthly API calls of the workspace are used up")

// Error is a call that failed at Airtable or on the way there. Its texts are single lines
// of at most 200 bytes and never contain the token.
type Error struct {
	Call       string        // method and path
	Scope      string        // that the call needs; empty for none
	Status     int           // HTTP status; 0 if there was no response
	Type       string        // Airtable's error type, such as NOT_FOUND; may be empty
	Message    string        // Airtable's message, the start of a body of another form, or what broke
	RetryAfter time.Duration // how long Airtable asked to wait, at most 24 h; 0 if it did not
	Date       time.Time     // Airtable's clock; zero if the response had none
	Warnings   []string      // about the date (see [Config.Now])
	Tries      int           // how often the call was sent
	Err        error         // error of the network or the decoder; nil if Airtable rejected the call
}

// Error returns the call, the response, and the number of tries.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "airtable: %s: ", e.Call)
	switch {
	case e.Status == 0:
		b.WriteString("no response")
	case e.Err != nil:
		fmt.Fprintf(&b, "%d with an unusable body", e.Status)
	case e.Type != "":
		fmt.Fprintf(&b, "%d %s", e.Status, e.Type)
	default:
		b.WriteString(strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))))
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Tries > 1 {
		fmt.Fprintf(&b, " (%d tries)", e.Tries)
	}
	return b.String()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is ErrQuota and e is a used-up quota.
func (e *Error) Is(target error) bool { return target == ErrQuota && e.Type == typeQuota }

// Temporary reports whether the same call may succeed later without a change of settings
// or data. A response that is too large would be too large again. A listing whose iterator
// was lost may succeed when it starts over.
func (e *Error) Temporary() bool { return e.retryable() || e.lostIterator() }

// retryable reports whether the same request may succeed later. A 408 comes from a gateway
// on the way, like a 504.
func (e *Error) retryable() bool {
	if e.Err != nil {
		return !tooLarge(e.Err)
	}
	return e.Type != typeQuota && (e.Status == http.StatusTooManyRequests ||
		e.Status == http.StatusRequestTimeout || e.Status >= 500)
}

// setCause records why there is no usable response. If the try ran out of time, that is
// the cause, whatever the network reports. The body is never quoted: a page holds what
// customers wrote.
func (e *Error) setCause(ctx context.Context, err error, token secret) {
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case tooLarge(err):
		large, _ := errors.AsType[*http.MaxBytesError](err)
		err = fmt.Errorf("it has more than %d MiB: %w", large.Limit>>20, err)
	}
	e.Err = token.redactError(err)
	e.Message = token.redact(err.Error())
}
