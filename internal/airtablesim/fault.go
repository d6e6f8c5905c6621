package airtablesim

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Fault is a scripted failure for [Server.Script]. Functions of this file return faults;
// the methods return narrowed copies:
//
//	s.Script(airtablesim.Cut().On(airtablesim.List).After(2))
type Fault struct {
	// Kind is the kind of call that fails; "" for any.
	Kind Kind
	// Page is the page of a listing that fails; 0 for any call.
	Page int
	// Skip is how many matching calls succeed first.
	Skip int
	// Times is how many calls fail; 0 for one.
	Times int
	// Delay is a delay, by the real clock, before the response is computed.
	Delay time.Duration
	// Status, Header and Body are the response; with Status 0 the real one is sent.
	Status int
	Header http.Header
	Body   string
	// Break is how the response breaks off.
	Break Break
	// Record is the JSON of a record that the page contains in addition to those of the
	// table.
	Record string
	// Endless makes every page the first one, always with a new offset.
	Endless bool

	dropIterators bool
}

// Break is how a response breaks off.
type Break int

// The ways a response breaks off.
const (
	Whole   Break = iota // it is complete
	HalfWay              // the connection ends after half of the body
	Hanging              // nothing follows half of the body until the client disconnects
	Aborted              // the connection is reset without a response
)

// Refuse responds with an error of any status, type and message.
func Refuse(status int, shape Shape, kind, message string) Fault {
	return Fault{Status: status, Body: string(shape.body(kind, message))}.With("Content-Type",
		jsonType)
}

// RateLimit responds 429 RATE_LIMIT_REACHED, without the penalty of a real one.
func RateLimit(shape Shape) Fault { return Refuse(429, shape, errRate.kind, errRate.message) }

// BillingLimit responds 429 PUBLIC_API_BILLING_LIMIT_EXCEEDED: the month's quota is used
// up.
func BillingLimit() Fault {
	return Refuse(429, ShapeObject, "PUBLIC_API_BILLING_LIMIT_EXCEEDED",
		"The API billing plan limit for this workspace has been exceeded.")
}

// Unavailable responds 503 RETRIABLE_ERROR.
func Unavailable() Fault {
	return Refuse(503, ShapeObject, "RETRIABLE_ERROR",
		"The server could not process your request in time. Please try again.")
}

// HTML responds with a status and a page of HTML, as proxies do.
func HTML(status int) Fault {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	page := "<html><head><title>" + title + "</title></head>" +
		"<body><h1>" + title + "</h1></body></html>\r\n"
	return Fault{Status: status, Body: page}.With("Content-Type", "text/html")
}

// Cut ends the connection after half of the real body.
func Cut() Fault { return Fault{Break: HalfWay} }

// Stall sends half of the real body, and nothing more until the client disconnects.
func Stall() Fault { return Fault{Break: Hanging} }

// Reset resets the connection.
func Reset() Fault { return Fault{Break: Aborted} }

// Slow delays the response.
func Slow(d time.Duration) Fault { return Fault{Delay: d} }

// ExpireIterators deletes all iterators when a second page is requested (see
// [Fault.OnPage] for other pages): this call and all calls with older offsets get 422
// LIST_RECORDS_ITERATOR_NOT_AVAILABLE.
func ExpireIterators() Fault { return Fault{dropIterators: true}.OnPage(2) }

// On narrows the fault to calls of a kind.
func (f Fault) On(k Kind) Fault {
	f.Kind = k
	return f
}

// OnPage narrows the fault to one page of listings, from 1.
func (f Fault) OnPage(n int) Fault {
	f.Kind, f.Page = List, n
	return f
}

// After lets n matching calls succeed first.
func (f Fault) After(n int) Fault {
	f.Skip = n
	return f
}

// Repeat makes n calls fail.
func (f Fault) Repeat(n int) Fault {
	f.Times = n
	return f
}

// Foreign adds a record with any id, and without cells, to a page.
func Foreign(id string) Fault {
	record := `{"id":` + string(encode(id)) +
		`,"createdTime":"2025-03-01T12:00:00.000Z","fields":{}}`
	return Fault{Record: record}.On(List)
}

// Endless makes a listing that never ends, from its first page on.
func Endless() Fault { return Fault{Endless: true, Times: math.MaxInt}.On(List) }

// With adds a header, such as Retry-After or Date, to the response of the fault or, with
// Status 0, to the real one.
func (f Fault) With(header, value string) Fault {
	f.Header = maps.Clone(f.Header)
	if f.Header == nil {
		f.Header = http.Header{}
	}
	f.Header.Set(header, value)
	return f
}

func (f Fault) answer() answer { return answer{f.Status, f.Header, []byte(f.Body)} }

// alter returns the body of a real response with what the fault adds to a page.
func (f Fault) alter(body []byte, number int) []byte {
	if f.Record != "" {
		head := []byte(`{"records":[`)
		rest, _ := bytes.CutPrefix(body, head)
		if !bytes.HasPrefix(rest, []byte("]")) {
			rest = slices.Concat([]byte(","), rest)
		}
		body = slices.Concat(head, []byte(f.Record), rest)
	}
	if f.Endless {
		end := bytes.LastIndex(body, []byte(`],"offset":"`))
		if end < 0 {
			end = bytes.LastIndexByte(body, ']')
		}
		records := body[:end+1]
		body = fmt.Appendf(slices.Clip(records), `,"offset":"itr/%d"}`, number)
	}
	return body
}

func (f Fault) matches(c Call) bool {
	return (f.Kind == "" || f.Kind == c.Kind) && (f.Page == 0 || f.Page == c.Page)
}

// Script appends faults to the script. The first fault that matches a call applies to it,
// and is removed after its last use. Only calls that pass the checks of token and rate
// count.
func (s *Server) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Pending returns the number of faults that still have to apply.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)
}

// nextFault returns the fault for a call; the zero Fault for none.
func (s *Server) nextFault(c Call) Fault {
	i := slices.IndexFunc(s.faults, func(f Fault) bool { return f.matches(c) })
	if i < 0 {
		return Fault{}
	}
	f := &s.faults[i]
	if f.Skip > 0 {
		f.Skip--
		return Fault{}
	}
	due := *f
	if f.Times--; f.Times <= 0 {
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	return due
}
