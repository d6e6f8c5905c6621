package feedback

import (
	"cmp"
	"math"
	"slices"
)

// The rule of movers: a person can recompute it from the report on trends.
const (
	moverWeeks  = 8     // before the week, whose mean is expected
	moverCount  = 5     // at least
	moverFactor = 2     // times expected, at least
	moverChance = 0.001 // at most, exclusive

	moverRule = "count >= 5, count >= 2 * expected and p < 0.001: expected is the mean of the eight " +
		"weeks before, and p is the chance that a Poisson variable with this mean is count or more; " +
		"a week with fewer than eight weeks of feedback before it has no movers"
)

// MoverProperties are the properties among whose values movers are found.
var MoverProperties = [...]string{Area, TypeOfIssue, Environment}

type mover struct {
	By        string  `json:"by"`
	Value     string  `json:"value"`
	Count     int     `json:"count"`
	Expected  float64 `json:"expected"`
	P         float64 `json:"p"`
	FirstSeen string  `json:"first_seen"`
}

// Movers renders the values that had more records in a week than the rule expects: the smallest p
// first, then the larger count, then by property and value. all counts the records of all values;
// it tells where the data begins.
func Movers(values map[string][]Weekly, all Weekly, week WeekNumber) []byte {
	movers := []mover{}
	before := week - moverWeeks
	if slices.ContainsFunc(all.Weeks, func(c WeekCount) bool { return c.Week <= before }) {
		for _, property := range MoverProperties {
			for _, value := range values[property] {
				count := value.Within(week, 1)
				expected := float64(value.Within(before, moverWeeks)) / moverWeeks
				if count < moverCount || float64(count) < moverFactor*expected {
					continue
				}
				if p := poissonTail(count, expected); p < moverChance {
					seen := value.FirstSeen.UTC().Format(TimeFormat)
					movers = append(movers, mover{property, value.Value, count, expected, p, seen})
				}
			}
		}
	}
	slices.SortFunc(movers, func(a, b mover) int {
		return cmp.Or(cmp.Compare(a.P, b.P), cmp.Compare(b.Count, a.Count),
			cmp.Compare(a.By, b.By), cmp.Compare(a.Value, b.Value))
	})
	return encode(struct {
		Week   string  `json:"week"`
		Rule   string  `json:"rule"`
		Movers []mover `json:"movers"`
	}{week.String(), moverRule, movers})
}

// poissonTail returns the chance that a Poisson variable with this mean is count or more. It adds
// the terms from count on, which shrink by half at least, since count is twice the mean or more.
func poissonTail(count int, mean float64) float64 {
	if mean == 0 {
		return 0
	}
	factorial, _ := math.Lgamma(float64(count) + 1)
	term := math.Exp(float64(count)*math.Log(mean) - mean - factorial)
	sum := 0.0
	for k := count; term > sum*1e-17; k++ {
		sum += term
		term *= mean / float64(k+1)
	}
	return sum
}
