package access

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"golang.org/x/crypto/bcrypt"

	"voc/internal/bound"
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

// jsonUser is the value of one email in the JSON of ParseUsers.
type jsonUser struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Hash string `json:"password_hash"`
}

// ParseUsers parses a JSON object from email to name, role and password_hash. Its error
// joins every problem ([errors.Join]); each names the user and repeats nothing else,
// because a value may be a password in place of a hash.
func ParseUsers(value string) ([]User, error) {
	var given map[string]jsonUser
	// The error of json is dropped: it may repeat a part of a hash.
	if json.Unmarshal([]byte(value), &given, json.RejectUnknownMembers(true)) != nil {
		return nil, errors.New("must be JSON such as " +
			`{"ann@example.com": {"name": "Ann", "role": "admin", "password_hash": "$2y$12$…"}}: ` +
			"each email once, with exactly these three strings")
	}
	var users []User
	var problems []error
	seen := map[string]bool{}
	for _, email := range slices.Sorted(maps.Keys(given)) {
		user, folded := given[email], strings.ToLower(email)
		if seen[folded] {
			problems = append(problems, fmt.Errorf("%q: appears twice (case is ignored)", email))
		}
		seen[folded] = true
		name, domain, _ := strings.Cut(email, "@")
		spaced := strings.ContainsFunc(email, func(r rune) bool { return r <= ' ' || r == 0x7f })
		if name == "" || domain == "" || spaced {
			problems = append(problems, fmt.Errorf("%q: is not an email address", email))
		}
		if strings.TrimSpace(user.Name) == "" {
			problems = append(problems, fmt.Errorf("%q: name is missing", email))
		}
		if !slices.Contains(roles, user.Role) {
			problems = append(problems,
				fmt.Errorf("%q: role must be %s", email, strings.Join(roles, " or ")))
		}
		cost, err := bcrypt.Cost([]byte(user.Hash))
		if err != nil || cost > bound.PasswordCost || !hashPattern.MatchString(user.Hash) {
			problems = append(problems, fmt.Errorf("%q: password_hash must be bcrypt with a cost of "+
				"at most %d, as `htpasswd -nBC 12 \"\"` prints after the colon", email, bound.PasswordCost))
		}
		users = append(users, User{
			Email: folded, Name: user.Name, Role: user.Role, PasswordHash: NewSecret(user.Hash),
		})
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return users, nil
}
