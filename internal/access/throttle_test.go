package access_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/access"
	"voc/internal/bound"
)

// try is a number of attempts by one client for one email, all at the same time.
type try struct {
	at             int // seconds after noon
	client, email  string
	times          int
	right          bool
	allowed, later int // how many are checked, and how many throttled
}

func TestSignInThrottle(t *testing.T) {
	t.Parallel()
	for name, tries := range map[string][]try{
		"a pair has five failures a minute": {
			{at: 0, client: "a", email: "ann", times: 7, allowed: 5, later: 2},
			{at: 59, client: "a", email: "ann", times: 1, later: 1},
			{at: 60, client: "a", email: "ann", times: 6, allowed: 5, later: 1},
		},
		"others are not concerned": {
			{client: "a", email: "ann", times: 9, allowed: 5, later: 4},
			{client: "b", email: "ann", times: 1, right: true, allowed: 1},
			{client: "a", email: "zoe", times: 1, allowed: 1},
		},
		"the right password does not open a locked pair": {
			{client: "a", email: "ann", times: 5, allowed: 5},
			{client: "a", email: "ann", times: 1, right: true, later: 1},
		},
		"right ones count nothing": {
			{client: "a", email: "ann", times: 40, right: true, allowed: 40},
			{client: "a", email: "ann", times: 6, allowed: 5, later: 1},
		},
		"a throttled attempt does not count": {
			{at: 0, client: "a", email: "ann", times: 5, allowed: 5},
			{at: 50, client: "a", email: "ann", times: 9, later: 9},
			{at: 61, client: "a", email: "ann", times: 1, allowed: 1},
		},
		"an unknown email is treated alike": {
			{client: "a", email: "bob", times: 7, allowed: 5, later: 2},
		},
		"an email is slowed down and not locked": {
			{client: "a", email: "ann", times: 5, allowed: 5},
			{client: "b", email: "ann", times: 5, allowed: 5},
			{client: "c", email: "ann", times: 5, allowed: 5}, // one a second
			{client: "d", email: "ann", times: 1, right: true, allowed: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users := staff(t)
			synctest.Test(t, func(t *testing.T) { runTries(t, access.NewSignIn(users), tries) })
		})
	}
}

func runTries(t *testing.T, s *access.SignIn, tries []try) {
	for i, c := range tries {
		allowed, later := 0, 0
		for range c.times {
			password := "guess"
			if c.right {
				password = "open sesame"
			}
			_, err := s.Check(t.Context(), noon.Add(time.Duration(c.at)*time.Second), access.Attempt{
				Email: c.email + "@example.com", Password: access.NewSecret(password), Client: c.client,
			})
			_, throttled := errors.AsType[access.ThrottledError](err)
			switch {
			case throttled:
				later++
			case c.right && err == nil, !c.right && errors.Is(err, access.ErrWrongPassword):
				allowed++
			default:
				t.Errorf("try %d: %v", i, err)
			}
		}
		if allowed != c.allowed || later != c.later {
			t.Errorf("try %d: %d checked and %d throttled, want %d and %d",
				i, allowed, later, c.allowed, c.later)
		}
	}
}

// TestClientThrottle: a client has more failures than a pair, for a whole office may share it.
func TestClientThrottle(t *testing.T) {
	t.Parallel()
	s := access.NewSignIn(staff(t))
	try := func(client string, i int) error {
		_, err := s.Check(t.Context(), noon, access.Attempt{
			Email: fmt.Sprint(i, "@example.com"), Password: access.NewSecret("x"), Client: client,
		})
		return err
	}
	for i := range bound.ClientFailures {
		if err := try("a", i); !errors.Is(err, access.ErrWrongPassword) {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	if _, throttled := errors.AsType[access.ThrottledError](try("a", 1000)); !throttled {
		t.Error("the client is not throttled")
	}
	if err := try("b", 1000); !errors.Is(err, access.ErrWrongPassword) {
		t.Errorf("another client: %v", err)
	}
}

// TestEmailPace: many clients fail on an email at once. Each has its turn within ten seconds or is
// sent away, and the user who has signed in before does not wait.
func TestEmailPace(t *testing.T) {
	t.Parallel()
	users := staff(t)
	synctest.Test(t, func(t *testing.T) {
		s := access.NewSignIn(users)
		check := func(client, password string) (time.Duration, error) {
			start := time.Now()
			_, err := s.Check(t.Context(), noon, access.Attempt{
				Email: "ann@example.com", Password: access.NewSecret(password), Client: client,
			})
			return time.Since(start), err
		}
		if _, err := check("home", "open sesame"); err != nil {
			t.Fatal(err)
		}
		for i := range bound.EmailFailures {
			if _, err := check(fmt.Sprint("first", i), "guess"); !errors.Is(err, access.ErrWrongPassword) {
				t.Fatal(err)
			}
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		checked, sentAway := 0, 0
		for i := range 30 {
			all.Go(func() {
				_, err := check(fmt.Sprint("more", i), "guess")
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, access.ErrWrongPassword) {
					checked++
				} else if _, throttled := errors.AsType[access.ThrottledError](err); throttled {
					sentAway++
				}
			})
		}
		synctest.Wait()
		if waited, err := check("home", "open sesame"); err != nil || waited > 0 {
			t.Errorf("the user's own client: %v after %s", err, waited)
		}
		all.Wait()
		if checked != 11 || sentAway != 19 { // now, and one in each of ten seconds
			t.Errorf("%d checked and %d sent away", checked, sentAway)
		}
	})
}

// TestThrottleWait: the sixth waits until the first is a minute old, rounded up to seconds.
func TestThrottleWait(t *testing.T) {
	t.Parallel()
	s := access.NewSignIn(staff(t))
	check := func(at time.Duration) error {
		_, err := s.Check(t.Context(), noon.Add(at), access.Attempt{
			Email: "ann@example.com", Password: access.NewSecret("guess"), Client: "192.0.2.1",
		})
		return err
	}
	for i := range bound.PairFailures {
		if err := check(time.Duration(i) * 10 * time.Second); !errors.Is(err, access.ErrWrongPassword) {
			t.Fatal(err)
		}
	}
	throttled, _ := errors.AsType[access.ThrottledError](check(40*time.Second + time.Millisecond))
	expect(t, "wait", throttled.Wait, 20*time.Second-time.Millisecond)
	expect(t, "seconds", throttled.Seconds(), 20)
	if err := check(time.Minute); !errors.Is(err, access.ErrWrongPassword) {
		t.Errorf("later: %v", err)
	}
}

// TestPasswordLanes: while all lanes are taken, an attempt waits for five seconds at most, and
// neither one that is throttled nor one whose client gives up waits at all.
func TestPasswordLanes(t *testing.T) {
	t.Parallel()
	users := staff(t)
	synctest.Test(t, func(t *testing.T) {
		s := access.NewSignIn(users)
		for range bound.PairFailures {
			_, _ = s.Check(t.Context(), noon, access.Attempt{Email: "bob@example.com", Client: "a"})
		}
		home := access.Attempt{
			Email: "ann@example.com", Password: access.NewSecret("open sesame"), Client: "home",
		}
		if _, err := s.Check(t.Context(), noon, home); err != nil {
			t.Fatal(err)
		}
		s.EnterLanes()
		if _, err := s.Check(t.Context(), noon, home); err != nil {
			t.Errorf("a client that has signed in before: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for name, c := range map[string]struct {
			ctx    context.Context
			email  string
			waited time.Duration
			want   func(error) bool
		}{
			"in line": {t.Context(), "ann@example.com", bound.PasswordWait,
				func(err error) bool { return errors.Is(err, bound.ErrBusy) }},
			"client gone": {gone, "ann@example.com", 0,
				func(err error) bool { return errors.Is(err, context.Canceled) }},
			"throttled": {t.Context(), "bob@example.com", 0, func(err error) bool {
				_, throttled := errors.AsType[access.ThrottledError](err)
				return throttled
			}},
		} {
			start := time.Now()
			_, err := s.Check(c.ctx, noon, access.Attempt{Email: c.email, Client: "a"})
			if !c.want(err) || time.Since(start) != c.waited {
				t.Errorf("%s: %v after %s", name, err, time.Since(start))
			}
		}
	})
}

// TestThrottleIsBounded: attempts that are rejected before the hash leave nothing, and the table
// forgets the longest unused.
func TestThrottleIsBounded(t *testing.T) {
	t.Parallel()
	s := access.NewSignIn(nil)
	for i := range bound.AttemptKeys/3 + 10 { // an email, a client and a pair each
		_, err := s.Check(t.Context(), noon, access.Attempt{
			Email: strings.Repeat("x", i), Client: fmt.Sprint(i),
			Password: access.NewSecret(strings.Repeat("x", i%73)),
		})
		if !errors.Is(err, access.ErrWrongPassword) && !errors.Is(err, access.ErrLongPassword) {
			t.Fatal(err)
		}
	}
	if n := s.Keys(); n != bound.AttemptKeys {
		t.Errorf("%d keys, want %d", n, bound.AttemptKeys)
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	proxies, err := access.ParseProxies("10.0.0.0/8, 192.0.2.1, 2001:db8:5::/48")
	expect(t, "error", err, nil)
	for name, c := range map[string]struct {
		remote, forwarded string // headers are separated by |
		want              string
	}{
		"no header":               {"192.0.2.7:1234", "", "192.0.2.7"},
		"API Gateway":             {"192.0.2.7", "203.0.113.9", "192.0.2.7"},
		"a client's own header":   {"192.0.2.7:1", "203.0.113.9", "192.0.2.7"},
		"IPv6":                    {"[2001:db8::1]:1", "203.0.113.9", "2001:db8::/64"},
		"IPv6 without a port":     {"2001:db8:0:0:1::1", "", "2001:db8::/64"},
		"another /64":             {"[2001:db8:0:1::1]:1", "", "2001:db8:0:1::/64"},
		"zone":                    {"[fe80::1%eth0]:1", "", "fe80::/64"},
		"IPv4 in IPv6":            {"[::ffff:192.0.2.7]:1", "203.0.113.9", "192.0.2.7"},
		"no address":              {"a", "203.0.113.9", "a"},
		"empty":                   {"", "203.0.113.9", ""},
		"a name":                  {"attacker.example.com:443", "203.0.113.9", "attacker.example.com"},
		"line ends":               {"[2001:db8::1%a\r\nevil]:1", "", "2001:db8::/64"},
		"proxy":                   {"10.1.2.3:1", "203.0.113.9", "203.0.113.9"},
		"proxy in IPv6 form":      {"[::ffff:10.1.2.3]:1", "203.0.113.9", "203.0.113.9"},
		"proxy of one":            {"192.0.2.1:1", "203.0.113.9", "203.0.113.9"},
		"proxy without a header":  {"10.1.2.3:1", "", "10.1.2.3"},
		"the client lies":         {"10.1.2.3:1", "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		"the client lies before":  {"10.1.2.3:1", "198.51.100.1|203.0.113.9", "203.0.113.9"},
		"a lie about a proxy":     {"10.1.2.3:1", "198.51.100.1, 10.9.9.9, 203.0.113.9", "203.0.113.9"},
		"two proxies":             {"10.1.2.3:1", "203.0.113.9, 10.4.5.6", "203.0.113.9"},
		"proxies alone":           {"10.1.2.3:1", "10.4.5.6, 10.7.8.9", "10.4.5.6"},
		"an unknown client":       {"10.1.2.3:1", "unknown", "10.1.2.3"},
		"unknown before a proxy":  {"10.1.2.3:1", "203.0.113.9, unknown, 10.4.5.6", "10.4.5.6"},
		"with a port":             {"10.1.2.3:1", "203.0.113.9:4711", "203.0.113.9"},
		"IPv6 with a port":        {"10.1.2.3:1", "[2001:db8::9]:4711", "2001:db8::/64"},
		"IPv6 in brackets":        {"10.1.2.3:1", "[2001:db8::9]", "2001:db8::/64"},
		"IPv6 proxy":              {"[2001:db8:5::1]:1", "2001:db8:7::9", "2001:db8:7::/64"},
		"empty entries":           {"10.1.2.3:1", "203.0.113.9,", "10.1.2.3"},
		"a header of many":        {"10.1.2.3:1", strings.Repeat("10.0.0.1, ", 900), "10.1.2.3"},
		"another spelling of one": {"10.1.2.3:1", "203.000.113.009", "10.1.2.3"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		for value := range strings.SplitSeq(c.forwarded, "|") {
			if value != "" {
				r.Header.Add("X-Forwarded-For", value)
			}
		}
		r.Header.Set("Forwarded", "for=203.0.113.77")
		expect(t, name, proxies.ClientAddress(r), c.want)
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		if got := (access.Proxies)(nil).ClientAddress(r); got == "203.0.113.9" {
			t.Errorf("%s: believed without proxies", name)
		}
	}
	for _, value := range []string{"a", "10.0.0.0/33", "10.0.0.0/8 10.1.0.0/16", "0.0.0.0/0", "::/0"} {
		if _, err := access.ParseProxies(value); err == nil {
			t.Errorf("%q is accepted", value)
		}
	}
}

func TestWeakTokens(t *testing.T) {
	t.Parallel()
	const strong, other = "b7d1f0c4e2a95836", "3f9c0d7a51e84b26"
	for name, c := range map[string]struct {
		reads, admins string
		want          string // a part of each problem, or "" for none
	}{
		"strong":      {strong, other, ""},
		"none":        {"", "", ""},
		"short":       {"b7d1f0c4e2a9583", other, "token 1 has fewer than 16 bytes"},
		"short admin": {strong, strong + "x,try", "token 2 has fewer than 16 bytes"},
		"shared":      {strong, other + "," + strong, "token 1 is an admin token"},
		"example":     {"this-is-an-example-token", other, "token 1 is an example's"},
		"emulator's":  {strong, "patEmulatorDemo.0123456789abcdef", "token 1 is an example's"},
		"placeholder": {strong, "CHANGEME-CHANGEME-CHANGEME", "token 1 is an example's"},
		"monotonous":  {strong, "abababababababababab", "token 1 has fewer than 5 different"},
	} {
		list := func(texts string) []access.Secret {
			if texts == "" {
				return nil
			}
			return secrets(strings.Split(texts, ",")...)
		}
		ofReads, ofAdmins := access.WeakTokens(list(c.reads), list(c.admins))
		problems := slices.Concat(ofReads, ofAdmins)
		if c.want == "" && problems == nil {
			continue
		}
		if len(problems) != 1 || c.want == "" || !strings.Contains(problems[0].Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, problems, c.want)
		}
		for _, token := range strings.Split(c.reads+","+c.admins, ",") {
			if len(token) > 3 && strings.Contains(fmt.Sprint(problems), token) {
				t.Errorf("%s: repeats a token: %v", name, problems)
			}
		}
	}
}
