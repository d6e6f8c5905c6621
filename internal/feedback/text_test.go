package feedback_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
)

// word, phrase and prefix return terms of a search; all returns the search.
func word(w string) feedback.Term              { return phrase(w) }
func prefix(term feedback.Term) feedback.Term  { term.Prefix = true; return term }
func all(terms ...feedback.Term) feedback.Text { return terms }

func phrase(words string) feedback.Term {
	return feedback.Term{Words: strings.Fields(words)}
}

func TestParseText(t *testing.T) {
	t.Parallel()
	for q, want := range map[string]feedback.Text{
		"late":                   all(word("late")),
		"  late \t\n fee  ":      all(word("late"), word("fee")),
		"Late FEE":               all(word("late"), word("fee")),
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
		"late OR fee":            all(word("late"), word("or"), word("fee")),
		"NEAR(late fee, 2)":      all(word("near"), word("late"), word("fee"), word("2")),
		"description: late":      all(word("description"), word("late")),
		"^late + fee":            all(word("late"), word("fee")),
		"-late":                  all(word("late")),
		"a\x00b":                 all(word("a"), word("b")),
		"café":                   all(word("cafe")),
		"cafe\u0301 au":          all(word("cafe"), word("au")),
		"\u0301late":             all(word("late")),
		"日本語":                    all(phrase("日 本 語")),
		"用户* x":                  all(prefix(phrase("用 户")), word("x")),
		"＂late　fee＂":             all(phrase("late fee")),
		"pass\u200bword":         all(word("password")),
		"late LATE late*":        all(word("late"), prefix(word("late"))),
		"हिन्दी":                 all(word("हिन्दी")),
		"½ 3":                    all(word("1"), word("2"), word("3")),
		"C++ 😀 #1":               all(word("c"), word("1")),
	} {
		got, err := feedback.ParseText(q)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", q, err, diff)
		}
	}
}

func TestParseTextError(t *testing.T) {
	t.Parallel()
	for q, words := range map[string]string{
		"": "no word", " ": "no word", "*": "no word", `""`: "no word", `"`: "no word",
		"-:^+()": "no word", "😀": "no word", "\x00": "no word", "\u0301": "no word",
		"\xff":                                "no word",
		numbered(65):                          "65 terms",
		`"` + strings.Repeat("a ", 257) + `"`: "257 words",
		numbered(8000):                        "8000 words",
		strings.Repeat("字", 257):              "257 words",
	} {
		got, err := feedback.ParseText(q)
		if err == nil || !strings.Contains(err.Error(), words) || got != nil {
			t.Errorf("%.20q: %v, %v", q, got, err)
		}
	}
	if text, err := feedback.ParseText(numbered(64)); err != nil || len(text) != 64 {
		t.Errorf("64 terms: %v", err)
	}
	if text, err := feedback.ParseText(strings.Repeat("a ", 8000)); err != nil || len(text) != 1 {
		t.Errorf("one term many times: %v, %v", text, err)
	}
}

// numbered returns a search for n terms.
func numbered(n int) string {
	var q strings.Builder
	for i := range n {
		fmt.Fprintf(&q, "w%d ", i)
	}
	return q.String()
}

// FuzzText checks that each word of a search consists of letters, digits and marks, which are
// not syntax in FTS5, and is a word of q.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		`late "fee of" pay*`, `"`, `""*`, `"a`, `a"b"c`, "a\x00\xffb", `NEAR("a" b*, 3) OR c NOT d`,
		"e\u0301*", "' --", "ʻokina", "١٢٣", "画面ab*",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, q string) {
		text, err := feedback.ParseText(q)
		if (err == nil) == (len(text) == 0) {
			t.Fatalf("%q: %v, %v", q, text, err)
		}
		words := feedback.Words(q)
		for _, term := range text {
			for _, w := range term.Words {
				syntax := strings.ContainsFunc(w, func(r rune) bool {
					return !unicode.In(r, unicode.L, unicode.N, unicode.Co, unicode.M)
				})
				if w == "" || syntax || !slices.Contains(words, w) {
					t.Fatalf("%q has %q", q, w)
				}
			}
		}
	})
}
