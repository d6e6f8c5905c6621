package feedback

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The limits of one search. Each term costs a walk over the records that have it, and a
// letter of Han or Thai counts as a word.
const (
	maxTerms = 64
	maxWords = 256
)

// Text is a full-text search: all of its terms must occur. The zero value matches all.
type Text []Term

// Term is a phrase: its words must follow each other, each as a whole word. With Prefix, the
// last one may be the beginning of a word.
type Term struct {
	Words  []string
	Prefix bool
}

// ParseText parses the parameter q. Words are those of Words; quotes make a phrase, a * right
// after a word or a phrase makes a prefix. Everything else separates words, including an
// unpaired quote. A term that occurs twice counts once. ParseText returns an error if q has no
// word, or more than a search may have.
func ParseText(q string) (Text, error) {
	var text Text
	for rest := Fold(q); rest != ""; {
		if after, opens := strings.CutPrefix(rest, `"`); opens {
			if quoted, tail, closes := strings.Cut(after, `"`); closes {
				rest = text.addTerm(quoted, tail)
				continue
			}
			rest = after
		}
		start := strings.IndexFunc(rest, func(r rune) bool { return r == '"' || begins(r) })
		if start < 0 {
			break
		}
		rest = rest[start:]
		end := strings.IndexFunc(rest, separates) // 0 at a quote
		if end < 0 {
			end = len(rest)
		}
		rest = text.addTerm(rest[:end], rest[end:])
	}
	words := 0
	for _, term := range text {
		words += len(term.Words)
	}
	switch {
	case words == 0:
		return nil, errors.New("has no word in it")
	case len(text) > maxTerms || words > maxWords:
		return nil, fmt.Errorf(
			"has %d terms with %d words, more than the %d and %d that one search may have",
			len(text), words, maxTerms, maxWords)
	}
	return text, nil
}

// addTerm adds the words of a folded text as one term, which is a prefix if rest begins with a
// star. It returns rest without the star.
func (t *Text) addTerm(folded, rest string) string {
	rest, isPrefix := strings.CutPrefix(rest, "*")
	term := Term{Words: splitWords(folded), Prefix: isPrefix}
	same := func(other Term) bool {
		return other.Prefix == term.Prefix && slices.Equal(other.Words, term.Words)
	}
	if len(term.Words) > 0 && !slices.ContainsFunc(*t, same) {
		*t = append(*t, term)
	}
	return rest
}
