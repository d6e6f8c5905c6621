package airtable

import (
	"errors"
	"net/http"
)

// A Fault names what is wrong when a call has failed. A program maps it to its own
// settings and to what an operator does next.
type Fault int

// The faults of a failed call.
const (
	FaultRequest    Fault = iota // Airtable rejects the request for a reason not listed here
	FaultNetwork                 // no response: the network, or the URL
	FaultResponse                // an unusable body: the URL, or a proxy on the way
	FaultSize                    // 413, or a response too large to be read: the texts of one record
	FaultRedirect                // a redirect or another status below 400: the URL
	FaultServer                  // 408 or 5xx: Airtable failed or took too long
	FaultToken                   // 401: the token is mistyped, expired or revoked
	FaultPermission              // 403: the token lacks Error.Scope or access to the base
	FaultNotFound                // 404: the base or the table, or the token cannot see them
	FaultField                   // an unknown field or invalid formula: a field was renamed or removed
	FaultRate                    // 429: other programs use up the requests of the base
	FaultQuota                   // the workspace has used up its API calls of the month; see ErrQuota
	FaultListing                 // Airtable lost the iterator of a listing again and again
)

// Fault returns what is wrong.
func (e *Error) Fault() Fault {
	switch {
	case e.Status == 0:
		return FaultNetwork
	case e.Status == http.StatusRequestEntityTooLarge, e.Err != nil && tooLarge(e.Err):
		return FaultSize
	case e.Err != nil:
		return FaultResponse
	case e.Type == typeQuota:
		return FaultQuota
	case e.lostIterator():
		return FaultListing
	case e.Type == typeUnknownField, e.Type == typeFormula:
		return FaultField
	case e.Status < 400:
		return FaultRedirect
	case e.Status == http.StatusRequestTimeout, e.Status >= 500:
		return FaultServer
	}
	return map[int]Fault{
		http.StatusUnauthorized:    FaultToken,
		http.StatusForbidden:       FaultPermission,
		http.StatusNotFound:        FaultNotFound,
		http.StatusTooManyRequests: FaultRate,
	}[e.Status]
}

func tooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}

// lostIterator reports whether a listing must restart.
func (e *Error) lostIterator() bool {
	return e.Status == http.StatusUnprocessableEntity &&
		(e.Type == typeIteratorLost || e.Type == typeInvalidOffset)
}
