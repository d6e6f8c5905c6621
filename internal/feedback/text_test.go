package feedback_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
)

// word, phrase and prefix are terms of a search.
func word(w string) feedback.Term              { return feedback.Term{Words: []string{w}} }
func phrase(words string) feedback.Term        { return feedback.Term{Words: strings.Fields(words)} }
func prefix(term feedback.Term) feedback.Term  { term.Prefix = true; return term }
func all(terms ...feedback.Term) feedback.Text { return terms }

func TestTextIsReadAsWordsPhrasesAndPrefixes(t *testing.T) {
	t.Parallel()
	for q, want := range map[string]feedback.Text{
		"late":                   all(word("late")),
		"  late \t\n fee  ":      all(word("late"), word("fee")),
		"Late FEE":               all(word("Late"), word("FEE")),
		`"late fee"`:             all(phrase("late fee")),
		`card "late fee" credit`: all(word("card"), phrase("late fee"), word("credit")),
		`"late, (fee)"`:          all(phrase("late fee")),
		"pay*":                   all(prefix(word("pay"))),
		"pay* late":              all(prefix(word("pay")), word("late")),
		`"late fe"*`:             all(prefix(phrase("late fe"))),
		"*pay":                   all(word("pay")),
		"pa*y":                   all(prefix(word("pa")), word("y")),
		"pay **":                 all(word("pay")),
		"pay *":                  all(word("pay")),
		`"late fe*"`:             all(phrase("late fe")),
		`"la* fee"`:              all(phrase("la fee")),
		"foo-bar":                all(word("foo"), word("bar")),
		"don't":                  all(word("don"), word("t")),
		"a.b@c.com":              all(word("a"), word("b"), word("c"), word("com")),
		`late" fee`:              all(word("late"), word("fee")),
		`"late fee`:              all(word("late"), word("fee")),
		`"" late`:                all(word("late")),
		`"late""fee"`:            all(phrase("late"), phrase("fee")),
		"late OR fee":            all(word("late"), word("OR"), word("fee")),
		"NEAR(late fee, 2)":      all(word("NEAR"), word("late"), word("fee"), word("2")),
		"description: late":      all(word("description"), word("late")),
		"^late + fee":            all(word("late"), word("fee")),
		"-late":                  all(word("late")),
		"a\x00b":                 all(word("a"), word("b")),
		"café":                   all(word("café")),
		"cafe\u0301 au":          all(word("cafe\u0301"), word("au")),
		"\u0301late":             all(word("late")),
		"日本語":                    all(word("日本語")),
		"हिन्दी":                 all(word("हिन्दी")),
		"½ 3":                    all(word("½"), word("3")),
		"C++ 😀 #1":               all(word("C"), word("1")),
	} {
		got, err := feedback.ParseText(q)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", q, err, diff)
		}
	}
}

func TestTextWithoutAWordOrWithTooManyIsRefused(t *testing.T) {
	t.Parallel()
	for q, told := range map[string]string{
		"": "no word", " ": "no word", "*": "no word", `""`: "no word", `"`: "no word", "-:^+()": "no word", "😀": "no word", "\x00": "no word", "\u0301": "no word", "\xff": "no word",
		strings.Repeat("a ", 65): "65 words", `"` + strings.Repeat("a ", 65) + `"`: "65 words", strings.Repeat("a ", 8000): "8000 words",
	} {
		got, err := feedback.ParseText(q)
		if err == nil || !strings.Contains(err.Error(), told) || got != nil {
			t.Errorf("%.20q: %v, %v", q, got, err)
		}
	}
	if text, err := feedback.ParseText(strings.Repeat("a ", 64)); err != nil || len(text) != 64 {
		t.Errorf("64 words: %v", err)
	}
}

// FuzzText: whatever is asked, a word that comes of it is made of letters, digits and marks, which no engine takes for syntax, and stands in what was asked, in order.
func FuzzText(f *testing.F) {
	for _, seed := range []string{`late "fee of" pay*`, `"`, `""*`, `"a`, `a"b"c`, "a\x00\xffb", `NEAR("a" b*, 3) OR c NOT d`, "e\u0301*", "' --", "ʻokina", "١٢٣"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, q string) {
		text, err := feedback.ParseText(q)
		if (err == nil) == (len(text) == 0) {
			t.Fatalf("%q: %v, %v", q, text, err)
		}
		rest := q
		for _, term := range text {
			for _, w := range term.Words {
				at := strings.Index(rest, w)
				if w == "" || at < 0 || strings.ContainsFunc(w, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.Co, unicode.M) }) {
					t.Fatalf("%q has %q", q, w)
				}
				rest = rest[at+len(w):]
			}
		}
	})
}
