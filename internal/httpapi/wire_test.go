package httpapi_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"voc/internal/feedback"
)

// listen serves on a port of its own, with the header limit of the server.
func listen(t *testing.T, s *service) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(s)
	server.Config.MaxHeaderBytes = 64 << 10
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// TestMalformedRequest sends what net/http rejects before any handler runs. It answers in plain
// text and gives the client no access and none of its own input. What reaches the handler is a
// problem.
func TestMalformedRequest(t *testing.T) {
	t.Parallel()
	server := listen(t, serving(t, origins(page)))
	long := strings.Repeat("a", 80_000)
	get := "GET /api/feedback/ HTTP/1.1\r\nHost: voc\r\n"
	for name, c := range map[string]struct {
		request string
		status  int
		problem bool
	}{
		"path not encoded":   {"GET /api/feedback/% HTTP/1.1\r\nHost: voc\r\n\r\n", 400, false},
		"NUL in path":        {"GET /api/feedback/\x00 HTTP/1.1\r\nHost: voc\r\n\r\n", 400, false},
		"NUL in header":      {get + "Origin: " + page + "\x00\r\n\r\n", 400, false},
		"line without colon": {get + "Origin: " + page + "\r\nX-Evil\r\n\r\n", 400, false},
		"no host":            {"GET /api/feedback/ HTTP/1.1\r\n\r\n", 400, false},
		"not HTTP":           {"hello\r\n\r\n", 400, false},
		"query of 80 kB": {
			"GET /api/feedback/?team=" + long + " HTTP/1.1\r\nHost: voc\r\n\r\n", 431, false,
		},
		"header of 80 kB": {get + "Origin: " + long + "\r\n\r\n", 431, false},
		"unknown encoding": {"POST /api/cache/update-full HTTP/1.1\r\nHost: " +
			"voc\r\nTransfer-Encoding: zip\r\n\r\n", 501, false},
		"unknown version": {"GET /api/feedback/ HTTP/3.0\r\nHost: voc\r\n\r\n", 505, false},
		"query over 8 kB": {"GET /api/feedback/?team=" + long[:16_000] + " HTTP/1.1\r\nHost: " +
			"voc\r\nConnection: close\r\n\r\n", 414, true},
		"asterisk": {"GET * HTTP/1.1\r\nHost: voc\r\nConnection: close\r\n\r\n", 404, true},
		"authority (CONNECT)": {
			"CONNECT voc:80 HTTP/1.1\r\nHost: voc:80\r\nConnection: close\r\n\r\n", 404, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := sendRaw(t, server, c.request)
			if a.StatusCode != c.status {
				t.Errorf("status %d, want %d: %.300s", a.StatusCode, c.status, a.body)
			}
			contentType := "text/plain; charset=utf-8"
			if c.problem {
				contentType = "application/problem+json"
			}
			a.has(
				t, "Content-Type", contentType, "Access-Control-Allow-Origin", "", "X-Evil", "", "Location", "",
			)
			if a.body == "" || len(a.body) > 600 {
				t.Errorf("body of %d bytes: %.300s", len(a.body), a.body)
			}
		})
	}
}

func sendRaw(t *testing.T, server *httptest.Server, request string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go fmt.Fprint(conn, request) // a rejected one may not be read to its end
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response, readAll(t, response.Body)}
}

// refusalText is what net/http writes to a connection when it rejects a request (Go 1.26).
const refusalText = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; " +
	"charset=utf-8\r\nConnection: close\r\n\r\n"

// TestExportOfHTTPResponse exports cells that repeat such a rejection. net/http writes a body to
// the connection in pieces, the second of which begins 4 KB after the start of the headers.
// Whatever their length is, one of the paddings lets a repetition begin there; no byte may
// change for it.
func TestExportOfHTTPResponse(t *testing.T) {
	t.Parallel()
	var all []feedback.Record
	for padding := range len(refusalText) {
		status := strings.Repeat("x", padding) + strings.Repeat(refusalText, 60) + "end"
		all = append(all, feedback.Record{
			ID: fmt.Sprintf("rec%014d", padding), CreatedTime: noon.AddDate(0, 0, -padding),
			Fields: raw(map[string]any{"Status": status}),
		})
	}
	s := newService(t)
	s.publish(seal(t.Name(), all), fullRun())
	server := listen(t, s)
	for _, format := range []string{"csv", "json"} {
		for _, record := range all {
			day := record.CreatedTime.Format(time.DateOnly)
			next := record.CreatedTime.AddDate(0, 0, 1).Format(time.DateOnly)
			target := "/api/feedback/?format=" + format + "&created_from=" + day + "&created_to=" + next
			a := fetch(t, server, "GET", target, "identity", "Connection", "close")
			a.is(t, 200)
			if want := s.get(target).body; a.body != want || strings.Count(want, "400 Bad Request") != 60 {
				t.Errorf("%s of %s: %d bytes, want %d", format, record.ID, len(a.body), len(want))
			}
		}
		whole := "/api/feedback/?sort=-created&format=" + format
		a := fetch(t, server, "GET", whole, "identity", "Connection", "close")
		if a.body != s.get(whole).body {
			t.Errorf("%s of all: another body", format)
		}
	}
}

// TestConnectionCarriesHandlerBody compares what arrives over a connection with what the handler
// wrote.
func TestConnectionCarriesHandlerBody(t *testing.T) {
	t.Parallel()
	s := serving(t)
	server := listen(t, s)
	for _, target := range []string{
		"/api/feedback/", "/api/feedback/?limit=45", "/api/feedback/?x=1", "/api/docs",
	} {
		if a := fetch(t, server, "GET", target, "identity"); a.body != s.get(target).body {
			t.Errorf("%s: %d %.100q", target, a.StatusCode, a.body)
		}
	}
}
