package access

import (
	"errors"
	"fmt"
	"strings"
)

// ParseReads parses "public", "token" or "jwt".
func ParseReads(value string) (Reads, error) {
	switch reads := Reads(value); reads {
	case PublicReads, TokenReads, JWTReads:
		return reads, nil
	}
	return "", fmt.Errorf("must be public, token or jwt, not %q", value)
}

// ParseToken returns value as a Secret. It rejects what a header cannot carry as a bearer
// token.
func ParseToken(value string) (Secret, error) {
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Secret{}, errors.New("a token contains a space, a control character or " +
			"a character outside ASCII")
	}
	return NewSecret(value), nil
}

// ParseTokens parses a comma-separated list of at least one token.
func ParseTokens(value string) ([]Secret, error) {
	var tokens []Secret
	for _, item := range items(value) {
		token, err := ParseToken(item)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	if len(tokens) == 0 {
		return nil, errors.New("contains no token: separate tokens with commas")
	}
	return tokens, nil
}

// items returns the trimmed items of a comma-separated list, without the empty ones.
func items(list string) (all []string) {
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	return all
}
