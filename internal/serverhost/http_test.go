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

// TestServerErrorResponses: the API also answers the requests that net/http would answer itself.
func TestServerErrorResponses(t *testing.T) {
	t.Parallel()
	_, url := serve(t, servertest.Environment(t, servertest.NewBase(t, nil).Variables()...))
	for line, status := range map[string]int{
		"GET /api/feedback/%":    400,
		"OPTIONS *":              204,
		"OPTIONS /api/feedback/": 204,
		"GET *":                  404,
		"GET /api/feedback/?q=" + strings.Repeat("a", 16_000):  414,
		"GET /api/feedback/?q=" + strings.Repeat("a", 100_000): 431,
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		request := line + " HTTP/1.1\r\nHost: voc\r\nConnection: close\r\n\r\n"
		go func() { _, _ = io.WriteString(conn, request) }()
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		contentType := response.Header.Get("Content-Type")
		if response.StatusCode != status || status >= 400 && contentType != "application/problem+json" {
			t.Errorf("%.60s: %d %s, want %d", line, response.StatusCode, contentType, status)
		}
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	const hash = "$2a$04$Wd/IPnkpVHyZ.X5tWN80VeoXBBaVv/HiA4CzrnIfxbNUcrqGTU09W" // of "open sesame"
	users := `DASHBOARD_USERS={"Ann@example.com": {"name": "Ann", "role": "admin", ` +
		`"password_hash": "` + hash + `"}}`
	_, url := serve(t, servertest.Environment(t, servertest.NewBase(t, nil).Variables(users)...))
	body := servertest.Send(t, http.MethodPost, url+"/api/users/auth", "",
		`{"email": "ann@example.com", "password": "open sesame"}`)
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
