package snapshot

import (
	"strings"
	"unicode"

	"voc/internal/feedback"
)

// fold returns the form in which this file keeps values.
func (f *File) fold(value string) string {
	if f.format == 2 {
		return strings.Map(smallestOfCase, value)
	}
	return feedback.Fold(value)
}

// smallestOfCase returns the smallest rune of those that differ in case only: format 2 folded
// case alone. It goes with format 2.
func smallestOfCase(r rune) rune {
	smallest := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		smallest = min(smallest, next)
	}
	return smallest
}
