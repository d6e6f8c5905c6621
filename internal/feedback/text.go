package feedback

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// maxWords bounds what one question may ask of a full-text index: each word costs a walk over its records.
const maxWords = 64

// Text is what a full-text search asks for. The zero value asks for nothing.
type Text []Term

// Term must occur as it stands: its words one behind the other, each as a whole; with Prefix the last one may go on.
type Term struct {
	Words  []string
	Prefix bool
}

// ParseText reads the parameter q. Words are runs of letters, digits and the marks on them; "…" makes a phrase, a * right behind a word or a phrase a prefix. Everything
// else separates, a quote without its pair too, so that no text is wrong but one without a word.
func ParseText(q string) (Text, error) {
	var text Text
	for rest := q; rest != ""; {
		var quoted string
		var isPhrase bool
		if after, opens := strings.CutPrefix(rest, `"`); opens {
			if quoted, rest, isPhrase = strings.Cut(after, `"`); !isPhrase {
				rest = after
			}
		}
		if isPhrase {
			text = text.add(words(quoted), &rest)
			continue
		}
		unquoted, _, _ := strings.Cut(rest, `"`)
		rest = rest[len(unquoted):]
		text = text.addWords(unquoted)
	}
	n := 0
	for _, term := range text {
		n += len(term.Words)
	}
	switch {
	case n == 0:
		return nil, errors.New("has no word in it")
	case n > maxWords:
		return nil, fmt.Errorf("has %d words, at most %d are looked for", n, maxWords)
	}
	return text, nil
}

// addWords adds each word of what stands outside of quotes.
func (t Text) addWords(unquoted string) Text {
	for rest := unquoted; rest != ""; {
		start := strings.IndexFunc(rest, begins)
		if start < 0 {
			break
		}
		word := rest[start:]
		if end := strings.IndexFunc(word, ends); end >= 0 {
			word = word[:end]
		}
		rest = rest[start+len(word):]
		t = t.add([]string{word}, &rest)
	}
	return t
}

// add adds a term, a prefix if rest goes on with the star that makes it one.
func (t Text) add(words []string, rest *string) Text {
	after, isPrefix := strings.CutPrefix(*rest, "*")
	*rest = after
	if len(words) == 0 {
		return t
	}
	return append(t, Term{words, isPrefix})
}

func words(s string) (all []string) {
	for _, term := range (Text{}).addWords(strings.ReplaceAll(s, "*", " ")) {
		all = append(all, term.Words...)
	}
	return all
}

// begins and ends say where words do, as SQLite's tokenizer unicode61 has it. A mark does not begin one, but belongs to what it stands on.
func begins(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.Co) }
func ends(r rune) bool   { return !begins(r) && !unicode.Is(unicode.M, r) }
