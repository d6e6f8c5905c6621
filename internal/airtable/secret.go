package airtable

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// maxWords is how many bytes of a foreign text an error repeats.
const maxWords = 200

// secret is a token. It knows how to keep itself out of what is said about a call.
type secret string

// secret asks for the token of one try.
func (c *Client) secret(ctx context.Context) (secret, error) {
	token, err := c.token(ctx)
	if err != nil {
		return "", fmt.Errorf("ask for the token: %w", err)
	}
	if token == "" {
		return "", errors.New("there is no token; check AIRTABLE_API_KEY")
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("the token holds a space, a line end or another character that no token has; check AIRTABLE_API_KEY")
	}
	return secret(token), nil
}

// hide returns text fit for an error: one line, at most maxWords bytes, no control
// characters, no token. The token goes before the text is cut, so that no part of it stays.
func (s secret) hide(text string) string {
	text = strings.ReplaceAll(oneLine(text), string(s), "[token]")
	if len(text) <= maxWords {
		return text
	}
	return strings.ToValidUTF8(text[:maxWords], "") + "…"
}

// hideIn returns err, or only its text if that holds the token.
func (s secret) hideIn(err error) error {
	if strings.Contains(err.Error(), string(s)) {
		return errors.New(s.hide(err.Error()))
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
