package build

import (
	"cmp"
	"math"
	"slices"

	"voc/internal/feedback"
)

// column holds what records are sorted by under one key: the record at pos has
// numbers[pos-1], NaN for null. Of texts that is the index into distinct until they are
// ranked.
type column struct {
	numbers  []float64
	distinct []string
	indexes  map[string]int
}

// add appends what f is sorted by.
func (c *column) add(key string, f feedback.Feedback) {
	switch key {
	case feedback.Created: // exact: no year of four digits needs more than 53 bits
		c.numbers = append(c.numbers, float64(f.Created.UnixMilli()))
		return
	case feedback.Modified:
		c.numbers = append(c.numbers, float64(f.Modified.UnixMilli()))
		return
	case feedback.IssueNumber:
		issue := math.NaN()
		if f.IssueNumber != nil {
			issue = *f.IssueNumber
		}
		c.numbers = append(c.numbers, issue)
		return
	}
	text := f.AreaImpacted
	if key != feedback.AreaImpacted {
		text = f.Values(key)[0]
	}
	text = feedback.Collate(key, text)
	i, known := c.indexes[text]
	if !known {
		i = len(c.distinct)
		c.indexes[text] = i
		c.distinct = append(c.distinct, text)
	}
	c.numbers = append(c.numbers, float64(i))
}

// rank replaces the indexes of texts by their ranks.
func (c *column) rank() {
	if len(c.distinct) == 0 {
		return
	}
	slices.Sort(c.distinct)
	ranks := make([]float64, len(c.distinct))
	for rank, text := range c.distinct {
		ranks[c.indexes[text]] = float64(rank)
	}
	for i, index := range c.numbers {
		c.numbers[i] = ranks[int(index)]
	}
	c.distinct, c.indexes = nil, nil
}

// sort orders positions: nulls last, ties as they are.
func (c *column) sort(positions []uint32, descending bool) {
	slices.SortFunc(positions, func(a, b uint32) int {
		x, y := c.numbers[a-1], c.numbers[b-1]
		switch {
		case math.IsNaN(x) || math.IsNaN(y):
			return cmp.Or(-cmp.Compare(x, y), cmp.Compare(a, b)) // cmp has NaN first
		case descending:
			x, y = y, x
		}
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	})
}
