package config_test

import (
	"fmt"
	"strings"
	"testing"

	"voc/internal/config"
)

// hash is of the password "open sesame", at bcrypt's lowest cost.
const hash = "$2a$04$Wd/IPnkpVHyZ.X5tWN80VeoXBBaVv/HiA4CzrnIfxbNUcrqGTU09W"

// admin returns DASHBOARD_USERS with one user, an admin with the password of hash.
func admin(email, name string) string {
	return fmt.Sprintf(
		`DASHBOARD_USERS={%q: {"name": %q, "role": "admin", "password_hash": %q}}`, email, name, hash)
}

func TestLoadReadsUsers(t *testing.T) {
	users := load(t, admin("Ann@example.com", "Ann")).Access.Users
	if len(users) != 1 {
		t.Fatalf("%d users", len(users))
	}
	got := []string{users[0].Email, users[0].Name, users[0].Role, users[0].PasswordHash.Reveal()}
	expect(t, "user", got, []string{"ann@example.com", "Ann", "admin", hash})
	expect(t, "users of {}", len(load(t, "DASHBOARD_USERS={}").Access.Users), 0)
}

// TestLoadListsEveryErrorOfUsers: each error is a line, with the variable in front.
func TestLoadListsEveryErrorOfUsers(t *testing.T) {
	_, err := config.Load([]string{`DASHBOARD_USERS={
		"ann": {"name": "", "role": "", "password_hash": "open sesame"},
		"bob": {"name": "Bob", "role": "admin", "password_hash": "` + hash + `"}}`})
	variable := "DASHBOARD_USERS"
	expect(t, "variables", variables(err), []string{variable, variable, variable, variable, variable})
	text := fmt.Sprint(err)
	if strings.Contains(text, "open sesame") || strings.Contains(text, hash[30:]) {
		t.Errorf("the error may contain a secret: %v", err)
	}
}
