package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// request is a request that httptest.NewRequest would reject.
func request(path, query string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL = &url.URL{Path: path, RawQuery: query}
	return r
}

// FuzzPath checks that every path conforms to the contract or is a 404, never a redirect or a 500.
func FuzzPath(f *testing.F) {
	for path := range paths {
		f.Add(path)
		f.Add(path + "/")
	}
	for _, path := range []string{
		"", "/", "//api/feedback", "/api/feedback/..", "/api/feedback/\x00", "/api/feedback/\xff",
		"/api/cache/runs/a/b", "/api/cache/runs/'", "*",
	} {
		f.Add(path)
	}
	s := serving(f)
	f.Fuzz(func(t *testing.T, path string) {
		s.t = t
		a := s.send(request(path, ""))
		switch a.StatusCode {
		case 200:
		case 404, 405:
			a.is(t, a.StatusCode)
			a.problem(t)
		default:
			t.Errorf("%q: %d %s", path, a.StatusCode, a.body)
		}
	})
}
