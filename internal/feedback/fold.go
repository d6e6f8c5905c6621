package feedback

import (
	"strings"
	"unicode"
)

// Fold gives the key under which texts that differ in case only are equal: Fold(a) == Fold(b) exactly when strings.EqualFold(a, b).
func Fold(s string) string { return strings.Map(foldRune, s) }

// foldRune picks the smallest rune of those that simple case folding holds equal ("k", "K" and the Kelvin sign).
func foldRune(r rune) rune {
	smallest := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		smallest = min(smallest, next)
	}
	return smallest
}
