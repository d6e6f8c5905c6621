package feedback

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The most that one search may ask for. Each term costs a walk over the records that have
// it, and a letter of Han or Thai counts as a word.
const (
	maxTerms = 64
	maxWords = 256
)

// Text is what a full-text search asks for. The zero value asks for nothing.
type Text []Term

// Term must occur as it stands: its words one behind the other, each as a whole; with Prefix
// the last one may go on.
type Term struct {
	Words  []string
	Prefix bool
}

// ParseText reads the parameter q. Words are those of Words; "…" makes a phrase, a * right
// after a word or a phrase a prefix. Everything else separates, a quote without its pair too,
// so that the only wrong text is one without a word. A term that occurs twice counts once.
func ParseText(q string) (Text, error) {
	var text Text
	for rest := Fold(q); rest != ""; {
		if after, opens := strings.CutPrefix(rest, `"`); opens {
			if quoted, behind, closes := strings.Cut(after, `"`); closes {
				rest = text.add(quoted, behind)
				continue
			}
			rest = after
		}
		unquoted, _, _ := strings.Cut(rest, `"`)
		text.addUnquoted(unquoted)
		rest = rest[len(unquoted):]
	}
	words := 0
	for _, term := range text {
		words += len(term.Words)
	}
	switch {
	case words == 0:
		return nil, errors.New("has no word in it")
	case len(text) > maxTerms || words > maxWords:
		return nil, fmt.Errorf("has %d terms with %d words, more than the %d and %d that one search may have",
			len(text), words, maxTerms, maxWords)
	}
	return text, nil
}

// addUnquoted adds each run of characters that belong to words.
func (t *Text) addUnquoted(s string) {
	for s != "" {
		start := strings.IndexFunc(s, begins)
		if start < 0 {
			return
		}
		s = s[start:]
		end := strings.IndexFunc(s, separates)
		if end < 0 {
			end = len(s)
		}
		s = t.add(s[:end], s[end:])
	}
}

// add adds the words of a folded text as one term, which is a prefix if rest goes on with a
// star. It returns what follows.
func (t *Text) add(folded, rest string) string {
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
