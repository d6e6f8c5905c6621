package airtablesim

import (
	"math"
	"math/rand/v2"
	"time"
)

// generator draws the random values of the sample. The values depend on the order of its
// calls.
type generator struct {
	*rand.Rand
	monday  time.Time
	written map[string]bool // the descriptions so far
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) maybe(percent int, choices []string) string {
	if choice := pick(g, choices...); g.chance(percent) {
		return choice
	}
	return ""
}

func pick[T any](g *generator, choices ...T) T { return choices[g.IntN(len(choices))] }

// hours draws a duration with a long tail, to the minute, of at most a limit.
func (g *generator) hours(mean, limit float64) float64 {
	return math.Min(math.Ceil(g.ExpFloat64()*mean*60)/60, limit)
}

// workday draws a time in a week that begins at monday, mostly on weekdays in working
// hours of America.
func (g *generator) workday(monday time.Time) time.Time {
	day := g.IntN(5)
	if g.chance(8) {
		day = 5 + g.IntN(2)
	}
	return monday.AddDate(0, 0, day).Add(time.Duration(13*3600+g.IntN(9*3600)) * time.Second)
}
