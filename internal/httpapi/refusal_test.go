package httpapi_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"voc/internal/httpapi"
)

// served is a server as functions/server has it.
func served(t *testing.T, s *service) *httptest.Server {
	server := httptest.NewUnstartedServer(s)
	server.Listener = httpapi.Listener(server.Listener)
	server.Config.MaxHeaderBytes = 64 << 10
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// TestWhatNoHandlerSeesIsAProblemToo sends what net/http refuses by itself.
func TestWhatNoHandlerSeesIsAProblemToo(t *testing.T) {
	t.Parallel()
	server := served(t, serving(t, origins(page)))
	long := strings.Repeat("a", 80_000)
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"a path that is not encoded":      {"GET /api/feedback/% HTTP/1.1\r\nHost: voc\r\n\r\n", 400},
		"a NUL in a path":                 {"GET /api/feedback/\x00 HTTP/1.1\r\nHost: voc\r\n\r\n", 400},
		"a NUL in a header":               {"GET /api/feedback/ HTTP/1.1\r\nHost: voc\r\nOrigin: " + page + "\x00\r\n\r\n", 400},
		"a line that is no header":        {"GET /api/feedback/ HTTP/1.1\r\nHost: voc\r\nOrigin: " + page + "\r\nX-Evil\r\n\r\n", 400},
		"no host":                         {"GET /api/feedback/ HTTP/1.1\r\n\r\n", 400},
		"no HTTP":                         {"hello\r\n\r\n", 400},
		"a query of 80 kB":                {"GET /api/feedback/?team=" + long + " HTTP/1.1\r\nHost: voc\r\n\r\n", 431},
		"a header of 80 kB":               {"GET /api/feedback/ HTTP/1.1\r\nHost: voc\r\nOrigin: " + long + "\r\n\r\n", 431},
		"a body in an unknown encoding":   {"POST /api/cache/update-full HTTP/1.1\r\nHost: voc\r\nTransfer-Encoding: zip\r\n\r\n", 501},
		"a version that is not spoken":    {"GET /api/feedback/ HTTP/3.0\r\nHost: voc\r\n\r\n", 505},
		"a query that a handler may read": {"GET /api/feedback/?team=" + long[:16_000] + " HTTP/1.1\r\nHost: voc\r\nConnection: close\r\n\r\n", 414},
	} {
		t.Run(name, func(t *testing.T) {
			a := rawRequest(t, server, c.request)
			a.is(t, c.status)
			if p := a.problem(t); p.Status != c.status || p.Detail == "" || !strings.HasPrefix(p.Type, "/api/docs#") {
				t.Errorf("%s", a.body)
			}
			a.has(t, "Content-Length", strconv.Itoa(len(a.body)), "Access-Control-Allow-Origin", "", "X-Evil", "")
		})
	}
}

func rawRequest(t *testing.T, server *httptest.Server, request string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go fmt.Fprint(conn, request) // a refused one may not be read to its end
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response, readAll(t, response.Body)}
}

func TestWhatAHandlerAnswersPassesAsItIs(t *testing.T) {
	t.Parallel()
	s := serving(t)
	server := served(t, s)
	for _, target := range []string{"/api/feedback/", "/api/feedback/?limit=45", "/api/feedback/?x=1", "/api/docs"} {
		if a := fetch(t, server, "GET", target, "identity"); a.body != s.get(target).body {
			t.Errorf("%s: %d %.100q", target, a.StatusCode, a.body)
		}
	}
}
