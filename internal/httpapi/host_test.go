package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"voc/internal/access"
	"voc/internal/httpapi"
)

func onLoopback(cfg *httpapi.Config) { cfg.Platform.Loopback = true }

func TestHostOnLoopback(t *testing.T) {
	t.Parallel()
	local, public := serving(t, onLoopback), serving(t)
	for host, status := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "LOCALHOST:80": 200, "localhost.": 200, "": 200,
		"voc.localhost:8080": 200, "127.0.0.1:8080": 200, "127.1.2.3": 200,
		"[::1]:8080": 200, "[::1]": 200,
		"evil.example:8080": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421,
		"notlocalhost": 421, "10.0.0.1:8080": 421, "0.0.0.0": 421, "[::2]:80": 421, "voc": 421,
	} {
		for _, path := range []string{"/api/feedback/?limit=1", "/api/live", "/api/cache/", "/llms.txt"} {
			r := httptest.NewRequest("GET", path, nil)
			r.Host = host
			local.send(r).is(t, status)
			public.send(r).is(t, 200)
		}
		r := httptest.NewRequest("GET", "/nowhere", nil)
		r.Host = host
		local.send(r).is(t, max(404, status))
		r = httptest.NewRequest("POST", "/api/cache/update-full", nil)
		r.Host = host
		local.send(r).is(t, max(403, status))
	}
}

// TestTrustedProxyPassesHost: a proxy of TRUSTED_PROXIES in front of a loopback address passes the
// public name on; another peer may not.
func TestTrustedProxyPassesHost(t *testing.T) {
	t.Parallel()
	s := serving(t, onLoopback, func(cfg *httpapi.Config) {
		cfg.Access.Proxies = must(access.ParseProxies("127.0.0.1"))
	})
	for peer, status := range map[string]int{
		"127.0.0.1:1234": 200, "[::ffff:127.0.0.1]:1234": 200, "127.0.0.2:1234": 421, "": 421,
	} {
		r := httptest.NewRequest("GET", "/api/live", nil)
		r.Host, r.RemoteAddr = "voc.example.com", peer
		s.send(r).is(t, status)
	}
}

func TestNoAnswerIsIndexed(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, path := range []string{
		"/", "/nowhere", "/api/feedback/", "/api/feedback/?x=1", "/api/health", "/api/docs", "/llms.txt",
	} {
		s.get(path).has(t, "X-Robots-Tag", "noindex")
		s.ask("OPTIONS", path).has(t, "X-Robots-Tag", "noindex")
	}
	tag := s.get("/api/feedback/").Header.Get("ETag")
	s.get("/api/feedback/", "If-None-Match", tag).has(t, "X-Robots-Tag", "noindex")
}

// TestLinkIsBounded sends longer and longer queries. One whose Link is too long is rejected only
// if it has a next page.
func TestLinkIsBounded(t *testing.T) {
	t.Parallel()
	s := serving(t)
	seen := map[int]bool{}
	for length := 3700; length < 4200; length += 20 {
		query := "team=beta&team=" + strings.Repeat("x", length)
		a := s.get("/api/feedback/?limit=1&" + query)
		seen[a.StatusCode] = true
		link := a.Header.Get("Link")
		if a.StatusCode == 200 && (link == "" || len(link) > 4096) ||
			a.StatusCode == 414 && !strings.Contains(a.body, "4,096") {
			t.Errorf("%d bytes: Link has %d: %d %.200s", length, len(link), a.StatusCode, a.body)
		}
		s.get("/api/feedback/?limit=1000&"+query).is(t, 200)
		s.get("/api/feedback/?"+query).is(t, 200)
	}
	if len(seen) != 2 || !seen[200] || !seen[414] {
		t.Errorf("statuses %v", seen)
	}
	cyrillic := url.QueryEscape(strings.Repeat("я", 700)) // six bytes each
	s.get(fmt.Sprintf("/api/feedback/?limit=1&team=beta&team=%s", cyrillic)).is(t, 414)
}

func TestLLMsText(t *testing.T) {
	t.Parallel()
	s := serving(t, tokens)
	a := s.get("/llms.txt")
	a.is(t, 200)
	a.has(t, "Content-Type", "text/plain; charset=utf-8")
	if strings.Count(a.body, "\n") != 10 {
		t.Errorf("%q has not ten lines", a.body)
	}
	s.get("/llms.txt", "If-None-Match", a.Header.Get("ETag")).is(t, 304)
}
