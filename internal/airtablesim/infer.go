package airtablesim

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"voc/internal/airtablesim/formula"
)

// infer returns the field for values, none of which is empty.
func infer(name string, values []any) *field {
	plain := slices.DeleteFunc(slices.Clone(values), isFailure)
	f := &field{name: name}
	switch {
	case name == modifiedName:
		f.kind = "lastModifiedTime"
	case len(plain) < len(values): // only computed fields hold errors
		f.kind, f.result = "formula", infer(name, plain)
	case len(plain) == 0:
		f.kind = "singleLineText"
	case all(plain, is[bool]):
		f.kind = "checkbox"
	case all(plain, is[float64]):
		f.kind, f.precision = "number", precision(plain)
	case all(plain, is[string]):
		inferText(f, plain)
	case all(plain, isTexts):
		f.kind, f.choices = "multipleSelects", distinct(plain)
	case all(plain, isCollaborator):
		f.kind = "singleCollaborator"
	case all(plain, isNumberOrText):
		f.kind = "singleLineText"
	case all(plain, is[[]any]):
		f.kind = "multipleLookupValues"
	default:
		f.kind, f.result = "formula", &field{kind: "singleLineText"}
	}
	return f
}

// A text field counts as a select if it has at least recordsPerChoice records per choice
// on average, and as single-line if no text exceeds longestLine bytes.
const (
	recordsPerChoice = 5
	longestLine      = 200
)

var (
	emailShape = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	urlShape   = regexp.MustCompile(`^https?://\S+$`)
)

func inferText(f *field, texts []any) {
	choices := distinct(texts)
	switch {
	case all(texts, isDay):
		f.kind = "date"
	case all(texts, isTime):
		f.kind = "dateTime"
	case all(texts, matches(emailShape)):
		f.kind = "email"
	case all(texts, matches(urlShape)):
		f.kind = "url"
	case !all(texts, isLine):
		f.kind = "multilineText"
	case len(choices)*recordsPerChoice <= len(texts):
		f.kind, f.choices = "singleSelect", choices
	default:
		f.kind = "singleLineText"
	}
}

func all(values []any, is func(any) bool) bool {
	return !slices.ContainsFunc(values, func(v any) bool { return !is(v) })
}

func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

// isFailure reports whether a value is that of a computation without a result.
func isFailure(v any) bool {
	o, _ := v.(map[string]any)
	_, failed := o["error"]
	_, special := o["specialValue"]
	return failed || special
}

// isTexts reports whether a value is a list of strings, or a string: real data has both
// in one select.
func isTexts(v any) bool {
	list, isList := v.([]any)
	return is[string](v) || isList && all(list, is[string])
}

func isCollaborator(v any) bool {
	o, _ := v.(map[string]any)
	id, _ := o["id"].(string)
	return strings.HasPrefix(id, "usr") || o["email"] != nil
}

func isNumberOrText(v any) bool { return is[float64](v) || is[string](v) }

func isTime(v any) bool {
	_, ok := formula.ParseTime(v.(string))
	return ok
}

func isDay(v any) bool { return isTime(v) && len(v.(string)) == len("2006-01-02") }

func isLine(v any) bool {
	s := v.(string)
	return len(s) <= longestLine && !strings.ContainsAny(s, "\r\n")
}

func matches(shape *regexp.Regexp) func(any) bool {
	return func(v any) bool { return shape.MatchString(v.(string)) }
}

// distinct returns the strings, and the elements of lists, each once and in order.
func distinct(values []any) (texts []string) {
	seen := map[string]bool{}
	add := func(s string) {
		if !seen[s] {
			seen[s] = true
			texts = append(texts, s)
		}
	}
	for _, v := range values {
		if s, ok := v.(string); ok {
			add(s)
			continue
		}
		for _, element := range v.([]any) {
			add(element.(string))
		}
	}
	return texts
}

// precision returns the decimal places that the numbers need, at most 8.
func precision(numbers []any) (places int) {
	for _, n := range numbers {
		for places < 8 && !whole(n.(float64)*math.Pow10(places)) {
			places++
		}
	}
	return places
}

func whole(n float64) bool { return math.Abs(n-math.Round(n)) < 1e-6 }
