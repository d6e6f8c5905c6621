package airtablesim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Fault is one thing that goes wrong, put in line by [Server.Script]. Make one
// with a function of this file and narrow it with its methods, which give copies:
//
//	s.Script(airtablesim.Cut().On(airtablesim.List).After(2))
type Fault struct {
	// Kind is the kind of call it strikes; "" is any.
	Kind Kind
	// Page is the one page of listings that it strikes; 0 is any call.
	Page int
	// Skip is how many calls that fit are answered as ever before it strikes.
	Skip int
	// Times is how many calls it strikes; 0 is one.
	Times int
	// Delay passes on the real clock before the answer is worked out.
	Delay time.Duration
	// Status, Header and Body are the answer; with Status 0 it is the real one.
	Status int
	Header http.Header
	Body   string
	// Break says how the answer breaks off.
	Break Break

	dropIterators bool
}

// Break is how an answer breaks off.
type Break int

// The ways an answer breaks off.
const (
	Whole   Break = iota // it does not
	HalfWay              // the connection ends after half of the body
	Hanging              // nothing comes after half of the body, until the client goes
	Aborted              // the connection is reset and there is no answer
)

// Refuse answers with an error of any status, type and message.
func Refuse(status int, shape Shape, kind, message string) Fault {
	return Fault{Status: status, Body: string(shape.body(kind, message))}.With("Content-Type", jsonType)
}

// RateLimit answers 429 RATE_LIMIT_REACHED, without the penalty that a true breach has.
func RateLimit(shape Shape) Fault { return Refuse(429, shape, errRate.kind, errRate.message) }

// BillingLimit answers 429 PUBLIC_API_BILLING_LIMIT_EXCEEDED: the month's quota is used up.
func BillingLimit() Fault {
	return Refuse(429, ShapeObject, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "The API billing plan limit for this workspace has been exceeded.")
}

// Unavailable answers 503 RETRIABLE_ERROR.
func Unavailable() Fault {
	return Refuse(503, ShapeObject, "RETRIABLE_ERROR", "The server could not process your request in time. Please try again.")
}

// HTML answers with a status and a page of HTML, as proxies do.
func HTML(status int) Fault {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	page := "<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\r\n"
	return Fault{Status: status, Body: page}.With("Content-Type", "text/html")
}

// Cut ends the connection after half of the real answer's body.
func Cut() Fault { return Fault{Break: HalfWay} }

// Stall sends half of the real answer's body, and nothing more until the client goes.
func Stall() Fault { return Fault{Break: Hanging} }

// Reset resets the connection.
func Reset() Fault { return Fault{Break: Aborted} }

// Slow answers after a while.
func Slow(d time.Duration) Fault { return Fault{Delay: d} }

// ExpireIterators forgets all iterators when a second page is asked for (see
// [Fault.OnPage] for others): this call and all with older offsets are answered
// with 422 LIST_RECORDS_ITERATOR_NOT_AVAILABLE.
func ExpireIterators() Fault { return Fault{dropIterators: true}.OnPage(2) }

// On narrows the fault to calls of a kind.
func (f Fault) On(k Kind) Fault {
	f.Kind = k
	return f
}

// OnPage narrows the fault to one page of listings, from 1 on.
func (f Fault) OnPage(n int) Fault {
	f.Kind, f.Page = List, n
	return f
}

// After lets n calls that fit pass first.
func (f Fault) After(n int) Fault {
	f.Skip = n
	return f
}

// Repeat makes the fault strike n calls.
func (f Fault) Repeat(n int) Fault {
	f.Times = n
	return f
}

// With adds a header to the fault's answer, such as Retry-After. The real
// answer, of a fault with Status 0, does not get it.
func (f Fault) With(header, value string) Fault {
	f.Header = maps.Clone(f.Header)
	if f.Header == nil {
		f.Header = http.Header{}
	}
	f.Header.Set(header, value)
	return f
}

func (f Fault) answer() answer { return answer{f.Status, f.Header, []byte(f.Body)} }

func (f Fault) fits(c Call) bool {
	return (f.Kind == "" || f.Kind == c.Kind) && (f.Page == 0 || f.Page == c.Page)
}

// Script puts faults at the end of the line. A call is struck by the first in
// the line that fits it; a fault leaves when it has struck as often as it should.
// Only calls that pass token and rate count.
func (s *Server) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Pending is the number of faults in the line that have not struck as often as
// they should.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)
}

func (s *Server) strike(c Call) Fault {
	i := slices.IndexFunc(s.faults, func(f Fault) bool { return f.fits(c) })
	if i < 0 {
		return Fault{}
	}
	f := &s.faults[i]
	if f.Skip > 0 {
		f.Skip--
		return Fault{}
	}
	struck := *f
	if f.Times--; f.Times <= 0 {
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	return struck
}
