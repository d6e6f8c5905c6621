package httpapi_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"voc/internal/httpapi"
)

// TestAllocations bounds the memory allocations of a request, at one and a half times what they
// were in November 2026. The page is another one each time, over rows that other pages had.
func TestAllocations(t *testing.T) {
	s := serving(t, func(cfg *httpapi.Config) { cfg.Log = slog.New(slog.DiscardHandler) })
	tag := s.get("/api/feedback/?limit=9").Header.Get("ETag")
	const page = "/api/feedback/?priority=high&priority=low&sort=-modified&limit=20&created_from="
	for name, c := range map[string]struct {
		target, encoding, match string
		status                  int
		most                    float64
	}{
		"304":           {"/api/feedback/?limit=9", "gzip", tag, 304, 20},
		"again":         {"/api/feedback/?limit=9", "gzip", "", 200, 22},
		"record":        {"/api/feedback/rec00000000000001", "identity", "", 200, 110},
		"page":          {page + "2025-01-01", "identity", "", 200, 225},
		"page, as gzip": {page + "2025-01-01", "gzip", "", 200, 255},
	} {
		r := httptest.NewRequest(http.MethodGet, c.target, nil)
		r.Header.Set("Accept-Encoding", c.encoding)
		if c.match != "" {
			r.Header.Set("If-None-Match", c.match)
		}
		w := &discard{header: http.Header{}}
		ask := func() {
			if c.most > 30 {
				s.ForgetAnswers()
			}
			clear(w.header)
			s.ServeHTTP(w, r)
		}
		for range 3 {
			ask()
		}
		if n := testing.AllocsPerRun(20, ask); n > c.most || w.status != c.status {
			t.Errorf("%s: %v allocations, status %d, want at most %v, %d", name, n, w.status, c.most,
				c.status)
		}
	}
}
