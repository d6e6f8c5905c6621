package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHTTPAPIEvents: the events in testdata have every field of such events.
func TestHTTPAPIEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	f := w.function()
	for name, c := range map[string]struct {
		status int
		header map[string]string // "": any
	}{
		"dashboard-list": {200, map[string]string{
			"Content-Encoding": "gzip", "Content-Type": "application/json",
			"Access-Control-Allow-Origin": "https://app.example.com", "X-Total-Count": "60"}},
		"dashboard-list-known": {200,
			map[string]string{"Content-Encoding": "gzip", "Cache-Control": "no-cache"}},
		"dashboard-record-percent": {404,
			map[string]string{"Content-Type": "application/problem+json",
				"Access-Control-Allow-Origin": "https://app.example.com"}},
		"preflight": {204,
			map[string]string{"Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS"}},
		"update":            {202, map[string]string{"Cache-Control": "no-store", "Location": ""}},
		"update-plain-body": {202, map[string]string{"Cache-Control": "no-store", "Location": ""}},
		"body-not-base64":   {400, map[string]string{"Content-Type": "application/problem+json"}},
		"filters": {200,
			map[string]string{"X-Total-Count": "", "Content-Type": "application/json"}},
		"cookies": {200, nil},
	} {
		t.Run(name, func(t *testing.T) {
			event, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			a := read(t, f.Invoke(event, enough)).is(t, c.status)
			for header, want := range c.header {
				if got := a.header.Get(header); got != want && want != "" || got == "" {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
		})
	}
	for _, call := range w.Invocations() {
		contains(t, call.Payload, `"accept":true`)
	}
	if len(w.Invocations()) != 2 || f.Starts() != 1 {
		t.Errorf("%d calls, %d processes", len(w.Invocations()), f.Starts())
	}
}

func TestProxyInvalidEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	f := w.function()
	for _, event := range []string{`{}`, `{"key1":"value1"}`, `{"mode":"full"}`,
		`{"version":"1.0","httpMethod":"GET","path":"/api/feedback"}`} {
		contains(t, read(t, f.Invoke([]byte(event), enough)).is(t, 400).body, "payload format 2.0",
			"/api/docs#malformed-request")
	}
	for name, change := range map[string]func(map[string]any){
		"an invalid method": func(e map[string]any) {
			e["requestContext"].(map[string]any)["http"].(map[string]any)["method"] = "GE T"
		},
		"a control character": func(e map[string]any) { e["rawQueryString"] = "a=\x01" },
	} {
		e := object(t, gateway("GET", "/api/feedback/", ""))
		change(e)
		if a := send(t, f, e); a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	e := object(t, gateway("GET", "/api/live", ""))
	e["rawPath"] = ""
	send(t, f, e).is(t, 200) // the event has the path a second time
	if f.Starts() != 1 {
		t.Errorf("%d processes", f.Starts())
	}
}

func object(t *testing.T, v any) (o map[string]any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestResponseTooLarge: Lambda would kill the process.
func TestResponseTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, heavy(t))
	w.publish()
	f := w.function()
	for _, method := range []string{"GET", "HEAD"} {
		a := ask(t, f, method, "/api/feedback/", "Origin", "https://app.example.com").is(t, 413)
		if a.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" ||
			a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("headers %v", a.header)
		}
	}
	for _, target := range []string{
		"/api/feedback/?priority=high&priority=medium&priority=low" +
			"&environment=cw+1.0&environment=cw+2.0",
		"/api/feedback/",
	} {
		contains(t, ask(t, f, "GET", target).is(t, 413).body, "limit", "Accept-Encoding")
	}
	ask(t, f, "GET", "/api/feedback/", "Accept-Encoding", "br").is(t, 413)
	a := ask(t, f, "GET", "/api/feedback/", "Accept-Encoding", "br, gzip").is(t, 200)
	if a.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("encoded as %q", a.header.Get("Content-Encoding"))
	}
	if a := ask(t, f, "GET", "/api/feedback/?limit=50").is(t, 200); !strings.HasPrefix(a.body, "[") ||
		!strings.HasSuffix(a.body, "]\n") {
		t.Errorf("a page of %d bytes ends %q", len(a.body), a.body[len(a.body)-20:])
	}
	if f.Starts() != 1 {
		t.Errorf("%d processes", f.Starts())
	}
}
