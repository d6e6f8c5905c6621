package httpapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// User may sign in to the dashboard.
type User struct {
	Email        string // lower case
	Name         string
	Role         string
	PasswordHash string // bcrypt
}

type userBody struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	Role  string `json:"role"`
}

// signIn answers POST /api/users/auth. What it tells, and how long it takes, is the same for an email that is unknown.
func (a *API) signIn(w *response, r *request) error {
	if a.Access.UsersUnread {
		return errUnread
	}
	if len(a.Access.Users) == 0 {
		return errNoUsers
	}
	email, password, err := readCredentials(r)
	if err != nil {
		return err
	}
	if wait := a.tries.count(a.Now(), "email "+email, "address "+r.address()); wait > 0 {
		return tooManyTries{wait}
	}
	user, ok := a.people.find(email, password)
	if !ok {
		return errWrongPassword
	}
	return a.answer(w, r, http.StatusOK, userBody{user.Email, user.Name, user.Role})
}

// readCredentials passes over members that it does not know: a sign-in form may send more than it needs to.
func readCredentials(r *request) (email, password string, err error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, commandLimit+1))
	var given struct{ Email, Password *string }
	if err != nil || len(text) > commandLimit || json.Unmarshal(text, &given) != nil || given.Email == nil || given.Password == nil {
		return "", "", badRequest{{"(body)", `must be {"email": "…", "password": "…"}`}}
	}
	return strings.ToLower(strings.TrimSpace(*given.Email)), *given.Password, nil
}

// address is where the request came from: all of a network that one customer gets at least, since its addresses are free to choose. Behind a
// proxy of the server it is the proxy's, for what a proxy says of itself could be anybody's word.
func (r *request) address() string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr // a gateway gives no port
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap(); ip.Is6() {
		if network, err := ip.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip.String()
}

// people finds a user in a time that does not depend on who it is.
type people struct {
	users map[string]User
	cost  int // the highest bcrypt cost of all users
}

func newPeople(users []User) people {
	p := people{users: map[string]User{}, cost: bcrypt.MinCost}
	for _, user := range users {
		p.users[user.Email] = user
		p.cost = max(p.cost, costOf(user.PasswordHash))
	}
	return p
}

// costOf is 0 for what is no hash; config lets none through.
func costOf(hash string) int {
	cost, _ := bcrypt.Cost([]byte(hash))
	return cost
}

// find compares the password with the user's hash, and then with the hash of nobody until as much work is done as for the costliest user: a cost
// of n is twice the work of n-1, so that one more of each cost below makes up for what lacks.
func (p people) find(email, password string) (User, bool) {
	user, known := p.users[email]
	if !known {
		user.PasswordHash = nobodysHash(p.cost)
	}
	right := bcrypt.CompareHashAndPassword([]byte(user.PasswordHash), []byte(password)) == nil
	for cost := max(costOf(user.PasswordHash), bcrypt.MinCost); cost < p.cost; cost++ {
		_ = bcrypt.CompareHashAndPassword([]byte(nobodysHash(cost)), []byte(password)) // only for its time
	}
	return user, known && right
}

// nobodysHash has the form of a hash; no password is known for it.
func nobodysHash(cost int) string { return fmt.Sprintf("$2a$%02d$", cost) + strings.Repeat(".", 53) }
