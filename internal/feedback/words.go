package feedback

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// unspaced are the scripts that are written without spaces between words.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// Words returns what a full-text index holds of a text, in the form of Fold: each run of
// letters and digits with the marks on them. In scripts that are written without spaces, each
// letter is a word by itself, so a word is found as a phrase, anywhere in a run of letters.
func Words(s string) []string { return splitWords(Fold(s)) }

// SearchText returns the text that the full-text index takes: the words, with one space
// between them.
func SearchText(s string) string { return strings.Join(Words(s), " ") }

// splitWords splits a text that is folded.
func splitWords(folded string) []string {
	var words []string
	start := -1    // of the word that the loop is in
	alone := false // that word is a letter of an unspaced script
	end := func(i int) {
		if start >= 0 {
			words = append(words, folded[start:i])
			start = -1
		}
	}
	for i, r := range folded {
		switch {
		case r >= utf8.RuneSelf && unicode.Is(unicode.M, r): // belongs to what it stands on
		case !begins(r):
			end(i)
		default:
			isUnspaced := r >= utf8.RuneSelf && unicode.In(r, unspaced...)
			if start < 0 || alone || isUnspaced {
				end(i)
				start, alone = i, isUnspaced
			}
		}
	}
	end(len(folded))
	return words
}

// begins reports whether a word may begin with a character. A mark may not.
func begins(r rune) bool {
	if r < utf8.RuneSelf { // most are, and the tables are slow
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.Co)
}

// separates reports whether a word ends before a character.
func separates(r rune) bool { return !begins(r) && !unicode.Is(unicode.M, r) }
