package feedback

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"voc/internal/bound"
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
	words, prefixes := 0, 0
	for _, term := range text {
		words += len(term.Words)
		if term.Prefix {
			prefixes++
		}
	}
	switch {
	case words == 0:
		return nil, errors.New("has no word in it")
	case len(text) > bound.SearchTerms || words > bound.SearchWords:
		return nil, fmt.Errorf(
			"has %d terms with %d words, more than the %d and %d that one search may have",
			len(text), words, bound.SearchTerms, bound.SearchWords)
	case prefixes > bound.SearchPrefixes:
		return nil, fmt.Errorf("has %d terms with a *, more than the %d that one search may have",
			prefixes, bound.SearchPrefixes)
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
