package serverhost_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"voc/internal/serverhost/servertest"
)

// TestServerErrorResponses sends request lines that reach the API, whose errors are problems,
// and lines that net/http rejects itself, in plain text.
func TestServerErrorResponses(t *testing.T) {
	t.Parallel()
	const problem, text = "application/problem+json", "text/plain; charset=utf-8"
	_, url := serve(t, servertest.Environment(t, servertest.NewBase(t, nil).Variables()...))
	for line, want := range map[string]struct {
		status      int
		contentType string
	}{
		"GET /api/feedback/%":    {400, text},
		"OPTIONS *":              {204, ""},
		"OPTIONS /api/feedback/": {204, ""},
		"GET *":                  {404, problem},
		"GET /api/feedback/?q=" + strings.Repeat("a", 16_000):  {414, problem},
		"GET /api/feedback/?q=" + strings.Repeat("a", 100_000): {431, text},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() {
			_, _ = io.WriteString(conn, line+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		}()
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		contentType := answer.Header.Get("Content-Type")
		if answer.StatusCode != want.status || contentType != want.contentType {
			t.Errorf("%.60s: %d %s, want %d %s",
				line, answer.StatusCode, contentType, want.status, want.contentType)
		}
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	const hash = "$2a$04$Wd/IPnkpVHyZ.X5tWN80VeoXBBaVv/HiA4CzrnIfxbNUcrqGTU09W" // of "open sesame"
	users := `DASHBOARD_USERS={"Ann@example.com": {"name": "Ann", "role": "admin", ` +
		`"password_hash": "` + hash + `"}}`
	_, url := serve(t, servertest.Environment(t, servertest.NewBase(t, nil).Variables(users)...))
	body := servertest.Send(t, servertest.Request{
		Method: http.MethodPost, URL: url + "/api/users/auth",
		Body: `{"email": "ann@example.com", "password": "open sesame"}`,
	})
	if body != `{"email":"ann@example.com","name":"Ann","role":"admin"}`+"\n" {
		t.Errorf("body %s", body)
	}
}

func TestServerRejectsJWTReads(t *testing.T) {
	t.Parallel()
	code, _, stderr := servertest.Run(t, servertest.Environment(t, "READ_ACCESS=jwt"))
	if code != 2 || !strings.Contains(stderr, "READ_ACCESS: jwt works only behind API Gateway") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// TestLoopbackRejectsOtherHosts sends what a page of another site would, whose name resolves to
// this machine.
func TestLoopbackRejectsOtherHosts(t *testing.T) {
	t.Parallel()
	_, url := serve(t, servertest.Environment(t, servertest.NewBase(t, nil).Variables()...))
	for host, want := range map[string]int{"evil.example": 421, "localhost": 200} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: status %d, want %d", host, response.StatusCode, want)
		}
	}
}
