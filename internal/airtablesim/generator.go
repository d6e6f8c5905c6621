package airtablesim

import (
	"math/rand/v2"
	"time"
)

// generator draws the random values of the sample. The values depend on the order of its
// calls.
type generator struct {
	*rand.Rand
	monday time.Time
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) maybe(percent int, choices []string) string {
	if choice := pick(g, choices...); g.chance(percent) {
		return choice
	}
	return ""
}

func pick[T any](g *generator, choices ...T) T { return choices[g.IntN(len(choices))] }
