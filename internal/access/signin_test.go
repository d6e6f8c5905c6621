package access_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"voc/internal/access"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// staff returns Ann with "open sesame" and Zoë, whose hash costs twice as much, with "Passwort".
func staff(t testing.TB) []access.User {
	t.Helper()
	users := []access.User{
		{Email: "ann@example.com", Name: "Ann", Role: "admin"},
		{Email: "zoe@example.com", Name: "Zoë", Role: "super_admin"},
	}
	for i, password := range []string{"open sesame", "Passwort"} {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost+i)
		if err != nil {
			t.Fatal(err)
		}
		users[i].PasswordHash = access.NewSecret(string(hash))
	}
	return users
}

func TestSignIn(t *testing.T) {
	users := staff(t)
	for name, c := range map[string]struct {
		email, password string
		want            string // the user's name; "" for ErrWrongPassword
	}{
		"cheap hash":            {"ann@example.com", "open sesame", "Ann"},
		"costly hash":           {"zoe@example.com", "Passwort", "Zoë"},
		"email in another case": {" ANN@Example.com ", "open sesame", "Ann"},
		"password in another":   {"ann@example.com", "Open Sesame", ""},
		"another's password":    {"ann@example.com", "Passwort", ""},
		"no password":           {"ann@example.com", "", ""},
		"more than a password":  {"ann@example.com", "open sesame ", ""},
		"long password":         {"ann@example.com", strings.Repeat("open sesame", 30), ""},
		"hash as password":      {"ann@example.com", users[0].PasswordHash.Reveal(), ""},
		"unknown email":         {"bob@example.com", "open sesame", ""},
		"empty":                 {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			user, err := access.NewSignIn(users).Check(noon, access.Attempt{
				Email: c.email, Password: access.NewSecret(c.password), Client: "192.0.2.1",
			})
			if c.want == "" && !errors.Is(err, access.ErrWrongPassword) || c.want != "" && err != nil {
				t.Errorf("error %v", err)
			}
			expect(t, "user", user.Name, c.want)
		})
	}
}

// TestSignInWithoutUsers: with no costliest user, the dummy hash has bcrypt's lowest cost.
func TestSignInWithoutUsers(t *testing.T) {
	_, err := access.NewSignIn(nil).Check(noon, access.Attempt{Email: "ann@example.com"})
	if !errors.Is(err, access.ErrWrongPassword) {
		t.Errorf("error %v", err)
	}
}

// step is an attempt at a time, in seconds after noon.
type step struct {
	at             int
	address, email string
	want           outcome
}

type outcome int

const (
	wrong outcome = iota // checked, and the password is wrong
	wait                 // throttled
)

func TestSignInThrottle(t *testing.T) {
	const here, there, network = "192.0.2.1:1", "[2001:db8::1]:1", "[2001:db8::2:3]:9"
	for name, steps := range map[string][]step{
		"the sixth waits": {
			{0, here, "ann", wrong}, {1, here, "ann", wrong},
			{2, here, "ann", wrong}, {3, here, "ann", wrong},
			{4, here, "ann", wrong}, {5, here, "ann", wait},
			{59, here, "ann", wait}, {60, here, "ann", wrong},
			{60, here, "ann", wait},
		},
		"an email from any address": {
			{0, here, "ann", wrong}, {0, there, "ann", wrong},
			{0, "a", "ann", wrong}, {0, "b", "ann", wrong}, {0, "c", "ann", wrong},
			{0, "d", "ann", wait}, {0, "d", "zoe", wrong},
		},
		"an address with any email": {
			{0, here, "a", wrong}, {0, here, "b", wrong}, {0, here, "c", wrong},
			{0, here, "d", wrong}, {0, here, "e", wrong}, {0, here, "f", wait},
			{0, there, "f", wrong},
		},
		"a /64 network is one address": {
			{0, there, "a", wrong}, {0, network, "b", wrong},
			{0, there, "c", wrong}, {0, network, "d", wrong},
			{0, there, "e", wrong}, {0, network, "f", wait},
		},
		"a throttled attempt does not count": {
			{0, here, "ann", wrong}, {0, here, "ann", wrong},
			{0, here, "ann", wrong}, {0, here, "ann", wrong},
			{0, here, "ann", wrong}, {50, here, "ann", wait},
			{50, here, "ann", wait}, {61, here, "ann", wrong},
		},
		"an unknown email": {
			{0, "a", "bob", wrong}, {0, "b", "bob", wrong}, {0, "c", "bob", wrong},
			{0, "d", "bob", wrong}, {0, "e", "bob", wrong}, {0, "f", "bob", wait},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := access.NewSignIn(staff(t))
			for i, step := range steps {
				r := &http.Request{RemoteAddr: step.address}
				_, err := s.Check(noon.Add(time.Duration(step.at)*time.Second), access.Attempt{
					Email: step.email + "@example.com", Password: access.NewSecret("guess"),
					Client: access.ClientAddress(r),
				})
				_, throttled := errors.AsType[access.ThrottledError](err)
				if throttled != (step.want == wait) || !throttled && !errors.Is(err, access.ErrWrongPassword) {
					t.Fatalf("step %d: error %v", i, err)
				}
			}
		})
	}
}

// TestThrottleWait: the sixth waits until the first is a minute old, rounded up to seconds.
func TestThrottleWait(t *testing.T) {
	var throttle access.Throttle
	for i := range access.MaxAttempts {
		at := noon.Add(time.Duration(i) * 10 * time.Second)
		expect(t, "wait", throttle.Count(at, "ann", "192.0.2.1"), time.Duration(0))
	}
	at := noon.Add(40*time.Second + time.Millisecond)
	waits := throttle.Count(at, "ann", "192.0.2.1")
	expect(t, "wait", waits, 20*time.Second-time.Millisecond)
	expect(t, "seconds", access.ThrottledError{Wait: waits}.Seconds(), 20)
	expect(t, "another email and client", throttle.Count(at, "bob", "192.0.2.2"), time.Duration(0))
	expect(t, "an email like a client", throttle.Count(at, "192.0.2.1", "ann"), time.Duration(0))
	expect(t, "later", throttle.Count(noon.Add(time.Minute), "ann", "192.0.2.1"), time.Duration(0))
}

func TestClientAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:1234":            "192.0.2.1",
		"192.0.2.1":                 "192.0.2.1", // API Gateway
		"[2001:db8::1]:1":           "2001:db8::/64",
		"2001:db8:0:0:1::1":         "2001:db8::/64",
		"[2001:db8:0:1::1]:1":       "2001:db8:0:1::/64",
		"[fe80::1%eth0]:1":          "fe80::/64",
		"[::ffff:192.0.2.1]:1":      "192.0.2.1",
		"a":                         "a",
		"":                          "",
		"attacker.example.com:443":  "attacker.example.com",
		"[2001:db8::1%a\r\nevil]:1": "2001:db8::/64",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		r.Header.Set("Forwarded", "for=203.0.113.9")
		expect(t, remote, access.ClientAddress(r), want)
	}
}

// BenchmarkSignIn shows that a user, a user whose hash costs half as much and an unknown email take
// the same time.
func BenchmarkSignIn(b *testing.B) {
	for name, email := range map[string]string{
		"costly": "zoe@example.com", "cheap": "ann@example.com", "unknown": "bob@example.com",
	} {
		b.Run(name, func(b *testing.B) {
			s := access.NewSignIn(staff(b))
			for i := 0; b.Loop(); i++ {
				at := noon.Add(time.Duration(i) * time.Minute)
				_, err := s.Check(at, access.Attempt{Email: email, Password: access.NewSecret("guess")})
				if !errors.Is(err, access.ErrWrongPassword) {
					b.Fatal(err)
				}
			}
		})
	}
}
