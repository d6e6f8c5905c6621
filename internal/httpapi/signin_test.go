package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"voc/internal/httpapi"
)

// staff may sign in: Ann with "open sesame", Zoë, whose hash costs twice as much, with "Passwort".
func staff(c *httpapi.Config) {
	hash := func(password string, cost int) string {
		return string(must(bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost+cost)))
	}
	c.Access.Users = []httpapi.User{
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
	r := httptest.NewRequest(http.MethodPost, "/api/users/auth", strings.NewReader(fmt.Sprintf(`{"email": %q, "password": %q}`, email, password)))
	r.RemoteAddr = address
	return s.send(r)
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	for name, c := range map[string]struct {
		email, password string
		want            string // the body; "" for 401
	}{
		"Ann":                    {"ann@example.com", "open sesame", `{"email":"ann@example.com","name":"Ann","role":"admin"}` + "\n"},
		"Zoë":                    {"zoe@example.com", "Passwort", `{"email":"zoe@example.com","name":"Zoë","role":"super_admin"}` + "\n"},
		"an email has no case":   {" ANN@Example.com ", "open sesame", `{"email":"ann@example.com","name":"Ann","role":"admin"}` + "\n"},
		"a password has":         {"ann@example.com", "Open Sesame", ""},
		"another's password":     {"ann@example.com", "Passwort", ""},
		"no password":            {"ann@example.com", "", ""},
		"more than the password": {"ann@example.com", "open sesame ", ""},
		"a long password":        {"ann@example.com", strings.Repeat("open sesame", 30), ""},
		"a hash is no password":  {"ann@example.com", s.Access.Users[0].PasswordHash, ""},
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

func TestAWrongPasswordAndAnUnknownEmailAreToldAlike(t *testing.T) {
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

func TestWhatIsNoSignInIsA400(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	for _, body := range []string{"", "null", "[]", "ann", `{}`, `{"email": "ann@example.com"}`, `{"password": "x"}`, `{"email": ["a"], "password": "x"}`,
		`{"email": "a", "password": null}`, `{"email": "a", "password": "b"} {}`, "email=a&password=b", "\xff", `{"email": "a", "password": "` + strings.Repeat("x", 5000) + `"}`} {
		s.post("/api/users/auth", body).is(t, 400)
	}
}

func TestAFormMaySendMoreThanASignInNeeds(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	s.post("/api/users/auth", `{"email": "ann@example.com", "password": "open sesame", "callbackUrl": "/"}`).is(t, 200)
}

// step is an attempt at a time, in seconds after the first.
type step struct {
	at             int
	address, email string
	want           int
}

func TestFiveTriesAMinuteForAnEmailAndForAnAddress(t *testing.T) {
	t.Parallel()
	const here, there, network = "192.0.2.1:1", "[2001:db8::1]:1", "[2001:db8::2:3]:9"
	for name, steps := range map[string][]step{
		"the sixth has to wait, even if it is right": {
			{0, here, "ann", 401}, {1, here, "ann", 401}, {2, here, "ann", 401}, {3, here, "ann", 401}, {4, here, "ann", 401}, {5, here, "ann", 429}, {59, here, "ann", 429}, {60, here, "ann", 401}, {60, here, "ann", 429},
		},
		"wherever an email is tried from": {
			{0, here, "ann", 401}, {0, there, "ann", 401}, {0, "a", "ann", 401}, {0, "b", "ann", 401}, {0, "c", "ann", 401}, {0, "d", "ann", 429}, {0, "d", "zoe", 401},
		},
		"whatever email an address tries": {
			{0, here, "a", 401}, {0, here, "b", 401}, {0, here, "c", 401}, {0, here, "d", 401}, {0, here, "e", 401}, {0, here, "f", 429}, {0, there, "f", 401},
		},
		"a customer's whole network is one address": {
			{0, there, "a", 401}, {0, network, "b", 401}, {0, there, "c", 401}, {0, network, "d", 401}, {0, there, "e", 401}, {0, network, "f", 429},
		},
		"one that has to wait does not count": {
			{0, here, "ann", 401}, {0, here, "ann", 401}, {0, here, "ann", 401}, {0, here, "ann", 401}, {0, here, "ann", 401},
			{50, here, "ann", 429}, {50, here, "ann", 429}, {61, here, "ann", 401},
		},
		"unknown emails have as many tries": {
			{0, "a", "bob", 401}, {0, "b", "bob", 401}, {0, "c", "bob", 401}, {0, "d", "bob", 401}, {0, "e", "bob", 401}, {0, "f", "bob", 429},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, staff)
			for i, step := range steps {
				s.clock.Set(noon.Add(time.Duration(step.at) * time.Second))
				a := s.signInFrom(step.address, step.email+"@example.com", "guess")
				if a.StatusCode != step.want {
					t.Fatalf("step %d: %d, want %d", i, a.StatusCode, step.want)
				}
			}
		})
	}
}

func TestTooManyTriesSaysWhenToTryAgain(t *testing.T) {
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

func TestTheSignInIsOpenWhoeverMayRead(t *testing.T) {
	t.Parallel()
	for _, reads := range []httpapi.ReadAccess{httpapi.Public, httpapi.Token, httpapi.JWT} {
		s := newService(t, staff, func(c *httpapi.Config) { c.Access.Reads = reads })
		s.signIn("ann@example.com", "open sesame").is(t, 200)
	}
}

func TestUsersThatCouldNotBeReadAreNoReasonToSayThatThereAreNone(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *httpapi.Config) { c.Access.UsersUnread = true })
	a := s.signIn("ann@example.com", "open sesame")
	if a.is(t, 503); a.Header.Get("Retry-After") == "" {
		t.Errorf("%s", a.body)
	}
}

// BenchmarkSignIn shows that a user, one with a hash of half the cost and nobody take the same time.
func BenchmarkSignIn(b *testing.B) {
	for name, email := range map[string]string{"costly": "zoe@example.com", "cheap": "ann@example.com", "unknown": "nobody@example.com"} {
		b.Run(name, func(b *testing.B) {
			s := newService(b, staff)
			for i := 0; b.Loop(); i++ {
				s.clock.Set(noon.Add(time.Duration(i) * time.Minute))
				s.signIn(email, "guess").is(b, 401)
			}
		})
	}
}

func TestWhatTheFrontendsOtherPagesAskForIsNotServedAndSaysWhy(t *testing.T) {
	t.Parallel()
	s := newService(t, staff)
	for target, why := range map[string]string{
		"/api/users": "DASHBOARD_USERS", "/api/users/": "DASHBOARD_USERS", "/api/users/ann@example.com": "DASHBOARD_USERS", "/api/users/auth/reset": "DASHBOARD_USERS",
		"/api/chat": "no chat", "/api/chat/": "no chat", "/api/chat/sessions/1/messages": "no chat",
		"/api/usersandmore": "nothing at this path", "/api/chatter": "nothing at this path",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			a := s.ask(method, target)
			if a.is(t, 404); !strings.Contains(a.problem(t).Detail, why) {
				t.Errorf("%s %s: %s", method, target, a.body)
			}
		}
	}
}
