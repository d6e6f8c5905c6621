package access_test

import (
	"errors"
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
			user, err := access.NewSignIn(users).Check(t.Context(), noon, access.Attempt{
				Email: c.email, Password: access.NewSecret(c.password), Client: "192.0.2.1",
			})
			want := access.ErrWrongPassword
			switch {
			case c.want != "":
				want = nil
			case len(c.password) > 72:
				want = access.ErrLongPassword
			}
			if !errors.Is(err, want) {
				t.Errorf("error %v, want %v", err, want)
			}
			expect(t, "user", user.Name, c.want)
		})
	}
}

// TestSignInWithoutUsers: with no costliest user, the dummy hash has bcrypt's lowest cost.
func TestSignInWithoutUsers(t *testing.T) {
	_, err := access.NewSignIn(nil).Check(t.Context(), noon, access.Attempt{Email: "ann@example.com"})
	if !errors.Is(err, access.ErrWrongPassword) {
		t.Errorf("error %v", err)
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
				guess := access.Attempt{Email: email, Password: access.NewSecret("guess")}
				_, err := s.Check(b.Context(), at, guess)
				if !errors.Is(err, access.ErrWrongPassword) {
					b.Fatal(err)
				}
			}
		})
	}
}
