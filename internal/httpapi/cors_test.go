package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"voc/internal/httpapi"
)

const page = "https://voc.example.com"

func origins(list ...string) func(*httpapi.Config) {
	return func(c *httpapi.Config) { c.Access.Origins = list }
}

var corsHeaders = []string{
	"Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Allow-Methods",
	"Access-Control-Allow-Headers",
	"Access-Control-Max-Age", "Access-Control-Allow-Credentials",
}

func TestCORSHeaders(t *testing.T) {
	t.Parallel()
	s := serving(t, origins(page, "https://*.preview.example.com"))
	for name, c := range map[string]struct {
		origins []string // a header each
		allowed bool
	}{
		"exact":           {[]string{page}, true},
		"wildcard":        {[]string{"https://a.preview.example.com"}, true},
		"another":         {[]string{"https://attacker.net"}, false},
		"another case":    {[]string{"https://VOC.example.com"}, false},
		"header injected": {[]string{page + "\r\nX-Evil: 1"}, false},
		"list":            {[]string{page + ", " + page}, false},
		"two headers":     {[]string{page, page}, false},
		"null":            {[]string{"null"}, false},
		"any":             {[]string{"*"}, false},
		"space":           {[]string{" "}, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/api/feedback/", nil)
		r.Header["Origin"] = c.origins
		a := s.send(r)
		if c.allowed {
			a.has(t, "Access-Control-Allow-Origin", c.origins[0])
			continue
		}
		for _, header := range corsHeaders {
			if value, ok := a.Header[header]; ok {
				t.Errorf("%s: %s: %q", name, header, value)
			}
		}
	}
}

func TestCORSHeadersWithoutOrigins(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, origin := range []string{"", "null", "*", page} {
		for _, method := range []string{"GET", "OPTIONS"} {
			if got := s.ask(
				method, "/api/feedback/", "Origin", origin,
			).Header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("%q gets %q", origin, got)
			}
		}
	}
}

const exposed = "ETag, Last-Modified, Link, Location, Retry-After, X-Next-Cursor, " +
	"X-Unknown-Values, X-Total-Count, X-Data-As-Of, X-Data-Stale, X-Snapshot, X-Request-Id"

// everyKind returns one response of each kind to a page.
func everyKind(t *testing.T, origin string) map[string]answer {
	full, empty := serving(t, tokens, origins(page)), newService(t, origins(page))
	admin := func(s *service, method, target string, headers ...string) answer {
		return s.ask(
			method,
			target,
			append(headers, "Authorization", "Bearer admin-1", "Origin", origin)...)
	}
	tag := admin(full, "GET", "/api/feedback/").Header.Get("ETag")
	kinds := map[string]answer{
		"200":                admin(full, "GET", "/api/feedback/"),
		"200 compressed":     admin(full, "GET", "/api/feedback/", "Accept-Encoding", "br"),
		"200 of rows":        admin(full, "GET", "/api/feedback/?limit=2"),
		"200 of status":      admin(full, "GET", "/api/cache/"),
		"202":                admin(full, "POST", "/api/cache/update-full"),
		"204":                admin(full, "OPTIONS", "/api/feedback/"),
		"304":                admin(full, "GET", "/api/feedback/", "If-None-Match", tag),
		"400":                admin(full, "GET", "/api/feedback/?x=1"),
		"401":                full.get("/api/feedback/", "Origin", origin),
		"403":                admin(empty, "POST", "/api/cache/update-full"),
		"404 of a record":    admin(full, "GET", "/api/feedback/recNobody"),
		"404 of a path":      admin(full, "GET", "/nowhere"),
		"404 of a frontend":  admin(full, "GET", "/api/users/"),
		"405":                admin(full, "PUT", "/api/feedback/"),
		"503":                admin(empty, "GET", "/api/feedback/"),
		"503 of health":      admin(empty, "GET", "/api/health"),
		"HEAD":               admin(full, "HEAD", "/api/feedback/"),
		"HEAD of an unknown": admin(full, "HEAD", "/nowhere"),
	}
	full.refresher.onActive = func() { panic("!") }
	kinds["500"] = admin(full, "GET", "/api/cache/")
	for kind, a := range kinds {
		status, _, _ := strings.Cut(kind, " ")
		if status != "HEAD" && a.StatusCode != must(strconv.Atoi(status)) {
			t.Fatalf("%s is %d: %s", kind, a.StatusCode, a.body)
		}
	}
	return kinds
}

func TestCORSHeadersOfEveryResponse(t *testing.T) {
	t.Parallel()
	for kind, a := range everyKind(t, page) {
		t.Run(kind, func(t *testing.T) {
			a.has(
				t, "Access-Control-Allow-Origin", page, "Access-Control-Expose-Headers", exposed,
				"Access-Control-Allow-Credentials", "",
			)
		})
	}
}

func TestCORSHeadersOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	for kind, a := range everyKind(t, "https://attacker.net") {
		for _, name := range corsHeaders {
			if value, ok := a.Header[name]; ok {
				t.Errorf("%s: %s: %q", kind, name, value)
			}
		}
	}
}

func TestVaryOfEveryResponse(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{page, "https://attacker.net"} {
		for kind, a := range everyKind(t, origin) {
			t.Run(kind, func(t *testing.T) { a.has(t, "Vary", "Origin, Accept, Accept-Encoding") })
		}
	}
}

func TestPreflightNeedsNoToken(t *testing.T) {
	t.Parallel()
	s := newService(t, tokens, origins(page))
	targets := []string{"/", "/nowhere", "/api/users/auth", "/api/feedback/?x=1", "/api/feedback/%00"}
	for path := range paths {
		targets = append(targets, path, path+"/")
	}
	for _, target := range targets {
		a := s.ask(
			"OPTIONS", target, "Origin", page, "Access-Control-Request-Method", "GET",
			"Access-Control-Request-Headers", "authorization, cache-control",
		)
		if a.StatusCode != 204 || a.body != "" {
			t.Errorf("%s: %d %q", target, a.StatusCode, a.body)
		}
		a.has(
			t, "Access-Control-Allow-Origin", page, "Access-Control-Allow-Methods",
			"GET, HEAD, POST, OPTIONS", "Access-Control-Allow-Headers",
			"Authorization, Cache-Control, Content-Type, Expires, If-None-Match, Pragma",
			"Access-Control-Max-Age", "7200",
		)
	}
}
