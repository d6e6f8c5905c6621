package config

import (
	"fmt"
	"io"
)

const redacted = "[redacted]"

// Secret is an Airtable token or a bearer token. Whatever prints, logs or encodes it gets "[redacted]";
// [Secret.Reveal] is the only way to the text. The zero Secret holds the empty text.
//
// The text is behind a pointer because fmt does not call the methods of a value in an unexported field: there it
// prints a string as it is, but of a pointer only the address. So == says nothing of two Secrets.
type Secret struct{ text *string }

// NewSecret keeps text from being shown.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// Format writes "[redacted]" whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "[redacted]", to encoding/json and log/slog as well.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
