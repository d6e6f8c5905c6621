package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"golang.org/x/crypto/bcrypt"
)

// User may sign in to the dashboard.
type User struct {
	Email        string // lower case
	Name         string
	Role         string // admin or super_admin
	PasswordHash Secret // bcrypt
}

// roles are those that the dashboard knows.
var roles = []string{"admin", "super_admin"}

var hashPattern = regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`)

// mostCost is the highest bcrypt cost that is taken: each step doubles the second or so that a try takes, and anybody may try.
const mostCost = 14

// givenUser is a user as DASHBOARD_USERS has it, under an email.
type givenUser struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Hash string `json:"password_hash"`
}

// users reads DASHBOARD_USERS. A mistake names the user and repeats nothing else of it: in a hash's place may stand a password.
func (r *reading) users() (users []User) {
	const variable = "DASHBOARD_USERS"
	if r.Users == "" {
		return nil
	}
	var given map[string]givenUser
	if json.Unmarshal([]byte(r.Users), &given, json.RejectUnknownMembers(true)) != nil { // the error may repeat a part of a hash
		r.wrong.add(variable, errors.New(`must be JSON such as {"ann@example.com": {"name": "Ann", "role": "admin", "password_hash": "$2y$12$…"}}: `+
			"each email once, each with these three texts and nothing else"))
		return nil
	}
	emails := map[string]bool{}
	for _, email := range slices.Sorted(maps.Keys(given)) {
		user := given[email]
		folded := strings.ToLower(email)
		if emails[folded] {
			r.wrong.add(variable, fmt.Errorf("%q: is there twice, since case does not count", email))
		}
		emails[folded] = true
		for _, problem := range user.problems(email) {
			r.wrong.add(variable, fmt.Errorf("%q: %w", email, problem))
		}
		users = append(users, User{Email: folded, Name: user.Name, Role: user.Role, PasswordHash: NewSecret(user.Hash)})
	}
	return users
}

func (u givenUser) problems(email string) (problems []error) {
	if name, domain, _ := strings.Cut(email, "@"); name == "" || domain == "" || strings.ContainsFunc(email, isSpaceOrControl) {
		problems = append(problems, errors.New("is no email address"))
	}
	if strings.TrimSpace(u.Name) == "" {
		problems = append(problems, errors.New("name is missing"))
	}
	if !slices.Contains(roles, u.Role) {
		problems = append(problems, errors.New("role must be "+strings.Join(roles, " or ")))
	}
	if cost, err := bcrypt.Cost([]byte(u.Hash)); err != nil || cost > mostCost || !hashPattern.MatchString(u.Hash) {
		problems = append(problems, fmt.Errorf("password_hash must be bcrypt with a cost of at most %d, as `htpasswd -nBC 12 \"\"` prints after the colon", mostCost))
	}
	return problems
}

func isSpaceOrControl(r rune) bool { return r <= ' ' || r == 0x7f }
