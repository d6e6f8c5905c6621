package feedback_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"voc/internal/feedback"
)

func TestTextsThatDifferInCaseOnlyFoldToOne(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		a, b string
		same bool
	}{
		"ASCII":                {"Credit CARD", "credit card", true},
		"accents":              {"ÉQUIPE", "équipe", true},
		"Kelvin's sign":        {"\u212aelvin", "kelvin", true},
		"the long s":           {"ſ", "S", true},
		"three sigmas":         {"ΣΑΣ", "σας", true},
		"an accent is no case": {"é", "e", false},
		"sharp s is one rune":  {"straße", "STRASSE", false},
		"Turkish dotless i":    {"ı", "i", false},
		"spaces count":         {"a ", "a", false},
		"no UTF-8":             {"\xff", "\xfe", true}, // as EqualFold has it
	} {
		t.Run(name, func(t *testing.T) {
			if got := feedback.Fold(test.a) == feedback.Fold(test.b); got != test.same {
				t.Errorf("%q and %q fold to one: %v, want %v", test.a, test.b, got, test.same)
			}
		})
	}
}

func TestFoldAgreesWithEqualFoldOnAnyTexts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringOf(rapid.Rune()).Draw(t, "a")
		variants := []func(string) string{strings.ToUpper, strings.ToLower, strings.ToTitle, func(string) string { return rapid.String().Draw(t, "b") }}
		b := rapid.SampledFrom(variants).Draw(t, "variant")(a)
		agree(t, a, b)
	})
}

// FuzzFold compares any two texts, of bytes that need not be UTF-8.
func FuzzFold(f *testing.F) {
	f.Add("Kk", "\u212ak")
	f.Add("ǅ", "ǆ")
	f.Add("\xffa", "\ufffdA")
	f.Add("İ", "i̇")
	f.Fuzz(func(t *testing.T, a, b string) {
		agree(t, a, b)
		agree(t, a, strings.ToUpper(a))
		agree(t, a, feedback.Fold(a))
	})
}

func agree(t rapid.TB, a, b string) {
	t.Helper()
	if folded, equal := feedback.Fold(a) == feedback.Fold(b), strings.EqualFold(a, b); folded != equal {
		t.Errorf("%q and %q fold to one: %v, but EqualFold says %v", a, b, folded, equal)
	}
	if once := feedback.Fold(a); feedback.Fold(once) != once {
		t.Errorf("%q folds to %q, and that again to %q", a, once, feedback.Fold(once))
	}
}

// Every rune, alone: the orbits of case folding are a table of Unicode's, so that none may be left out.
func TestFoldTakesTheSmallestOfEveryOrbit(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= 0x1ffff; r++ {
		text := string(r)
		for _, other := range []string{strings.ToUpper(text), strings.ToLower(text), strings.ToTitle(text)} {
			if folded, equal := feedback.Fold(text) == feedback.Fold(other), strings.EqualFold(text, other); folded != equal {
				t.Fatalf("%q and %q fold to one: %v, but EqualFold says %v", text, other, folded, equal)
			}
		}
	}
}
