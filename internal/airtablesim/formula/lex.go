package formula

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind int

const (
	end kind = iota
	number
	text   // a quoted string, unquoted
	braced // a field in braces, without them
	word   // a function's name, or a field's of one word
	symbol // an operator, a parenthesis or a comma
)

type token struct {
	kind kind
	text string
}

// lexer splits a formula into tokens, one per call of next.
type lexer struct {
	rest string
}

func (l *lexer) next() (token, error) {
	l.rest = strings.TrimLeftFunc(l.rest, unicode.IsSpace)
	if l.rest == "" {
		return token{}, nil
	}
	switch first, _ := utf8.DecodeRuneInString(l.rest); {
	case first == '"' || first == '\'':
		return l.quoted(byte(first))
	case first == '{':
		return l.field()
	case isDigit(first) || first == '.':
		return l.number()
	case isWord(first):
		return token{word, l.cutWhile(isWord)}, nil
	default:
		return l.symbol()
	}
}

// cutWhile cuts off and returns the longest prefix whose runes all satisfy is.
func (l *lexer) cutWhile(is func(rune) bool) string {
	n := strings.IndexFunc(l.rest, func(r rune) bool { return !is(r) })
	if n < 0 {
		n = len(l.rest)
	}
	return l.skip(n)
}

func (l *lexer) skip(n int) string {
	head := l.rest[:n]
	l.rest = l.rest[n:]
	return head
}

var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t'}

func (l *lexer) quoted(quote byte) (token, error) {
	var b strings.Builder
	for i := 1; i < len(l.rest); i++ {
		switch c := l.rest[i]; {
		case c == quote:
			l.skip(i + 1)
			return token{text, b.String()}, nil
		case c == '\\' && i+1 < len(l.rest):
			i++
			if plain, ok := escapes[l.rest[i]]; ok {
				b.WriteByte(plain)
			} else {
				b.WriteByte(l.rest[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return token{}, ErrSyntax
}

// field reads {Name}; a name may contain one escaped brace, \}.
func (l *lexer) field() (token, error) {
	inner, escaped := l.rest[1:], false
	for i := range len(inner) {
		if inner[i] != '}' {
			continue
		}
		if i == 0 || inner[i-1] != '\\' {
			l.skip(i + 2)
			return token{braced, strings.Replace(inner[:i], `\}`, "}", 1)}, nil
		}
		if escaped {
			break
		}
		escaped = true
	}
	return token{}, ErrSyntax
}

func (l *lexer) number() (token, error) {
	digits := l.cutWhile(func(r rune) bool { return isDigit(r) || r == '.' })
	if strings.Count(digits, ".") > 1 || digits == "." {
		return token{}, ErrSyntax
	}
	return token{number, digits}, nil
}

func (l *lexer) symbol() (token, error) {
	for _, s := range []string{"!=", "<=", ">=", "<", ">", "=", "&", "+", "-", "*", "/", "(", ")",
		","} {
		if strings.HasPrefix(l.rest, s) {
			return token{symbol, l.skip(len(s))}, nil
		}
	}
	return token{}, ErrSyntax
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}
