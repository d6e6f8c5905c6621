package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"voc/internal/access"
	"voc/internal/httpapi"
	"voc/internal/job"
)

// post sends a request as an admin.
func (s *service) post(target, body string) answer {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer admin-1")
	return s.send(r)
}

func TestRouteAccess(t *testing.T) {
	t.Parallel()
	public := func(c *httpapi.Config) { tokens(c); c.Access.Reads = access.PublicReads }
	adminless := func(c *httpapi.Config) { tokens(c); c.Access.AdminTokens = nil }
	tokenless := func(c *httpapi.Config) { c.Access.Reads = access.TokenReads }
	for _, c := range []struct {
		name                   string
		option                 func(*httpapi.Config)
		authorization          string
		reading, admin, openly int
	}{
		{"public, without", public, "", 200, 401, 200},
		{"public, wrong", public, "Bearer wrong", 200, 401, 200},
		{"public, read", public, "Bearer read-1", 200, 401, 200},
		{"public, admin", public, "Bearer admin-1", 200, 202, 200},
		{"token, without", tokens, "", 401, 401, 200},
		{"token, wrong", tokens, "Bearer wrong", 401, 401, 200},
		{"token, the first", tokens, "Bearer read-1", 200, 401, 200},
		{"token, the second", tokens, "Bearer read-2", 200, 401, 200},
		{"token, admin", tokens, "Bearer admin-1", 200, 202, 200},
		{"lower case", tokens, "bearer admin-1", 200, 202, 200},
		{"upper case", tokens, "BEARER admin-1", 200, 202, 200},
		{"spaces around", tokens, "Bearer   admin-1  ", 200, 202, 200},
		{"a token's case counts", tokens, "Bearer Admin-1", 401, 401, 200},
		{"a part of a token", tokens, "Bearer admin-", 401, 401, 200},
		{"more than a token", tokens, "Bearer admin-1x", 401, 401, 200},
		{"two tokens", tokens, "Bearer admin-1 admin-1", 401, 401, 200},
		{"no token", tokens, "Bearer", 401, 401, 200},
		{"an empty token", tokens, "Bearer ", 401, 401, 200},
		{"no scheme", tokens, "admin-1", 401, 401, 200},
		{"another scheme", tokens, "Basic admin-1", 401, 401, 200},
		{"no admins, without", adminless, "", 401, 403, 200},
		{"no admins, read", adminless, "Bearer read-1", 200, 403, 200},
		{"no tokens at all", tokenless, "Bearer ", 401, 403, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serving(t, c.option)
			var headers []string
			if c.authorization != "" {
				headers = []string{"Authorization", c.authorization}
			}
			for path, methods := range paths {
				method, want := "GET", c.reading
				switch {
				case strings.HasPrefix(methods, "POST"):
					method, want = "POST", c.admin
				case openToAll(path):
					want = c.openly
				}
				a := s.ask(method, path, headers...)
				if a.is(t, want); t.Failed() {
					t.Fatalf("%s %s: %d", method, path, a.StatusCode)
				}
				challenge := a.Header.Get("WWW-Authenticate")
				if strings.HasPrefix(challenge, "Bearer") != (want == 401) {
					t.Errorf("%s %s: %d with WWW-Authenticate %q", method, path, want, challenge)
				}
			}
			if refused := c.admin != 202; refused != (len(s.refresher.asked) == 0) {
				t.Errorf("refreshes requested: %v", s.refresher.asked)
			}
		})
	}
}

// TestJWTReads: only the gateway's authorizer gives claims; a client's own tokens and headers do
// not.
func TestJWTReads(t *testing.T) {
	t.Parallel()
	s := serving(t, func(c *httpapi.Config) { tokens(c); c.Access.Reads = access.JWTReads })
	for name, c := range map[string]struct {
		claims  map[string]string
		reading int
	}{
		"with claims":    {map[string]string{"iss": "https://issuer.example.com", "sub": "ann"}, 200},
		"without any":    {map[string]string{}, 401},
		"past a gateway": {nil, 401},
	} {
		for path, methods := range paths {
			method, want := "GET", c.reading
			switch {
			case strings.HasPrefix(methods, "POST"):
				method, want = "POST", 202
			case openToAll(path):
				want = 200
			}
			r := httptest.NewRequest(method, path, nil)
			r.Header.Set("Authorization", "Bearer admin-1")
			r.Header.Set("X-Amzn-Request-Context", `{"authorizer": {"jwt": {"claims": {"sub": "ann"}}}}`)
			if a := s.send(r.WithContext(access.WithClaims(r.Context(), c.claims))); a.StatusCode != want {
				t.Errorf("%s: %s %s: %d, want %d", name, method, path, a.StatusCode, want)
			}
		}
	}
	s.get("/api/feedback/").is(t, 401)
}

func TestZeroPolicyAllowsNoReads(t *testing.T) {
	t.Parallel()
	s := serving(t, func(c *httpapi.Config) { c.Access = access.Policy{} })
	s.get("/api/feedback/").is(t, 401)
	s.get("/api/feedback/", "Authorization", "Bearer ").is(t, 401)
	s.get("/api/live").is(t, 200)
}

// openToAll reports whether a path needs no token in any mode.
func openToAll(path string) bool {
	return slices.Contains(
		[]string{"/api/health", "/api/live", "/api/openapi.json", "/api/docs"}, path,
	)
}

func TestNoAdminTokensNamesTheSetting(t *testing.T) {
	t.Parallel()
	s := serving(t)
	detail := s.ask("POST", "/api/cache/update-full").problem(t).Detail
	if !strings.Contains(detail, "ADMIN_TOKENS") {
		t.Errorf("detail %q", detail)
	}
}

// TestTokensAreNeverShown sends right and wrong tokens to every path of working and broken
// services.
func TestTokensAreNeverShown(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*service){
		"working":   func(*service) {},
		"panicking": func(s *service) { s.refresher.onActive = func() { panic("at the disco") } },
		"stopping":  func(s *service) { s.refresher.err = job.ErrStopped },
	} {
		s := serving(t, tokens)
		s.refresher.ticket = job.Ticket{RunID: "full-1", Mode: job.Full}
		spoil(s)
		for path := range paths {
			for _, method := range []string{"GET", "POST", "DELETE"} {
				for _, token := range []string{"read-1", "admin-1", "s3cret-wrong"} {
					a := s.ask(method, path+"?x=1", "Authorization", "Bearer "+token)
					b := s.ask(method, path, "Authorization", "Bearer "+token)
					for _, secret := range []string{"read-1", "read-2", "admin-1", "s3cret"} {
						if told := a.body + b.body; strings.Contains(told, secret) {
							t.Errorf("%s: %s %s reveals %s: %s", name, method, path, secret, told)
						}
					}
				}
			}
		}
		for _, secret := range []string{"read-1", "read-2", "admin-1", "s3cret", "Bearer"} {
			if log := s.log.String(); strings.Contains(log, secret) {
				t.Errorf("%s: logged %s: %s", name, secret, log)
			}
		}
	}
}
