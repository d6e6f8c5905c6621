package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// paths are the routes of the contract without trailing slashes, and their methods.
var paths = map[string]string{
	"/api/feedback":                               "GET, HEAD, OPTIONS",
	"/api/feedback/rec00000000000001":             "GET, HEAD, OPTIONS",
	"/api/feedback/facets":                        "GET, HEAD, OPTIONS",
	"/api/reports/response-times":                 "GET, HEAD, OPTIONS",
	"/api/reports/environments":                   "GET, HEAD, OPTIONS",
	"/api/customer-pulse":                         "GET, HEAD, OPTIONS",
	"/api/cache":                                  "GET, HEAD, OPTIONS",
	"/api/cache/runs":                             "GET, HEAD, OPTIONS",
	"/api/cache/runs/full-20261123T115800Z-aaaaa": "GET, HEAD, OPTIONS",
	"/api/cache/update-full":                      "POST, OPTIONS",
	"/api/cache/update-incremental":               "POST, OPTIONS",
	"/api/health":                                 "GET, HEAD, OPTIONS",
	"/api/live":                                   "GET, HEAD, OPTIONS",
	"/api/openapi.json":                           "GET, HEAD, OPTIONS",
	"/api/docs":                                   "GET, HEAD, OPTIONS",
}

func TestTrailingSlash(t *testing.T) {
	t.Parallel()
	s := serving(t, tokens)
	s.refresher.ticket.RunID = "full-1"
	for path, methods := range paths {
		method, _, _ := strings.Cut(methods, ",")
		without := s.ask(method, path, "Authorization", "Bearer admin-1")
		with := s.ask(method, path+"/", "Authorization", "Bearer admin-1")
		if without.StatusCode >= 300 || with.StatusCode != without.StatusCode ||
			with.body != without.body {
			t.Errorf("%s: %d without a slash, %d with it", path, without.StatusCode, with.StatusCode)
		}
	}
}

func TestWrongMethod(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for path, allowed := range paths {
		for _, method := range []string{
			"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "get",
		} {
			if slices.Contains(strings.Split(allowed, ", "), method) {
				continue
			}
			a := s.ask(method, path)
			if a.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, a.StatusCode)
			}
			a.has(t, "Allow", allowed)
		}
	}
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	s := serving(t, tokens)
	for _, path := range []string{
		"/api", "/api/", "/api/feedbacks", "/app/a/b", "/feedback", "/api/feedback/a/b",
		"/api/feedback//", "//api/feedback",
		"/api//feedback", "/API/feedback/", "/api/cache/runs/a/b",
		"/api/cache/update-nothing", "/api/healthz", "/favicon.ico", "/api/feedback;a=b",
		"/api/feedback.json", "/api/./feedback", "/api/x/../feedback/",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "DELETE"} {
			if a := s.ask(method, path); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s: %d", method, path, a.StatusCode)
			}
		}
	}
}

// TestOddPaths writes paths to a connection, because a client would clean them.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	s := serving(t)
	server := httptest.NewServer(s)
	defer server.Close()
	for _, path := range []string{
		"//", "//api/feedback/", "/api/feedback//", "/api/feedback/..", "/api/feedback/../feedback/",
		"/api/feedback/.", "/api/feedback/%2e%2e", "/api/feedback/%2F", "/api/feedback/a%2Fb",
		"/api%2Ffeedback%2F", "/api/feedback/%00", "/api/feedback/rec%00", "/api/feedback/%FF%FE",
		"/api/feedback/%C0%AF", "/api/feedback/%F0%9F%99%82", "/api/feedback/'%20OR%201=1",
		"/api/feedback/%25", "/api/feedback/%0D%0ASet-Cookie:%20a",
		"/api/feedback/" + strings.Repeat("a", 60_000), "/" + strings.Repeat("a/", 30_000),
		"/api/cache/runs/%00", "/api/cache/runs/..",
		"/api/cache/runs/%FF", "http://elsewhere/api/nothing",
	} {
		for _, method := range []string{"GET", "HEAD"} {
			a := rawLine(t, server, method+" "+path)
			if a.is(t, http.StatusNotFound); t.Failed() {
				t.Fatalf("%s %.100s: %d", method, path, a.StatusCode)
			}
			if location := a.Header.Get("Location"); location != "" {
				t.Errorf("%s %.100s leads to %s", method, path, location)
			}
		}
	}
}

// rawLine sends one request line and reads the response.
func rawLine(t *testing.T, server *httptest.Server, line string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: voc\r\nConnection: close\r\n\r\n", line)
	method, _, _ := strings.Cut(line, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return answer{response, readAll(t, response.Body)}
}

func TestEscapedRecordPath(t *testing.T) {
	t.Parallel()
	s := serving(t)
	plain, escaped := s.get("/api/feedback/rec00000000000001"), s.get(
		"/api/feedback/%72ec0000000000000%31/",
	)
	if plain.is(t, 200); plain.body != escaped.body ||
		plain.Header.Get("ETag") != escaped.Header.Get("ETag") {
		t.Errorf("%.80q and %.80q", plain.body, escaped.body)
	}
}

// TestHeadHasHeadersOfGet compares over a connection. Only GET has the length of a streamed list.
func TestHeadHasHeadersOfGet(t *testing.T) {
	t.Parallel()
	s := serving(t)
	server := httptest.NewServer(s)
	defer server.Close()
	for path, methods := range paths {
		if !strings.Contains(methods, "GET") {
			continue
		}
		for _, target := range []string{
			path, path + "?limit=1", path + "?limit=45", path + "?team=nobody", path + "/nobody",
			path + "?x=1",
		} {
			for _, encoding := range []string{"identity", "gzip", "gzip, br"} {
				get, head := fetch(t, server, "GET", target, encoding), fetch(
					t, server, "HEAD", target, encoding,
				)
				if head.body != "" || head.StatusCode != get.StatusCode {
					t.Errorf("HEAD %s: %d with %q, GET has %d", target, head.StatusCode, head.body, get.StatusCode)
				}
				if strings.HasSuffix(target, "=45") && head.Header.Get("Content-Length") == "" {
					delete(get.Header, "Content-Length")
				}
				if diff := cmp.Diff(comparable(get.Header), comparable(head.Header)); diff != "" {
					t.Errorf("%s, %s (-GET +HEAD):\n%s", target, encoding, diff)
				}
			}
		}
	}
}

// comparable returns the headers that two responses to the same request share.
func comparable(header http.Header) http.Header {
	header = maps.Clone(header)
	for _, name := range []string{"Date", "X-Request-Id"} {
		header.Del(name)
	}
	return header
}

// fetch requests over a connection and reads the encoded body.
func fetch(
	t testing.TB, server *httptest.Server, method, target, encoding string, headers ...string,
) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", encoding)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Add(pair[0], pair[1])
	}
	client := http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	a := answer{response, readAll(t, response.Body)}
	mustConform(t, r, a)
	return a
}

func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for path, methods := range paths {
		if !strings.Contains(methods, "HEAD") {
			continue
		}
		for _, target := range []string{path, path + "?limit=45", path + "/nobody", path + "?x=1"} {
			if a := s.ask("HEAD", target); a.body != "" {
				t.Errorf("HEAD %s: %.80q", target, a.body)
			}
		}
	}
}

func TestUnparsedPaths(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, path := range []string{
		"", "*", "api/feedback", "/api/feedback/\x00\xff", "/\r\n", strings.Repeat("/", 1<<20),
	} {
		s.send(&http.Request{
			Method: "GET", URL: &url.URL{Path: path}, Header: http.Header{},
			Body: io.NopCloser(strings.NewReader("")),
		}).
			is(t, 404)
	}
}
