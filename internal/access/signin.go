package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"voc/internal/bound"
)

// The reasons for which a password is rejected.
var (
	// ErrWrongPassword is for a wrong password and for an unknown email alike.
	ErrWrongPassword = errors.New("no user with this email and this password")
	// ErrLongPassword is for a password of which bcrypt would ignore the end.
	ErrLongPassword = fmt.Errorf("a password has at most %d bytes", bound.PasswordBytes)
)

// SignIn checks the credentials of users. It is safe for concurrent use.
type SignIn struct {
	users    map[string]User // by email
	cost     int             // the highest bcrypt cost of all users
	throttle *throttle
	lanes    *bound.Lanes
	known    *bound.Lanes // of clients that have signed in with the email before
}

// NewSignIn returns the sign-in of users.
func NewSignIn(users []User) *SignIn {
	s := &SignIn{
		users: map[string]User{}, cost: bcrypt.MinCost, throttle: newThrottle(),
		lanes: bound.NewLanes(bound.PasswordLanes(), bound.PasswordWait),
		known: bound.NewLanes(1, bound.PasswordWait),
	}
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
	Client   string // see Proxies.ClientAddress
}

// Check returns the user whose credentials a holds. It returns a ThrottledError if too many
// attempts failed before now, bound.ErrBusy if too many others are checked, the error of ctx,
// ErrLongPassword, and ErrWrongPassword otherwise. Its cost is that of the costliest user's hash
// for every user, which may be a second of CPU; an attempt that is throttled costs nothing. An
// attempt for an email that many others fail on waits first.
func (s *SignIn) Check(ctx context.Context, now time.Time, a Attempt) (User, error) {
	if len(a.Password.Reveal()) > bound.PasswordBytes {
		return User{}, ErrLongPassword
	}
	email := strings.ToLower(strings.TrimSpace(a.Email))
	attempt := s.throttle.attempt(email, a.Client)
	delay, known, err := s.throttle.admit(now, attempt)
	if err != nil {
		return User{}, err
	}
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return User{}, ctx.Err()
	}
	lanes := s.lanes
	if known { // does not wait in line with those who guess
		lanes = s.known
	}
	if err := lanes.Enter(ctx); err != nil {
		return User{}, err
	}
	defer lanes.Leave()
	now = now.Add(delay)
	if err := s.throttle.count(now, attempt); err != nil { // others have failed meanwhile
		return User{}, err
	}
	user, err := s.compare(email, []byte(a.Password.Reveal()))
	if err == nil {
		s.throttle.succeed(now, attempt)
	}
	return user, err
}

// compare returns the user of an email and a password. Error: ErrWrongPassword.
func (s *SignIn) compare(email string, password []byte) (User, error) {
	user, known := s.users[email]
	hash := user.PasswordHash.Reveal()
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
