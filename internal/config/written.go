package config

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// trim removes what surrounds a name or a value unseen: space, and the marks that editors and web
// pages leave (byte order mark, zero-width space).
func trim(text string) string {
	return strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b'
	})
}

// quotes are the pairs that an env file may keep around a value, or a web page put there.
var quotes = [][2]string{{`"`, `"`}, {"'", "'"}, {"“", "”"}, {"‘", "’"}}

// quotedItems is a comma-separated list whose items have quotes of their own.
var quotedItems = regexp.MustCompile(`^"[^",]*"(\s*,\s*"[^",]*")+$`)

// unquote removes the quotes around a value, which some readers of env files keep, and the
// backslashes before double quotes inside of them. It returns an error for a value with a quote at
// its beginning alone, or at its end alone.
func unquote(value string) (string, error) {
	if quotedItems.MatchString(value) {
		return strings.ReplaceAll(value, `"`, ""), nil
	}
	for _, pair := range quotes {
		inner, begins := strings.CutPrefix(value, pair[0])
		inner, ends := strings.CutSuffix(inner, pair[1])
		switch {
		case begins && ends && pair[0] == `"` && !strings.Contains(
			strings.ReplaceAll(inner, `\"`, ""), `"`):
			return trim(strings.ReplaceAll(inner, `\"`, `"`)), nil
		case begins && ends:
			return trim(inner), nil
		case begins, ends:
			return value, errors.New("has a quote at one end: write the value without quotes")
		}
	}
	return value, nil
}

// nameOf returns the variable that the name of an entry stands for: without blanks around it, and
// without the word export, which a file for a shell has.
func nameOf(entry string) string {
	name := trim(entry)
	if rest, ok := strings.CutPrefix(name, "export"); ok && rest != strings.TrimSpace(rest) {
		name = trim(rest)
	}
	return name
}
