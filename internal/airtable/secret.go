package airtable

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// maxQuote is how many bytes of a foreign text an error quotes.
const maxQuote = 200

// ErrToken is the error of a call that was not sent for lack of a usable token.
var ErrToken = errors.New("unusable access token")

// secret is a token that can redact itself from texts about a call.
type secret string

// secret returns the token for one try. Errors: ErrToken, or that of Config.Token.
func (c *Client) secret(ctx context.Context) (secret, error) {
	token, err := c.token(ctx)
	if err != nil {
		return "", fmt.Errorf("get the access token: %w", err)
	}
	if token == "" {
		return "", fmt.Errorf("%w: no token is set", ErrToken)
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("%w: it has a space, a line end or another invalid character", ErrToken)
	}
	return secret(token), nil
}

// redact returns text in a form fit for an error: one line, at most maxQuote bytes, no
// control characters, no token. The token is replaced before the text is cut, so that no
// part of it remains.
func (s secret) redact(text string) string {
	text = strings.ReplaceAll(oneLine(text), string(s), "[token]")
	if len(text) <= maxQuote {
		return text
	}
	return strings.ToValidUTF8(text[:maxQuote], "") + "…"
}

// redactError returns err, or only its redacted text if that contains the token.
func (s secret) redactError(err error) error {
	if strings.Contains(err.Error(), string(s)) {
		return errors.New(s.redact(err.Error()))
	}
	return err
}

func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
