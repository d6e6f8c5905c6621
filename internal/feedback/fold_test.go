package feedback_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"voc/internal/feedback"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		a, b string
		same bool
	}{
		"ASCII case":                {"Credit CARD", "credit card", true},
		"Latin accents":             {"ÉQUIPE", "equipe", true},
		"composed or not":           {"e\u0301", "é", true},
		"several accents":           {"Việt", "viet", true},
		"Kelvin sign":               {"\u212aelvin", "kelvin", true},
		"sharp s":                   {"straße", "STRASSE", true},
		"capital sharp s":           {"STRAẞE", "strasse", true},
		"strokes":                   {"Łódź Malmø Ærø", "lodz malmo aero", true},
		"Turkish i":                 {"İstanbul ısı", "istanbul isi", true},
		"Greek accent and sigma":    {"ΚΌΣΜΟΣ", "κοσμος", true},
		"final sigma":               {"ς", "σ", true},
		"Cyrillic io":               {"отчёт", "ОТЧЕТ", true},
		"Cyrillic short i":          {"йод", "иод", true},
		"Arabic points":             {"مُحَمَّد", "محمد", true},
		"Arabic hamza":              {"أحمد", "احمد", true},
		"Arabic tatweel":            {"مـحـمـد", "محمد", true},
		"Hebrew points":             {"שָׁלוֹם", "שלום", true},
		"Devanagari vowels differ":  {"कि", "क", false},
		"Tamil vowels differ":       {"மா", "ம", false},
		"Thai tones differ":         {"ค้น", "คน", false},
		"kana voicing differs":      {"が", "か", false},
		"kana composed or not":      {"か\u3099", "が", true},
		"half-width kana":           {"ｶﾞ", "ガ", true},
		"full-width Latin":          {"ＡＰＩ", "api", true},
		"Hangul composed or not":    {"\u1112\u1161\u11ab", "한", true},
		"ligature":                  {"ﬁxed", "fixed", true},
		"zero-width space":          {"pass\u200bword", "password", true},
		"soft hyphen":               {"pass\u00adword", "password", true},
		"directional marks":         {"\u202eabc\u202c\u200f", "abc", true},
		"byte order mark":           {"\ufeffabc", "abc", true},
		"variation selector":        {"❤\ufe0f", "❤", true},
		"Hangul filler":             {"a\u3164b", "ab", true},
		"no-break space":            {"Team\u00a0Routed", "Team Routed", true},
		"spaces at the ends":        {" New\t", "new", true},
		"several spaces":            {"In  \u3000Progress", "in progress", true},
		"a space is not nothing":    {"a b", "ab", false},
		"control characters":        {"a\x00b", "a b", true},
		"other letters differ":      {"ж", "з", false},
		"digits of several scripts": {"１２", "12", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := feedback.Fold(test.a) == feedback.Fold(test.b); got != test.same {
				t.Errorf("%q and %q are equal: %v, want %v",
					feedback.Fold(test.a), feedback.Fold(test.b), got, test.same)
			}
		})
	}
}

// checkFold checks the promises of Fold and Words about every text.
func checkFold(t rapid.TB, s string) {
	t.Helper()
	folded := feedback.Fold(s)
	if again := feedback.Fold(folded); again != folded {
		t.Errorf("%q folds to %q, and that to %q", s, folded, again)
	}
	for _, form := range []norm.Form{norm.NFC, norm.NFD, norm.NFKC, norm.NFKD} {
		if other := feedback.Fold(form.String(s)); other != folded {
			t.Errorf("%q folds to %q, in another normal form to %q", s, folded, other)
		}
	}
	if strings.TrimSpace(folded) != folded || strings.Contains(folded, "  ") {
		t.Errorf("%q folds to %q, which has spaces too many", s, folded)
	}
	if slices.ContainsFunc([]rune(folded), unicode.IsControl) {
		t.Errorf("%q folds to %q, which has a control character", s, folded)
	}
	if words := feedback.Words(s); !slices.Equal(words, feedback.Words(strings.Join(words, " "))) {
		t.Errorf("the words of %q are %q, and of these others", s, words)
	}
}

func TestFoldOfAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { checkFold(t, rapid.StringOf(rapid.Rune()).Draw(t, "s")) })
}

// Every rune, alone and after a letter: random texts could miss one.
func TestFoldOfEveryRune(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= 0x1ffff; r++ {
		for _, s := range []string{string(r), "a" + string(r)} {
			if folded := feedback.Fold(s); feedback.Fold(folded) != folded {
				t.Fatalf("%q folds to %q, and that to %q", s, folded, feedback.Fold(folded))
			}
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("Kk \u212ak")
	f.Add("ǅ ǆ İ i̇ ß")
	f.Add("\xffa\ufffdA")
	f.Add("שָׁלוֹם か\u3099 \u0301 \u200b")
	f.Fuzz(func(t *testing.T, s string) { checkFold(t, s) })
}

func TestWords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		s    string
		want string // joined with |
	}{
		"spaces and signs":    {"Late fee, C++ #1", "late|fee|c|1"},
		"apostrophe":          {"don't", "don|t"},
		"underscore":          {"a_b", "a|b"},
		"Devanagari":          {"हिन्दी में", "हिन्दी|में"},
		"Han":                 {"用户登录", "用|户|登|录"},
		"Han beside Latin":    {"API导出v2", "api|导|出|v2"},
		"kana with voicing":   {"が画面", "が|画|面"},
		"Thai with tones":     {"ค้นหา", "ค้|น|ห|า"},
		"Hangul has spaces":   {"한국어 검색", "한국어|검색"},
		"invisible in a word": {"pass\u200bword", "password"},
		"emoji":               {"😀 a", "a"},
		"nothing":             {"-- !", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(feedback.Words(test.s), "|"); got != test.want {
				t.Errorf("%q: %q, want %q", test.s, got, test.want)
			}
		})
	}
}

func BenchmarkFold(b *testing.B) {
	for name, s := range map[string]string{
		"ASCII": strings.Repeat("The report of open cases ", 60),
		"mixed": strings.Repeat("The café’s naïve report ", 60),
		"kana":  strings.Repeat("画面が真っ白になります。", 60),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				feedback.Fold(s)
			}
		})
	}
}
