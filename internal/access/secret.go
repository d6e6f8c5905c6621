package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
)

const redacted = "[redacted]"

// Secret is a token, of a client or of ours, or a password or its hash. Printing, logging
// and encoding it give "[redacted]"; [Secret.Reveal] is the only way to the text. The
// zero Secret holds the empty text.
//
// Text and hash are behind pointers to strings, because fmt does not call the methods of a
// value in an unexported field: there it prints a string, and the target of a pointer to a
// struct or an array, but only the address of a pointer to a string. So == does not compare
// the texts of two Secrets.
type Secret struct{ text, hash *string }

// NewSecret returns text as a Secret. It costs a SHA-256 of text.
func NewSecret(text string) Secret {
	sum := sha256.Sum256([]byte(text))
	hash := string(sum[:])
	return Secret{text: &text, hash: &hash}
}

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// equal returns 1 if sum is the SHA-256 of the text, and 0 otherwise, in a time that depends
// on neither.
func (s Secret) equal(sum [sha256.Size]byte) int {
	if s.hash == nil {
		return 0
	}
	return subtle.ConstantTimeCompare([]byte(*s.hash), sum[:])
}

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "[redacted]", to encoding/json and log/slog as well.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
