package access_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/access"
)

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func secrets(texts ...string) (all []access.Secret) {
	for _, text := range texts {
		all = append(all, access.NewSecret(text))
	}
	return all
}

// request has the Authorization header, unless it is empty.
func request(t *testing.T, authorization string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

func TestCheckReadAndCheckAdmin(t *testing.T) {
	tokens := access.Policy{
		Reads:       access.TokenReads,
		ReadTokens:  secrets("read-1", "read-2"),
		AdminTokens: secrets("admin-1"),
	}
	public, unread, publicUnread, adminless := tokens, tokens, tokens, tokens
	public.Reads = access.PublicReads
	unread.TokensUnread = true
	publicUnread.Reads, publicUnread.TokensUnread = access.PublicReads, true
	adminless.AdminTokens = nil
	empty := access.Policy{Reads: access.TokenReads, ReadTokens: secrets(""), AdminTokens: secrets("")}
	empty.ReadTokens = append(empty.ReadTokens, access.Secret{})
	noToken, wrong := access.ErrNoToken, access.ErrWrongToken
	for _, c := range []struct {
		name          string
		policy        access.Policy
		authorization string
		read, admin   error
	}{
		{"public, none", public, "", nil, noToken},
		{"public, wrong", public, "Bearer wrong", nil, wrong},
		{"public, read", public, "Bearer read-1", nil, wrong},
		{"public, admin", public, "Bearer admin-1", nil, nil},
		{"token, none", tokens, "", noToken, noToken},
		{"token, wrong", tokens, "Bearer wrong", wrong, wrong},
		{"token, first", tokens, "Bearer read-1", nil, wrong},
		{"token, second", tokens, "Bearer read-2", nil, wrong},
		{"token, admin", tokens, "Bearer admin-1", nil, nil},
		{"lower-case scheme", tokens, "bearer admin-1", nil, nil},
		{"upper-case scheme", tokens, "BEARER admin-1", nil, nil},
		{"spaces around", tokens, "Bearer   admin-1  ", nil, nil},
		{"token in another case", tokens, "Bearer Admin-1", wrong, wrong},
		{"part of a token", tokens, "Bearer admin-", wrong, wrong},
		{"more than a token", tokens, "Bearer admin-1x", wrong, wrong},
		{"two tokens", tokens, "Bearer admin-1 admin-1", wrong, wrong},
		{"scheme alone", tokens, "Bearer", noToken, noToken},
		{"empty token", tokens, "Bearer ", noToken, noToken},
		{"no scheme", tokens, "admin-1", noToken, noToken},
		{"another scheme", tokens, "Basic admin-1", noToken, noToken},
		{"empty tokens configured", empty, "Bearer ", noToken, noToken},
		{"no admins, none", adminless, "", noToken, access.ErrNoAdmins},
		{"no admins, read", adminless, "Bearer read-1", nil, access.ErrNoAdmins},
		{"unread, read", unread, "Bearer read-1", access.ErrTokensUnread, access.ErrTokensUnread},
		{"unread, none", unread, "", access.ErrTokensUnread, access.ErrTokensUnread},
		{"public, unread", publicUnread, "Bearer admin-1", nil, access.ErrTokensUnread},
		{"zero policy", access.Policy{}, "Bearer x", wrong, access.ErrNoAdmins},
		{"unknown reads", access.Policy{Reads: "open"}, "", noToken, access.ErrNoAdmins},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(t, c.authorization)
			if err := c.policy.CheckRead(r); !errors.Is(err, c.read) {
				t.Errorf("CheckRead: %v, want %v", err, c.read)
			}
			if err := c.policy.CheckAdmin(r); !errors.Is(err, c.admin) {
				t.Errorf("CheckAdmin: %v, want %v", err, c.admin)
			}
		})
	}
}

// TestCheckReadWithClaims: only the gateway gives claims; a client's token does not replace them.
func TestCheckReadWithClaims(t *testing.T) {
	policy := access.Policy{
		Reads: access.JWTReads, AdminTokens: secrets("admin-1"), TokensUnread: true,
	}
	for name, c := range map[string]struct {
		claims map[string]string
		want   error
	}{
		"claims":    {map[string]string{"sub": "ann"}, nil},
		"no claims": {map[string]string{}, access.ErrNoClaims},
		"nil":       {nil, access.ErrNoClaims},
	} {
		r := request(t, "Bearer admin-1")
		r = r.WithContext(access.WithClaims(r.Context(), c.claims))
		if err := policy.CheckRead(r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := policy.CheckRead(request(t, "Bearer admin-1")); !errors.Is(err, access.ErrNoClaims) {
		t.Errorf("without WithClaims: %v, want %v", err, access.ErrNoClaims)
	}
	tokens := access.Policy{Reads: access.TokenReads}
	r := request(t, "")
	r = r.WithContext(access.WithClaims(r.Context(), map[string]string{"sub": "ann"}))
	if err := tokens.CheckRead(r); !errors.Is(err, access.ErrNoToken) {
		t.Errorf("claims in place of a token: %v, want %v", err, access.ErrNoToken)
	}
}

func TestCheckUsers(t *testing.T) {
	users := []access.User{{Email: "ann@example.com"}}
	for _, c := range []struct {
		policy access.Policy
		want   error
	}{
		{access.Policy{}, access.ErrNoUsers},
		{access.Policy{UsersUnread: true}, access.ErrUsersUnread},
		{access.Policy{Users: users}, nil},
		{access.Policy{Users: users, TokensUnread: true}, nil},
	} {
		if err := c.policy.CheckUsers(); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.policy, err, c.want)
		}
	}
}

func TestParseReads(t *testing.T) {
	for _, reads := range []access.Reads{access.PublicReads, access.TokenReads, access.JWTReads} {
		got, err := access.ParseReads(string(reads))
		expect(t, "error", err, nil)
		expect(t, "reads", got, reads)
	}
	for _, value := range []string{"", "open", "Public", "token "} {
		_, err := access.ParseReads(value)
		if err == nil || !strings.Contains(err.Error(), "public, token or jwt") {
			t.Errorf("%q: error %v", value, err)
		}
	}
}

func TestParseTokens(t *testing.T) {
	tokens, err := access.ParseTokens(" one, ,two ,")
	expect(t, "error", err, nil)
	var texts []string
	for _, token := range tokens {
		texts = append(texts, token.Reveal())
	}
	expect(t, "tokens", texts, []string{"one", "two"})
	for value, words := range map[string]string{
		",": "contains no token", "": "contains no token", "s3cret b": "a token contains a space",
		"ok,s3cret\x00": "a token contains a space",
		"s3cretä":       "a token contains a space", "s3cret\x7f": "a token contains a space",
	} {
		_, err := access.ParseTokens(value)
		if err == nil || !strings.Contains(err.Error(), words) ||
			strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: error %v, want one with %q", value, err, words)
		}
	}
}

func BenchmarkCheckRead(b *testing.B) {
	policy := access.Policy{
		Reads:       access.TokenReads,
		ReadTokens:  secrets("read-1", "read-2"),
		AdminTokens: secrets("admin-1"),
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer read-1")
	b.ReportAllocs()
	for b.Loop() {
		_ = policy.CheckRead(r)
	}
}
