package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// request is one that httptest.NewRequest would refuse to make.
func request(path, query string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL = &url.URL{Path: path, RawQuery: query}
	return r
}

// FuzzPath: whatever the path, the answer is the contract's or a 404, never a redirect and never a fault.
func FuzzPath(f *testing.F) {
	for path := range paths {
		f.Add(path)
		f.Add(path + "/")
	}
	for _, path := range []string{"", "/", "//api/feedback", "/api/feedback/..", "/api/feedback/\x00", "/api/feedback/\xff", "/api/cache/runs/a/b", "/api/cache/runs/'", "*"} {
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
