package httpapi_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"voc/internal/access"
	"voc/internal/httpapi"
)

// staff adds users: Ann with "open sesame", and Zoë with "Passwort", whose hash costs twice as
// much.
func staff(c *httpapi.Config) {
	hash := func(password string, cost int) access.Secret {
		text := must(bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost+cost))
		return access.NewSecret(string(text))
	}
	c.Access.Users = []access.User{
		{Email: "ann@example.com", Name: "Ann", Role: "admin", PasswordHash: hash("open sesame", 0)},
		{Email: "zoe@example.com", Name: "Zoë", Role: "super_admin", PasswordHash: hash("Passwort", 1)},
	}
}

func (s *service) signIn(email, password string) answer {
	s.t.Helper()
	return s.signInFrom("192.0.2.1:1234", email, password)
}

func (s *service) signInFrom(address, email, password string) answer {
	s.t.Helper()
	r := httptest.NewRequest(
		http.MethodPost, "/api/users/auth",
		strings.NewReader(fmt.Sprintf(`{"email": %q, "password": %q}`, email, password)),
	)
	r.RemoteAddr = address
	return s.send(r)
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	for name, c := range map[string]struct {
		email, password string
		want            string // the body; "" for 401
	}{
		"Ann": {"ann@example.com", "open sesame", `{"email":"ann@example.com",` +
			`"name":"Ann","role":"admin"}` + "\n"},
		"Zoë": {"zoe@example.com", "Passwort", `{"email":"zoe@example.com",` +
			`"name":"Zoë","role":"super_admin"}` + "\n"},
		"an email has no case": {" ANN@Example.com ", "open sesame", `{"email":"ann@example.com",` +
			`"name":"Ann","role":"admin"}` + "\n"},
		"a password has":         {"ann@example.com", "Open Sesame", ""},
		"another's password":     {"ann@example.com", "Passwort", ""},
		"no password":            {"ann@example.com", "", ""},
		"more than the password": {"ann@example.com", "open sesame ", ""},
		"a long password":        {"ann@example.com", strings.Repeat("open sesame", 30), ""},
		"a hash is no password":  {"ann@example.com", s.Access.Users[0].PasswordHash.Reveal(), ""},
		"nobody":                 {"bob@example.com", "open sesame", ""},
		"nobody at all":          {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s.clock.Set(s.clock.Now().Add(time.Minute))
			a := s.signIn(c.email, c.password)
			a.has(t, "Cache-Control", "no-store", "ETag", "")
			if c.want == "" {
				a.is(t, 401)
				return
			}
			if a.is(t, 200); a.body != c.want {
				t.Errorf("%q, want %q", a.body, c.want)
			}
		})
	}
}

func TestSignInHidesUnknownEmails(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	wrong, unknown := s.signIn("ann@example.com", "x"), s.signIn("bob@example.com", "x")
	if wrong.is(t, 401); wrong.body != unknown.body {
		t.Errorf("%s and %s", wrong.body, unknown.body)
	}
	if strings.Contains(s.log.String(), "ann@") {
		t.Errorf("logged %s", s.log)
	}
}

func TestSignInRejectsMalformedBodies(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	for _, body := range []string{
		"", "null", "[]", "ann", `{}`, `{"email": "ann@example.com"}`, `{"password": "x"}`,
		`{"email": ["a"], "password": "x"}`,
		`{"email": "a", "password": null}`, `{"email": "a", "password": "b"} {}`, "email=a&password=b",
		"\xff", `{"email": "a", "password": "` + strings.Repeat("x", 5000) + `"}`,
	} {
		s.post("/api/users/auth", body).is(t, 400)
	}
}

func TestSignInIgnoresUnknownMembers(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	s.post(
		"/api/users/auth", `{"email": "ann@example.com", "password": "open sesame", "callbackUrl": "/"}`,
	).
		is(t, 200)
}

// TestSignInThrottle: package access counts; the handler must pass on the email and the address.
func TestSignInThrottle(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	for i := range 5 {
		s.signInFrom(fmt.Sprintf("192.0.2.1:%d", i), "ann@example.com", "guess").is(t, 401)
	}
	s.signInFrom("192.0.2.1:9", "ANN@example.com ", "open sesame").is(t, 429)
	s.signInFrom("192.0.2.1:9", "zoe@example.com", "Passwort").is(t, 200)
	s.signInFrom("192.0.2.2:9", "ann@example.com", "open sesame").is(t, 200)
}

// TestSignInBehindProxy: eight users sign in through one proxy, and then a client of it guesses.
func TestSignInBehindProxy(t *testing.T) {
	t.Parallel()
	s := newService(t, staff, func(c *httpapi.Config) {
		c.Access.Proxies = must(access.ParseProxies("10.0.0.0/8"))
	})
	through := func(client, email, password string) answer {
		r := httptest.NewRequest(http.MethodPost, "/api/users/auth",
			strings.NewReader(fmt.Sprintf(`{"email": %q, "password": %q}`, email, password)))
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("X-Forwarded-For", "198.51.100.9, "+client)
		return s.send(r)
	}
	for i := range 8 {
		through(fmt.Sprint("203.0.113.", i), "ann@example.com", "open sesame").is(t, 200)
	}
	for i := range 7 {
		want := 401
		if i >= 5 {
			want = 429
		}
		through("203.0.113.99", "ann@example.com", "guess").is(t, want)
	}
	through("203.0.113.1", "ann@example.com", "open sesame").is(t, 200)
	through("203.0.113.50", "ann@example.com", "open sesame").is(t, 200)
}

// TestRefusalsLeaveOneLine: an attack shows in the log, and does not fill it.
func TestRefusalsLeaveOneLine(t *testing.T) {
	t.Parallel()
	log := &logbook{}
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, tokens, staff, func(c *httpapi.Config) {
			c.Log = slog.New(slog.NewTextHandler(log, nil))
		})
		for range 300 {
			s.get("/api/feedback/", "Authorization", "Bearer s3cret-guess").is(t, 401)
			s.signInFrom("192.0.2.1:1", "ann@example.com", "s3cret-guess")
			s.get("/api/feedback/").is(t, 401) // without a token: not a refusal
		}
		if text := log.String(); strings.Contains(text, "rejected") {
			t.Errorf("before a minute is over: %s", text)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		time.Sleep(time.Hour)
		if n := strings.Count(log.String(), "rejected credentials"); n != 1 {
			t.Errorf("%d lines: %s", n, log)
		}
		for _, part := range []string{
			"tokens=300", "sign_ins=300", "clients=1", "most_from=192.0.2.1", "times=600",
		} {
			if !strings.Contains(log.String(), part) {
				t.Errorf("no %s in %s", part, log)
			}
		}
		if strings.Contains(log.String(), "s3cret") || strings.Contains(log.String(), "ann@") {
			t.Errorf("logged %s", log)
		}
		s.get("/api/feedback/", "Authorization", "Bearer again").is(t, 401)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := strings.Count(log.String(), "rejected credentials"); n != 2 {
			t.Errorf("%d lines after another one: %s", n, log)
		}
	})
}

func TestSignInThrottleSendsRetryAfter(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	for i := range 5 {
		s.clock.Set(noon.Add(time.Duration(i) * 10 * time.Second))
		s.signIn("ann@example.com", "guess").is(t, 401)
	}
	a := s.signIn("ann@example.com", "guess")
	if a.is(t, 429); !strings.Contains(a.problem(t).Detail, "20 s") {
		t.Errorf("%s", a.body)
	}
	a.has(t, "Retry-After", "20")
	s.clock.Set(noon.Add(59 * time.Second))
	s.signIn("ann@example.com", "open sesame").is(t, 429)
	s.clock.Set(noon.Add(60 * time.Second))
	s.signIn("ann@example.com", "open sesame").is(t, 200)
}

func TestSignInNeedsNoToken(t *testing.T) {
	t.Parallel()
	for _, reads := range []access.Reads{access.PublicReads, access.TokenReads, access.JWTReads} {
		s := newService(t, staff, func(c *httpapi.Config) { c.Access.Reads = reads })
		s.signIn("ann@example.com", "open sesame").is(t, 200)
	}
}

func TestSignInWithUnreadUsersIs503(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *httpapi.Config) { c.Access.UsersUnread = true })
	a := s.signIn("ann@example.com", "open sesame")
	if a.is(t, 503); a.Header.Get("Retry-After") == "" {
		t.Errorf("%s", a.body)
	}
}

func TestDashboardPathsNotServed(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	for target, why := range map[string]string{
		"/api/users": "DASHBOARD_USERS", "/api/users/": "DASHBOARD_USERS",
		"/api/users/ann@example.com": "DASHBOARD_USERS", "/api/users/auth/reset": "DASHBOARD_USERS",
		"/api/chat": "no chat", "/api/chat/": "no chat", "/api/chat/sessions/1/messages": "no chat",
		"/api/usersandmore": "no such path", "/api/chatter": "no such path",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			a := s.ask(method, target)
			if a.is(t, 404); !strings.Contains(a.problem(t).Detail, why) {
				t.Errorf("%s %s: %s", method, target, a.body)
			}
		}
	}
}
