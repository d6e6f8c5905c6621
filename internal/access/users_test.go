package access_test

import (
	"fmt"
	"strings"
	"testing"

	"voc/internal/access"
)

// hash is of the password "open sesame", at bcrypt's lowest cost.
const hash = "$2a$04$Wd/IPnkpVHyZ.X5tWN80VeoXBBaVv/HiA4CzrnIfxbNUcrqGTU09W"

func user(email, name, role, hash string) string {
	return fmt.Sprintf(`{%q: {"name": %q, "role": %q, "password_hash": %q}}`, email, name, role, hash)
}

func TestParseUsers(t *testing.T) {
	users, err := access.ParseUsers(`{
		"Zoe@Example.com": {
			"name": "Zoë", "role": "super_admin", "password_hash": "$2y` + hash[3:] + `"
		},
		"ann@example.com": {"role": "admin", "password_hash": "` + hash + `", "name": "Ann"}}`)
	if err != nil || len(users) != 2 {
		t.Fatalf("%d users, error %v", len(users), err)
	}
	for i, want := range []access.User{
		{Email: "zoe@example.com", Name: "Zoë", Role: "super_admin"},
		{Email: "ann@example.com", Name: "Ann", Role: "admin"},
	} {
		got := users[i]
		expect(t, "email", got.Email, want.Email)
		expect(t, "name", got.Name, want.Name)
		expect(t, "role", got.Role, want.Role)
		expect(t, "hash", strings.HasSuffix(got.PasswordHash.Reveal(), hash[4:]), true)
	}
	users, err = access.ParseUsers("{}")
	expect(t, "users of {}", users, []access.User(nil))
	expect(t, "error of {}", err, nil)
}

// TestParseUsersErrors: an error names the user and repeats nothing else.
func TestParseUsersErrors(t *testing.T) {
	for value, words := range map[string]string{
		"[]":                                           "must be JSON",
		"ann":                                          "must be JSON",
		`{"a@b":1`:                                     "must be JSON",
		`{"a@b": "` + hash + `"}`:                      "must be JSON",
		`{"a@b": {"password": "open sesame"}}`:         "must be JSON",
		`{"a@b": {}, "a@b": {}}`:                       "must be JSON",
		user("ann", "Ann", "admin", hash):              `"ann": is not an email`,
		user("a b@c", "Ann", "admin", hash):            `"a b@c": is not an email`,
		user("a@b", " ", "admin", hash):                `"a@b": name is missing`,
		user("a@b", "Ann", "Admin", hash):              `"a@b": role must be admin or super_admin`,
		user("a@b", "Ann", "admin", "open sesame"):     `"a@b": password_hash must be bcrypt`,
		user("a@b", "Ann", "admin", hash+"x"):          `"a@b": password_hash must be bcrypt`,
		user("a@b", "Ann", "admin", hash[:59]+"!"):     `"a@b": password_hash must be bcrypt`,
		user("a@b", "Ann", "admin", "$2a$15"+hash[6:]): "with a cost of at most 14",
		user("a@b", "Ann", "admin", "$2a$03"+hash[6:]): `"a@b": password_hash must be bcrypt`,
		user("a@b", "Ann", "admin", "$1$"+hash):        `"a@b": password_hash must be bcrypt`,
		strings.TrimSuffix(user("A@b", "Ann", "admin", hash), "}") + "," +
			user("a@B", "B", "admin", hash)[1:]: "twice",
	} {
		t.Run(value, func(t *testing.T) {
			users, err := access.ParseUsers(value)
			if err == nil || users != nil {
				t.Fatalf("%d users, error %v", len(users), err)
			}
			if !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, words)
			}
			if strings.Contains(err.Error(), "open sesame") || strings.Contains(err.Error(), hash[30:]) {
				t.Errorf("it shows what may be secret: %v", err)
			}
		})
	}
}

func TestParseUsersJoinsAllErrors(t *testing.T) {
	_, err := access.ParseUsers(`{"ann": {"name": "", "role": "", "password_hash": ""}, ` +
		`"bob": {"name": "Bob", "role": "admin", "password_hash": "` + hash + `"}}`)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("error %v is not joined", err)
	}
	expect(t, "errors", len(joined.Unwrap()), 5)
}
