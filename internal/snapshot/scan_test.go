package snapshot_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"

	"voc/internal/feedback"
)

// The tests compare with filters, orders, searches and facets computed over all records.

// matches reports whether a record matches filter, without its property except.
func matches(f feedback.Feedback, filter feedback.Filter, except string) bool {
	for property, wanted := range filter.Any {
		has := func(value string) bool { return contains(wanted, value) }
		if property != except && !slices.ContainsFunc(f.Values(property), has) {
			return false
		}
	}
	if !filter.From.IsZero() && f.Created.Before(filter.From) ||
		!filter.To.IsZero() && !f.Created.Before(filter.To) {
		return false
	}
	for _, term := range filter.Text {
		if !occurs(f, term) {
			return false
		}
	}
	return true
}

// occurs reports whether a term occurs in a place: its words in sequence, each complete
// except the last, which may be a prefix.
func occurs(f feedback.Feedback, term feedback.Term) bool {
	for _, place := range []string{
		f.Description, f.Notes, f.ResolutionNotes, strings.Join(f.Areas, " "), f.TypeOfIssue,
	} {
		words := plainWords(place)
		wanted := plainWords(strings.Join(term.Words, " "))
		end := len(wanted) - 1
		for i := 0; i+end < len(words); i++ {
			last := words[i+end]
			if term.Prefix && strings.HasPrefix(last, wanted[end]) {
				last = wanted[end]
			}
			if slices.Equal(words[i:i+end], wanted[:end]) && last == wanted[end] {
				return true
			}
		}
	}
	return false
}

// plainWords splits a plain text into words.
func plainWords(text string) []string {
	separates := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }
	return strings.FieldsFunc(plain(text), separates)
}

var accents = strings.NewReplacer("é", "e", "ü", "u", "\u0301", "")

// plain folds case and the accents that these tests use.
func plain(text string) string { return accents.Replace(strings.ToLower(text)) }

// before returns the comparison of two records in an order.
func before(sort feedback.Sort) func(a, b feedback.Feedback) int {
	key, descending := sort.Key()
	return func(a, b feedback.Feedback) int {
		c := 0
		switch key {
		case "created":
			c = a.Created.Compare(b.Created)
		case "modified":
			c = a.Modified.Compare(b.Modified)
		case "priority":
			c = cmp.Or(cmp.Compare(weight(a), weight(b)), cmp.Compare(plain(a.Priority), plain(b.Priority)))
		case "status":
			c = cmp.Compare(plain(a.Status), plain(b.Status))
		case "environment":
			c = cmp.Compare(plain(a.Environment), plain(b.Environment))
		case "area_impacted":
			c = cmp.Compare(plain(a.AreaImpacted), plain(b.AreaImpacted))
		case "issue_number":
			switch {
			case a.IssueNumber == nil || b.IssueNumber == nil:
				return cmp.Or(cmp.Compare(unnumbered(a), unnumbered(b)), newestFirst(a, b))
			default:
				c = cmp.Compare(*a.IssueNumber, *b.IssueNumber)
			}
		}
		if descending {
			c = -c
		}
		return cmp.Or(c, newestFirst(a, b))
	}
}

func weight(f feedback.Feedback) int {
	if i := slices.Index([]string{"high", "medium", "low"}, strings.ToLower(f.Priority)); i >= 0 {
		return i
	}
	return 3
}

func unnumbered(f feedback.Feedback) int {
	if f.IssueNumber == nil {
		return 1
	}
	return 0
}

func newestFirst(a, b feedback.Feedback) int {
	return cmp.Or(b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID))
}

// facetsOf counts facets over all records.
func facetsOf(all []feedback.Feedback, filter feedback.Filter) string {
	facets := feedback.Facets{Choices: map[string][]feedback.Choice{}}
	for _, property := range append(feedback.Properties[:], feedback.Week) {
		counts, shown := map[string]int{}, map[string]map[string]int{}
		for _, f := range all {
			values := f.Values(property)
			if property == feedback.Week {
				values = []string{f.Week}
			}
			folded := map[string]bool{}
			for _, value := range values {
				key := plain(value)
				if shown[key] == nil {
					shown[key] = map[string]int{}
				}
				shown[key][value]++
				folded[key] = true
			}
			if matches(f, filter, property) {
				for key := range folded {
					counts[key]++
				}
			}
		}
		for key, n := range counts {
			byCount := func(a, b string) int {
				return cmp.Or(cmp.Compare(shown[key][b], shown[key][a]), cmp.Compare(a, b))
			}
			choice := feedback.Choice{
				Value: slices.SortedFunc(maps.Keys(shown[key]), byCount)[0], Count: n,
			}
			facets.Choices[property] = append(facets.Choices[property], choice)
		}
	}
	for _, f := range all {
		if matches(f, filter, "") {
			facets.Total++
		}
	}
	return string(facets.JSON()) + "\n"
}
