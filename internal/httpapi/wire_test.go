package httpapi_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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

// TestMalformedRequest sends what net/http rejects before any handler runs. It answers in plain text
// and gives the client no access and none of its own input. What reaches the handler is a problem.
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
		"path not encoded":    {"GET /api/feedback/% HTTP/1.1\r\nHost: voc\r\n\r\n", 400, false},
		"NUL in path":         {"GET /api/feedback/\x00 HTTP/1.1\r\nHost: voc\r\n\r\n", 400, false},
		"NUL in header":       {get + "Origin: " + page + "\x00\r\n\r\n", 400, false},
		"line without colon":  {get + "Origin: " + page + "\r\nX-Evil\r\n\r\n", 400, false},
		"no host":             {"GET /api/feedback/ HTTP/1.1\r\n\r\n", 400, false},
		"not HTTP":            {"hello\r\n\r\n", 400, false},
		"query of 80 kB":      {"GET /api/feedback/?team=" + long + " HTTP/1.1\r\nHost: voc\r\n\r\n", 431, false},
		"header of 80 kB":     {get + "Origin: " + long + "\r\n\r\n", 431, false},
		"unknown encoding":    {"POST /api/cache/update-full HTTP/1.1\r\nHost: voc\r\nTransfer-Encoding: zip\r\n\r\n", 501, false},
		"unknown version":     {"GET /api/feedback/ HTTP/3.0\r\nHost: voc\r\n\r\n", 505, false},
		"query over 8 kB":     {"GET /api/feedback/?team=" + long[:16_000] + " HTTP/1.1\r\nHost: voc\r\nConnection: close\r\n\r\n", 414, true},
		"asterisk":            {"GET * HTTP/1.1\r\nHost: voc\r\nConnection: close\r\n\r\n", 404, true},
		"authority (CONNECT)": {"CONNECT voc:80 HTTP/1.1\r\nHost: voc:80\r\nConnection: close\r\n\r\n", 404, true},
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
			a.has(t, "Content-Type", contentType, "Access-Control-Allow-Origin", "", "X-Evil", "", "Location", "")
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
const refusalText = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// TestExportOfHTTPResponse exports cells that look like a response. They reach the client unchanged
// at every offset: net/http writes long bodies to the connection in pieces of some kilobytes, and a
// piece must not be taken for anything but a part of the body.
func TestExportOfHTTPResponse(t *testing.T) {
	t.Parallel()
	var texts []string
	for i := range 24 {
		texts = append(texts, strings.Repeat("x", i*173)+strings.Repeat(refusalText, 1+i%7*30)+"end")
	}
	s := newService(t)
	s.publish(withStatuses(t, texts), fullRun())
	server := listen(t, s)
	for _, query := range []string{"", "?limit=20", "?sort=created"} {
		for _, method := range []string{"json", "csv"} {
			t.Run(method+query, func(t *testing.T) {
				target := "/api/feedback/" + query
				plain := s.get(target, "Accept", map[string]string{"json": "application/json", "csv": "text/csv"}[method])
				a := fetch(t, server, "GET", target, "identity", "Accept", map[string]string{"json": "application/json", "csv": "text/csv"}[method])
				if a.is(t, 200); a.body != plain.body {
					t.Errorf("%d bytes, want %d", len(a.body), len(plain.body))
				}
				got := map[string]bool{}
				for _, status := range statusesOf(t, method, a.body) {
					got[status] = true
				}
				for i, text := range texts {
					if query == "" && !got[lineEnds(method, text)] {
						t.Errorf("cell %d is not in the export", i)
					}
				}
			})
		}
	}
}

// TestExportCellAtStartOfWrite puts the text where a write to the connection may begin: at each
// offset of a page around the buffer of net/http, 4 KB, and of a chunk, 2 KB.
func TestExportCellAtStartOfWrite(t *testing.T) {
	t.Parallel()
	var texts []string
	for i := range 21 {
		texts = append(texts, strings.Repeat(fmt.Sprintf("%01000d", i), 3)+refusalText+strings.Repeat("y", 4096-3000-len(refusalText)+i))
	}
	s := newService(t)
	s.publish(withStatuses(t, texts), fullRun())
	server := listen(t, s)
	for _, format := range []string{"json", "csv"} {
		target := "/api/feedback/?limit=20&format=" + format
		if a := fetch(t, server, "GET", target, "identity"); a.body != s.get(target).body || strings.Count(a.body, "400 Bad Request") != 20 {
			t.Errorf("%s: %d bytes, %d texts", format, len(a.body), strings.Count(a.body, "400 Bad Request"))
		}
	}
}

// lineEnds is a text as its reader returns it: that of encoding/csv replaces "\r\n" by "\n".
func lineEnds(format, text string) string {
	if format == "csv" {
		return strings.ReplaceAll(text, "\r\n", "\n")
	}
	return text
}

// statusesOf returns the statuses of a list.
func statusesOf(t *testing.T, format, body string) (statuses []string) {
	t.Helper()
	if format == "csv" {
		for _, row := range must(csv.NewReader(strings.NewReader(body)).ReadAll())[1:] {
			statuses = append(statuses, row[9])
		}
		return statuses
	}
	var rows []struct{ Status string }
	if err := json.Unmarshal([]byte(body), &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		statuses = append(statuses, row.Status)
	}
	return statuses
}

// TestConnectionCarriesHandlerBody compares what arrives over a connection with what the handler wrote.
func TestConnectionCarriesHandlerBody(t *testing.T) {
	t.Parallel()
	s := serving(t)
	server := listen(t, s)
	for _, target := range []string{"/api/feedback/", "/api/feedback/?limit=45", "/api/feedback/?x=1", "/api/docs"} {
		if a := fetch(t, server, "GET", target, "identity"); a.body != s.get(target).body {
			t.Errorf("%s: %d %.100q", target, a.StatusCode, a.body)
		}
	}
}
