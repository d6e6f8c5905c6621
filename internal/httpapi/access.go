package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// Access says who may call, and from where in a browser. The zero Access lets nobody read.
type Access struct {
	Reads       ReadAccess
	ReadTokens  []string // beside AdminTokens
	AdminTokens []string
	Unread      bool     // there are more tokens, which could not be read: what needs one is refused for now
	Origins     []string // exact, or https://*.example.com for one label
	Users       []User   // of the dashboard's sign-in
	UsersUnread bool     // there are users, who could not be read
}

// ReadAccess says what a reader needs.
type ReadAccess string

// The kinds of ReadAccess.
const (
	Public ReadAccess = "public" // nothing
	Token  ReadAccess = "token"  // a token of Access, as a Bearer
	JWT    ReadAccess = "jwt"    // claims that a gateway in front has checked: see WithClaims
)

// access is what a route asks of its caller.
type access int

const (
	open access = iota
	reading
	admin
)

// claimed marks the context of a request whose caller's claims were checked.
type claimed struct{}

// WithClaims passes on what the gateway in front has found in the caller's JWT. Only a host whose gateway checks issuer and audience may call
// it: with reads for JWT, a request with claims is let in, and one without is not, since then no gateway has seen it.
func WithClaims(ctx context.Context, claims map[string]string) context.Context {
	return context.WithValue(ctx, claimed{}, len(claims) > 0)
}

// gate compares tokens by their hashes, so that neither their bytes nor their lengths show in the time it takes.
type gate struct {
	reads   ReadAccess
	unread  bool
	readers [][sha256.Size]byte
	admins  [][sha256.Size]byte
}

func newGate(a Access) gate {
	admins := hashes(a.AdminTokens)
	return gate{reads: a.Reads, unread: a.Unread, admins: admins, readers: append(hashes(a.ReadTokens), admins...)}
}

func hashes(tokens []string) (all [][sha256.Size]byte) {
	for _, token := range tokens {
		all = append(all, sha256.Sum256([]byte(token)))
	}
	return all
}

func (g gate) check(need access, r *request) error {
	authorization := r.Header.Get("Authorization")
	switch {
	case need == open, need == reading && g.reads == Public:
		return nil
	case need == reading && g.reads == JWT:
		if checked, _ := r.Context().Value(claimed{}).(bool); !checked {
			return errNoClaims
		}
		return nil
	case g.unread:
		return errUnread
	case need == reading:
		return present(authorization, g.readers)
	case len(g.admins) == 0:
		return errNoAdmin
	}
	return present(authorization, g.admins)
}

// present looks for the bearer's token among all of them, always all.
func present(authorization string, tokens [][sha256.Size]byte) error {
	scheme, token, _ := strings.Cut(authorization, " ")
	given := sha256.Sum256([]byte(strings.TrimSpace(token)))
	found := 0
	for _, known := range tokens {
		found |= subtle.ConstantTimeCompare(known[:], given[:])
	}
	if found == 0 || !strings.EqualFold(scheme, "Bearer") {
		return errUnauthorized
	}
	return nil
}
