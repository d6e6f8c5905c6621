package watch_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/watch"
)

// answers is a transport that gives one answer after the other; 0 is a broken connection, and
// a negative one never comes.
type answers struct {
	statuses []int
	requests []string
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.requests = append(a.requests, r.Method+" "+r.URL.String())
	status := a.statuses[0]
	a.statuses = a.statuses[1:]
	switch {
	case status < 0:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case status == 0:
		return nil, errors.New("dial " + r.URL.String() + ": connection refused")
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status),
		Body: io.NopCloser(strings.NewReader("x")), Request: r}, nil
}

// TestSend: what may pass is tried three times, each for five seconds, and no error has the
// address.
func TestSend(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int
		tries    int
		took     time.Duration
		fails    string // "": it does not
	}{
		"accepted":           {[]int{200}, 1, 0, ""},
		"at the third try":   {[]int{500, 0, 204}, 3, 3 * time.Second, ""},
		"too many":           {[]int{429, 429, 429}, 3, 3 * time.Second, "Too Many Requests"},
		"no such hook":       {[]int{404}, 1, 0, "Not Found"},
		"never answers":      {[]int{-1, -1, -1}, 3, 18 * time.Second, "deadline exceeded"},
		"broken connections": {[]int{0, 0, 0}, 3, 3 * time.Second, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, begun := &answers{statuses: c.statuses}, time.Now()
				hook := watch.Webhook{URL: "https://hooks.example.com/services/secret?key=hidden",
					HTTP: &http.Client{Transport: transport}}
				err := hook.Send(t.Context(), "text")
				if len(transport.requests) != c.tries || time.Since(begun) != c.took {
					t.Errorf("%d tries in %s", len(transport.requests), time.Since(begun))
				}
				switch {
				case (err != nil) != (c.fails != ""):
					t.Errorf("%v, want %q", err, c.fails)
				case err != nil && (!strings.Contains(err.Error(), c.fails) ||
					strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "hidden")):
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}

func TestHeartbeat(t *testing.T) {
	transport := &answers{statuses: []int{200, 200}}
	beat := watch.Heartbeat{URL: "https://beat.example.com/uuid?rid=1",
		HTTP: &http.Client{Transport: transport}}
	for i, succeeded := range []bool{true, false} {
		if err := beat.Ping(t.Context(), succeeded); err != nil {
			t.Error(err)
		}
		want := []string{"GET https://beat.example.com/uuid?rid=1",
			"GET https://beat.example.com/uuid/fail?rid=1"}[i]
		if transport.requests[i] != want {
			t.Errorf("requested %s", transport.requests[i])
		}
	}
}

// TestRedirectedWebhook: a redirect would become a GET of another page, which takes no message.
func TestRedirectedWebhook(t *testing.T) {
	login := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			login++
			return
		}
		http.Redirect(w, r, "/login", http.StatusMovedPermanently)
	}))
	defer server.Close()
	for _, client := range []*http.Client{nil, server.Client()} {
		hook := watch.Webhook{URL: server.URL + "/secret", HTTP: client}
		err := hook.Send(t.Context(), "text")
		if err == nil || !strings.Contains(err.Error(), "301") || login > 0 ||
			strings.Contains(err.Error(), "secret") {
			t.Errorf("%v, %d requests of the other page", err, login)
		}
	}
}
