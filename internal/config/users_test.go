package config_test

import (
	"fmt"
	"strings"
	"testing"

	"voc/internal/config"
)

// hash is of the password "open sesame", at bcrypt's lowest cost.
const hash = "$2a$04$Wd/IPnkpVHyZ.X5tWN80VeoXBBaVv/HiA4CzrnIfxbNUcrqGTU09W"

func user(email, name, role, hash string) string {
	return fmt.Sprintf("DASHBOARD_USERS={%q: {\"name\": %q, \"role\": %q, \"password_hash\": %q}}", email, name, role, hash)
}

func TestTheDashboardsUsersArrive(t *testing.T) {
	c := load(t, `DASHBOARD_USERS={
		"Zoe@Example.com": {"name": "Zoë", "role": "super_admin", "password_hash": "`+strings.Replace(hash, "2a", "2y", 1)+`"},
		"ann@example.com": {"role": "admin", "password_hash": "`+hash+`", "name": "Ann"}}`)
	if len(c.Access.Users) != 2 {
		t.Fatalf("%d users", len(c.Access.Users))
	}
	for i, want := range []config.User{{Email: "zoe@example.com", Name: "Zoë", Role: "super_admin"}, {Email: "ann@example.com", Name: "Ann", Role: "admin"}} {
		got := c.Access.Users[i]
		expect(t, "user", []string{got.Email, got.Name, got.Role}, []string{want.Email, want.Name, want.Role})
		expect(t, "hash", strings.HasSuffix(got.PasswordHash.Reveal(), hash[4:]), true)
	}
	expect(t, "no users", load(t, "DASHBOARD_USERS={}").Access.Users, []config.User(nil))
}

func TestAMistakeAboutAUserNamesTheUserAndRepeatsNothingElse(t *testing.T) {
	for environ, words := range map[string]string{
		"DASHBOARD_USERS=[]":                                   "must be JSON",
		"DASHBOARD_USERS=ann":                                  "must be JSON",
		`DASHBOARD_USERS={"a@b":1`:                             "must be JSON",
		`DASHBOARD_USERS={"a@b": "` + hash + `"}`:              "must be JSON",
		`DASHBOARD_USERS={"a@b": {"password": "open sesame"}}`: "must be JSON",
		`DASHBOARD_USERS={"a@b": {}, "a@b": {}}`:               "must be JSON",
		user("ann", "Ann", "admin", hash):                      `"ann": is no email`,
		user("a b@c", "Ann", "admin", hash):                    `"a b@c": is no email`,
		user("a@b", " ", "admin", hash):                        `"a@b": name is missing`,
		user("a@b", "Ann", "Admin", hash):                      `"a@b": role must be admin or super_admin`,
		user("a@b", "Ann", "admin", "open sesame"):             `"a@b": password_hash must be bcrypt`,
		user("a@b", "Ann", "admin", hash+"x"):                  `"a@b": password_hash must be bcrypt`,
		user("a@b", "Ann", "admin", hash[:59]+"!"):             `"a@b": password_hash must be bcrypt`,
		user("a@b", "Ann", "admin", "$2a$15"+hash[6:]):         `"a@b": password_hash must be bcrypt with a cost of at most 14`,
		user("a@b", "Ann", "admin", "$2a$03"+hash[6:]):         `"a@b": password_hash must be bcrypt`,
		user("a@b", "Ann", "admin", "$1$"+hash):                `"a@b": password_hash must be bcrypt`,
		"DASHBOARD_USERS_PARAMETER=/voc/users":                 "put the value in DASHBOARD_USERS",
		strings.Replace(user("A@b", "Ann", "admin", hash), "}}", `}, "a@B": {"name": "B", "role": "admin", "password_hash": "`+hash+`"}}`, 1): "twice",
	} {
		t.Run(environ, func(t *testing.T) {
			_, err := config.Load([]string{environ})
			if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("the error does not say %q, alone: %v", words, err)
			}
			if strings.Contains(err.Error(), "open sesame") || strings.Contains(err.Error(), hash[30:]) {
				t.Errorf("it shows what may be secret: %v", err)
			}
		})
	}
}

func TestEverythingWrongWithUsersIsListedAtOnce(t *testing.T) {
	_, err := config.Load([]string{`DASHBOARD_USERS={"ann": {"name": "", "role": "", "password_hash": ""}, "bob": {"name": "Bob", "role": "admin", "password_hash": "` + hash + `"}}`})
	expect(t, "lines", len(variables(err)), 5)
}
