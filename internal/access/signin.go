package access

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// ErrWrongPassword is the error of SignIn.Check for a wrong password and for an unknown
// email alike.
var ErrWrongPassword = errors.New("no user with this email and this password")

// SignIn checks the credentials of users. It is safe for concurrent use.
type SignIn struct {
	users    map[string]User // by email
	cost     int             // the highest bcrypt cost of all users
	throttle Throttle
}

// NewSignIn returns the sign-in of users.
func NewSignIn(users []User) *SignIn {
	s := &SignIn{users: map[string]User{}, cost: bcrypt.MinCost}
	for _, user := range users {
		s.users[user.Email] = user
		s.cost = max(s.cost, costOf(user.PasswordHash.Reveal()))
	}
	return s
}

// Attempt is one attempt to sign in.
type Attempt struct {
	Email    string // in upper or lower case; surrounding space is ignored
	Password Secret
	Client   string // see ClientAddress
}

// Check returns the user whose credentials a holds. It returns a ThrottledError if there
// were too many attempts before now, and ErrWrongPassword if no user has these
// credentials. For every email it costs as much as the costliest hash of all users,
// which may be a second of CPU; a throttled attempt costs nothing.
func (s *SignIn) Check(now time.Time, a Attempt) (User, error) {
	email := strings.ToLower(strings.TrimSpace(a.Email))
	if wait := s.throttle.Count(now, email, a.Client); wait > 0 {
		return User{}, ThrottledError{Wait: wait}
	}
	user, known := s.users[email]
	hash, password := user.PasswordHash.Reveal(), []byte(a.Password.Reveal())
	if !known {
		hash = dummyHash(s.cost)
	}
	wrong := bcrypt.CompareHashAndPassword([]byte(hash), password)
	// Compare with dummy hashes until as much work is done as for the costliest user: a cost
	// of n is twice the work of n-1, so one more comparison at each cost below makes up the
	// difference.
	for cost := max(costOf(hash), bcrypt.MinCost); cost < s.cost; cost++ {
		_ = bcrypt.CompareHashAndPassword([]byte(dummyHash(cost)), password)
	}
	if !known || wrong != nil {
		return User{}, ErrWrongPassword
	}
	return user, nil
}

// costOf returns 0 for a text that is no hash; ParseUsers accepts none.
func costOf(hash string) int {
	cost, _ := bcrypt.Cost([]byte(hash))
	return cost
}

// dummyHash returns a text in the form of a hash. No password is known for it.
func dummyHash(cost int) string { return fmt.Sprintf("$2a$%02d$", cost) + strings.Repeat(".", 53) }

// ClientAddress returns the address that r came from: an IPv4 address, or the /64 network
// of an IPv6 address, because a single customer gets at least that network and may use
// any address in it. Behind a proxy it is the proxy's address: headers in which a proxy
// names the client are not trusted, since a client can send them too. An address that
// cannot be parsed is returned unchanged.
func ClientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr // API Gateway reports no port
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}
