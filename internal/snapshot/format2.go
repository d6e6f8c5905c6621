package snapshot

import (
	"slices"
	"strings"
	"unicode"

	"voc/internal/feedback"
)

// folded returns values in the form in which this file keeps them, sorted, each once.
func (f *File) folded(values []string) []string {
	keys := make([]string, len(values))
	for i, value := range values {
		if f.format == 2 {
			keys[i] = strings.Map(smallestOfCase, value)
		} else {
			keys[i] = feedback.Fold(value)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// smallestOfCase returns the smallest rune of those that differ in case only: format 2
// folded case alone. This function is deleted together with format 2.
func smallestOfCase(r rune) rune {
	smallest := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		smallest = min(smallest, next)
	}
	return smallest
}
