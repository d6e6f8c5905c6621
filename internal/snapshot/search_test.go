package snapshot_test

import (
	"encoding/json"
	"strings"
	"testing"

	"voc/internal/feedback"
	"voc/internal/snapshot/snaptest"
)

// FuzzSearch searches for any text: the engine takes it as words and never fails.
func FuzzSearch(f *testing.F) {
	for _, seed := range []string{
		`late "fee of" pay*`, `"`, `NEAR("a" b*, 3) OR c NOT d`, "e\u0301*", "' --", "\x00",
		"ʻokina ١٢٣ ½", "हिन्दी", "𝒜𝓁𝓅𝒽𝒶*", "\ue000 ǅ ß ŉ", `{description notes} : ^late + fee`,
		"AND OR NOT",
	} {
		f.Add(seed)
	}
	file := snaptest.New(f, snaptest.Cells{
		"a": snaptest.Early, "b": `{"Notes":"late fee of pay NEAR AND OR NOT e\u0301"}`,
	})
	f.Fuzz(func(t *testing.T, q string) {
		text, err := feedback.ParseText(q)
		if err != nil {
			return
		}
		n, err := snaptest.Count(t.Context(), file, feedback.Filter{Text: text})
		if err != nil {
			t.Fatalf("%q: %v", q, err)
		}
		for _, sort := range []feedback.Sort{feedback.Newest, feedback.Relevance, feedback.Created} {
			if got := walk(t, file, feedback.Filter{Text: text}, sort, 1); len(got) != n {
				t.Errorf("%q, %s: %d found, %d counted", q, sort, len(got), n)
			}
		}
		note, err := json.Marshal(map[string]string{"Notes": q})
		snaptest.Check(t, err)
		itself := snaptest.New(t, snaptest.Cells{"c": string(note)})
		m, err := snaptest.Count(t.Context(), itself, feedback.Filter{Text: text})
		// The engine skips letters that are newer than its tables.
		if err != nil || m != 1 && strings.ContainsAny(q, "aeiou") {
			t.Errorf("%q does not find itself: %v", q, err)
		}
	})
}
