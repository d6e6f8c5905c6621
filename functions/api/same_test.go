package main_test

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFunctionMatchesServer: over the same store, both respond with the same bytes.
func TestFunctionMatchesServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	url := w.serve()
	f := w.function()
	tag := ask(t, f, "GET", "/api/feedback/").header.Get("ETag")
	id := w.sim.Records()[0].ID
	for name, c := range map[string]struct {
		method, target string
		headers        []string
	}{
		"the whole list":    {"GET", "/api/feedback/", nil},
		"without its slash": {"GET", "/api/feedback", nil},
		"as gzip": {"GET", "/api/feedback/",
			[]string{"Accept-Encoding", "gzip, deflate"}},
		"as Brotli": {"GET", "/api/feedback/",
			[]string{"Accept-Encoding", "gzip, deflate, br, zstd"}},
		"not as gzip": {"GET", "/api/feedback/",
			[]string{"Accept-Encoding", "gzip;q=0, *;q=0"}},
		"a known tag": {"GET", "/api/feedback/", []string{"If-None-Match", tag}},
		"a list of tags": {"GET", "/api/feedback/",
			[]string{"If-None-Match", `"some", ` + tag}},
		"the frontend's request": {"GET", "/api/feedback/?t=1795960800000",
			[]string{"Origin", "https://app.example.com", "Cache-Control", "no-cache", "Pragma", "no-cache",
				"Expires", "0"}},
		"another origin": {"GET", "/api/feedback/",
			[]string{"Origin", "https://evil.example.com"}},
		"only its headers": {"HEAD", "/api/feedback/", nil},
		"a filter": {"GET",
			"/api/feedback/?priority=High&environment=CW%202.0&environment=cw+1.0", nil},
		"a filter, streamed": {"GET", "/api/feedback/?priority=High&priority=Low&limit=200",
			[]string{"Accept-Encoding", "br"}},
		"a filter, streamed as it is": {"GET", "/api/feedback/?priority=High&priority=Low&limit=200",
			nil},
		"a value without records": {"GET", "/api/feedback/?team=None%20%26%20%E6%97%A5%E6%9C%AC",
			nil},
		"one record":                  {"GET", "/api/feedback/" + id, nil},
		"one record with a slash":     {"GET", "/api/feedback/" + id + "/", nil},
		"no record":                   {"GET", "/api/feedback/recNone", nil},
		"a percent sign in a name":    {"GET", "/api/feedback/100%25", nil},
		"a question mark in a name":   {"GET", "/api/feedback/rec%3Fx=y", nil},
		"a number sign in a name":     {"GET", "/api/feedback/rec%23", nil},
		"letters in a name":           {"GET", "/api/feedback/%E6%97%A5%E6%9C%AC", nil},
		"an unknown parameter":        {"GET", "/api/feedback/?teem=Alpha&limit=0", nil},
		"a parameter twice":           {"GET", "/api/feedback/?limit=1&limit=2", nil},
		"a query that is not encoded": {"GET", "/api/feedback/?team=%zz", nil},
		"no such path": {"GET", "/api/nothing",
			[]string{"Origin", "https://app.example.com"}},
		"the root": {"GET", "/", nil},
		"a preflight": {"OPTIONS", "/api/feedback/",
			[]string{"Origin", "https://app.example.com", "Access-Control-Request-Method", "GET"}},
		"a wrong method":            {"DELETE", "/api/feedback/", nil},
		"a command without a token": {"POST", "/api/cache/update-full", nil},
		"an invalid command": {"POST", "/api/cache/update-full?x=1",
			[]string{"Authorization", "Bearer " + adminToken}},
		"the runs":      {"GET", "/api/cache/runs?limit=2", nil},
		"no such run":   {"GET", "/api/cache/runs/full-none", nil},
		"the snapshots": {"GET", "/api/cache/snapshots", nil},
		"health":        {"GET", "/api/health", nil},
		"life":          {"GET", "/api/live", nil},
	} {
		t.Run(name, func(t *testing.T) {
			want := fetch(t, c.method, url+c.target, c.headers...)
			got := ask(t, f, c.method, c.target, c.headers...)
			if got.status != want.status || got.body != want.body {
				t.Errorf("%d, %d bytes %.200q; the server responds %d, %d bytes %.200q", got.status,
					len(got.body), got.body, want.status, len(want.body), want.body)
			}
			if diff := cmp.Diff(lasting(want.header), lasting(got.header)); diff != "" {
				t.Errorf("headers (-server +function):\n%s", diff)
			}
		})
	}
	if f.Starts() != 1 {
		t.Errorf("%d processes", f.Starts())
	}
}

// lasting are the headers that do not change from request to request, and that the gateway
// does not set itself.
func lasting(header http.Header) http.Header {
	header = maps.Clone(header)
	for _, name := range []string{"Date", "X-Request-Id", "Content-Length"} {
		header.Del(name)
	}
	return header
}

// plain adds no header and follows no redirect.
var plain = http.Client{
	Transport:     &http.Transport{DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func fetch(t testing.TB, method, url string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := plain.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}
