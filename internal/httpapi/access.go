package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// Access says who may call, and from where in a browser.
type Access struct {
	ReadNeedsToken bool
	ReadTokens     []string // beside AdminTokens
	AdminTokens    []string
	Unread         bool     // there are more tokens, which could not be read: what needs one is refused for now
	Origins        []string // exact, or https://*.example.com for one label
}

// access is what a route asks of its caller.
type access int

const (
	open access = iota
	reading
	admin
)

// gate compares tokens by their hashes, so that neither their bytes nor their lengths show in the time it takes.
type gate struct {
	publicReads bool
	unread      bool
	readers     [][sha256.Size]byte
	admins      [][sha256.Size]byte
}

func newGate(a Access) gate {
	admins := hashes(a.AdminTokens)
	return gate{publicReads: !a.ReadNeedsToken, unread: a.Unread, admins: admins, readers: append(hashes(a.ReadTokens), admins...)}
}

func hashes(tokens []string) (all [][sha256.Size]byte) {
	for _, token := range tokens {
		all = append(all, sha256.Sum256([]byte(token)))
	}
	return all
}

func (g gate) check(need access, authorization string) error {
	switch {
	case need == open, need == reading && g.publicReads:
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
