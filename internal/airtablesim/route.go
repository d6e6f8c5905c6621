package airtablesim

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Kind is a kind of call.
type Kind string

// The kinds of calls. A request without a route has the kind "".
const (
	Whoami Kind = "whoami" // GET /v0/meta/whoami
	Bases  Kind = "bases"  // GET /v0/meta/bases
	Schema Kind = "schema" // GET /v0/meta/bases/{base}/tables
	List   Kind = "list"   // GET /v0/{base}/{table} and POST …/listRecords
	Read   Kind = "read"   // GET /v0/{base}/{table}/{record}
	Create Kind = "create" // POST
	Update Kind = "update" // PATCH and PUT, of one record or several
	Delete Kind = "delete" // DELETE, of one record or several
)

// Call is a request as passed to hooks and matched by faults.
type Call struct {
	Number int // from 1, over all requests including rejected ones
	Kind   Kind
	Page   int // of a listing, from 1; 0 for other calls and for invalid offsets
}

// route is a method and path of the API; a segment with a colon matches any text.
type route struct {
	method, path string
	kind         Kind
	handle       func(*Server, *request) ([]byte, error)
}

var routes = []route{
	{"GET", "v0/meta/whoami", Whoami, (*Server).whoami},
	{"GET", "v0/meta/bases", Bases, (*Server).bases},
	{"GET", "v0/meta/bases/:base/tables", Schema, (*Server).schema},
	{"POST", "v0/:base/:table/listRecords", List, (*Server).list},
	{"GET", "v0/:base/:table", List, (*Server).list},
	{"POST", "v0/:base/:table", Create, (*Server).create},
	{"PATCH", "v0/:base/:table", Update, (*Server).update},
	{"PUT", "v0/:base/:table", Update, (*Server).update},
	{"DELETE", "v0/:base/:table", Delete, (*Server).deleteMany},
	{"GET", "v0/:base/:table/:record", Read, (*Server).read},
	{"PATCH", "v0/:base/:table/:record", Update, (*Server).updateOne},
	{"PUT", "v0/:base/:table/:record", Update, (*Server).updateOne},
	{"DELETE", "v0/:base/:table/:record", Delete, (*Server).deleteOne},
}

// request is one call with its route.
type request struct {
	Call
	*http.Request
	handle              func(*Server, *request) ([]byte, error)
	base, table, record string // of the path; names unescaped
	body                []byte
	query               listQuery // of a List
}

// newRequest finds the route of a request. A path that only other methods have is 405.
func newRequest(r *http.Request) (*request, error) {
	segments := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	var methods []string
	for _, route := range routes {
		req := &request{Request: r, handle: route.handle, Call: Call{Kind: route.kind}}
		switch {
		case !req.match(strings.Split(route.path, "/"), segments):
		case route.method == r.Method:
			return req, nil
		case !slices.Contains(methods, route.method):
			methods = append(methods, route.method)
		}
	}
	req := &request{Request: r}
	if methods == nil {
		return req, errNoRoute
	}
	return req, &refusal{status: 405, kind: "METHOD_NOT_ALLOWED",
		message: "The method is not allowed here",
		header:  http.Header{"Allow": {strings.Join(methods, ", ")}}}
}

func (r *request) match(pattern, segments []string) bool {
	if len(pattern) != len(segments) {
		return false
	}
	for i, want := range pattern {
		got, err := url.PathUnescape(segments[i])
		if err != nil || got == "" {
			return false
		}
		switch want {
		case ":base":
			r.base = got
		case ":table":
			r.table = got
		case ":record":
			r.record = got
		case got:
		default:
			return false
		}
	}
	return true
}

// The limits of a request. Airtable documents that of the URL but not that of the body.
const (
	maxURL  = 16_000
	maxBody = 2 << 20
)

// load reads the body, and the parameters of a listing.
func (r *request) load() (err error) {
	if len(r.URL.RequestURI()) >= maxURL {
		return errLongURL
	}
	if r.Method == "POST" || r.Method == "PATCH" || r.Method == "PUT" {
		if err := r.readBody(); err != nil {
			return err
		}
	}
	if r.Kind == List {
		r.query, err = readListQuery(r)
	}
	return err
}

func (r *request) readBody() (err error) {
	r.body, err = io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return errTooLarge
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return errNoJSON
	}
	return nil
}
