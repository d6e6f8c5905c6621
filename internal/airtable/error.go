package airtable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Airtable's error types that this package treats apart.
const (
	typeQuota         = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
	typeIteratorLost  = "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"
	typeInvalidOffset = "INVALID_OFFSET_VALUE"
	typeUnknownField  = "UNKNOWN_FIELD_NAME"
	typeFormula       = "INVALID_FILTER_BY_FORMULA"
)

// ErrQuota is what an [*Error] matches when the workspace has used up its API calls of
// the month. Nothing but a larger plan or the next month helps.
var ErrQuota = errors.New("airtable: the monthly API calls of the workspace are used up")

// Error is a call that failed at Airtable or on the way there. Its texts are one line,
// cut to 200 bytes, and hold no token.
type Error struct {
	Call       string        // method and path
	Status     int           // of the answer; 0: none came
	Type       string        // Airtable's name for it, such as NOT_FOUND; may be empty
	Message    string        // Airtable's words, the start of a body that is not its JSON, or what broke
	RetryAfter time.Duration // how long Airtable asked to wait, at most 24 h; 0: it did not say
	Date       time.Time     // Airtable's clock; zero when it did not say
	Tries      int           // how often the call was sent
	Advice     string        // what an operator does next
	Err        error         // the network's or the decoder's error; nil when Airtable refused
}

// Error says what was asked, what came back, and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "airtable: %s: ", e.Call)
	switch {
	case e.Status == 0:
		b.WriteString("no answer")
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
	if e.Advice != "" {
		b.WriteString("; " + e.Advice)
	}
	return b.String()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is ErrQuota and e is that.
func (e *Error) Is(target error) bool { return target == ErrQuota && e.Type == typeQuota }

// passing reports whether the same call may succeed later. An answer that is too large
// would be so again.
func (e *Error) passing() bool {
	if e.Err != nil {
		return !tooLarge(e.Err)
	}
	return e.Type != typeQuota && (e.Status == http.StatusTooManyRequests || e.Status >= 500)
}

// lostIterator reports whether a listing must start again.
func (e *Error) lostIterator() bool {
	return e.Status == http.StatusUnprocessableEntity &&
		(e.Type == typeIteratorLost || e.Type == typeInvalidOffset)
}

// head notes what the header of an answer says.
func (e *Error) head(resp *http.Response) {
	e.Status = resp.StatusCode
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		e.Date = date.UTC()
	}
	e.RetryAfter = retryAfter(resp.Header, e.Date)
}

// refused notes what the body of an answer other than 200 says. What can be read of a
// body that breaks off is enough: the status decides.
func (e *Error) refused(body io.Reader, call call, token secret) *Error {
	text, _ := io.ReadAll(io.LimitReader(body, 64<<10))
	kind, message := parseErrorBody(text)
	e.Type, e.Message = token.hide(kind), token.hide(message)
	e.Advice = e.advice(call.scope)
	return e
}

// broken notes why there is no answer, or none that can be used. When the try ran out
// of time, that is why, whatever the network says. Of the body nothing is repeated: a
// page holds what customers wrote.
func (e *Error) broken(ctx context.Context, err error, token secret) *Error {
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case tooLarge(err):
		err = fmt.Errorf("it has more than %d MiB: %w", maxAnswer>>20, err)
	}
	e.Err = token.hideIn(err)
	e.Message = token.hide(err.Error())
	e.Advice = e.advice("")
	return e
}

func tooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}
