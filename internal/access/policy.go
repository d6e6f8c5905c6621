package access

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
)

// Policy defines who may call, and from which pages in a browser. Its slices must not
// be changed.
type Policy struct {
	Reads       Reads
	ReadTokens  []Secret
	AdminTokens []Secret // may read as well
	Origins     Origins
	Users       []User // of the dashboard's sign-in
	Proxies     Proxies
	// TokensUnread reports that the store of the tokens has not been read yet: until then,
	// a request that needs a token gets ErrTokensUnread. UsersUnread reports the same for
	// Users.
	TokensUnread, UsersUnread bool
}

// Reads is what a reader needs.
type Reads string

// The kinds of Reads. Any other value is treated as TokenReads.
const (
	PublicReads Reads = "public" // nothing
	TokenReads  Reads = "token"  // one of ReadTokens or AdminTokens, as a bearer token
	JWTReads    Reads = "jwt"    // a JWT that a gateway has verified: see WithClaims
)

// The reasons for which a Policy rejects a request.
var (
	ErrNoToken      = errors.New("no bearer token")
	ErrWrongToken   = errors.New("wrong bearer token")
	ErrNoAdmins     = errors.New("no admin tokens are configured")
	ErrNoClaims     = errors.New("no verified JWT claims")
	ErrTokensUnread = errors.New("the tokens have not been read yet")
	ErrNoUsers      = errors.New("no users are configured")
	ErrUsersUnread  = errors.New("the users have not been read yet")
)

// CheckRead reports why r may not read, or nil. It returns ErrNoClaims if reads need a
// JWT, and ErrTokensUnread, ErrNoToken or ErrWrongToken if they need a token.
func (p Policy) CheckRead(r *http.Request) error {
	switch p.Reads {
	case PublicReads:
		return nil
	case JWTReads:
		if verified, _ := r.Context().Value(claimsKey{}).(bool); !verified {
			return ErrNoClaims
		}
		return nil
	}
	if p.TokensUnread {
		return ErrTokensUnread
	}
	return checkBearer(r, p.ReadTokens, p.AdminTokens)
}

// CheckAdmin reports why r may not start refreshes, or nil. It returns ErrTokensUnread,
// ErrNoAdmins, ErrNoToken or ErrWrongToken.
func (p Policy) CheckAdmin(r *http.Request) error {
	switch {
	case p.TokensUnread:
		return ErrTokensUnread
	case len(p.AdminTokens) == 0:
		return ErrNoAdmins
	}
	return checkBearer(r, p.AdminTokens)
}

// CheckUsers reports why there is no user to sign in, or nil. It returns ErrUsersUnread
// or ErrNoUsers.
func (p Policy) CheckUsers() error {
	switch {
	case p.UsersUnread:
		return ErrUsersUnread
	case len(p.Users) == 0:
		return ErrNoUsers
	}
	return nil
}

// checkBearer compares the request's token with every known one, always all of them, and
// by their hashes, so that the time it takes shows neither a token's bytes nor its
// length.
func checkBearer(r *http.Request, known ...[]Secret) error {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return ErrNoToken
	}
	given := sha256.Sum256([]byte(token))
	found := 0
	for _, tokens := range known {
		for _, secret := range tokens {
			found |= secret.equal(given)
		}
	}
	if found == 0 {
		return ErrWrongToken
	}
	return nil
}

// claimsKey is the context key of WithClaims.
type claimsKey struct{}

// WithClaims records the claims of a JWT that the gateway has verified. Only a host
// whose gateway checks issuer and audience may call it: with JWTReads, a request with
// claims may read, and one without may not, because it has not passed the gateway.
func WithClaims(ctx context.Context, claims map[string]string) context.Context {
	return context.WithValue(ctx, claimsKey{}, len(claims) > 0)
}
