package httpapi

import (
	"net/http"

	"voc/internal/httpapi/respond"
)

// request is a request to an endpoint, with its response.
type request struct {
	*http.Request
	id       string
	response respond.Response
	values   map[string][]string // the checked query parameters
	csv      bool                // the client wants a list as CSV
	release  func()              // of the view that the answer is made from; nil: none
}

// pin holds a view until the response is written. Any earlier view is released.
func (r *request) pin(release func()) {
	if r.release != nil {
		r.release()
	}
	r.release = release
}
