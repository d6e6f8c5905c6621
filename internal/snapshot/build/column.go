package build

import (
	"cmp"
	"math"
	"slices"

	"voc/internal/feedback"
)

// rankedKeys are the sort keys whose orders are sorted record by record. The orders by the others
// follow from the sets of their values.
var rankedKeys = [...]string{
	feedback.Created, feedback.Modified, feedback.AreaImpacted, feedback.IssueNumber,
}

// sortKey is what a record is sorted by under one key: a number, NaN for null, or a text.
type sortKey struct {
	number float64
	text   string
}

func (k sortKey) equals(other sortKey) bool {
	return spot{sortKey: k}.compare(spot{sortKey: other}, false) == 0
}

// sortKeys are those of a record, in the order of rankedKeys.
type sortKeys [len(rankedKeys)]sortKey

func sortKeysOf(f feedback.Feedback) sortKeys {
	issue := math.NaN()
	if f.IssueNumber != nil {
		issue = *f.IssueNumber
	}
	return sortKeys{
		{number: float64(f.Created.UnixMilli())}, // exact: no year of four digits needs more than 53 bits
		{number: float64(f.Modified.UnixMilli())},
		{text: feedback.Collate(feedback.AreaImpacted, f.AreaImpacted)},
		{number: issue},
	}
}

// spot is a record with what it is sorted by.
type spot struct {
	sortKey
	pos uint32
}

// compare orders records: nulls last, ties by position.
func (s spot) compare(other spot, descending bool) int {
	x, y := s, other
	if descending && !math.IsNaN(x.number) && !math.IsNaN(y.number) {
		x, y = y, x
	}
	switch {
	case x.number < y.number:
		return -1
	case x.number > y.number:
		return 1
	case x.number != y.number: // at least one is NaN, which cmp has first
		return cmp.Or(-cmp.Compare(x.number, y.number), cmp.Compare(s.pos, other.pos))
	}
	return cmp.Or(cmp.Compare(x.text, y.text), cmp.Compare(s.pos, other.pos))
}

// column holds what records are sorted by under one key: the record at pos has
// numbers[pos-firstPosition]. Of texts that is the index into distinct until they are ranked.
type column struct {
	numbers  []float64
	distinct []string
	indexes  map[string]int
	isText   bool
}

// add appends what the next record is sorted by.
func (c *column) add(key sortKey) {
	if c.isText {
		i, known := c.indexes[key.text]
		if !known {
			i = len(c.distinct)
			c.indexes[key.text] = i
			c.distinct = append(c.distinct, key.text)
		}
		key.number = float64(i)
	}
	c.numbers = append(c.numbers, key.number)
}

// rank replaces the indexes of texts by their ranks.
func (c *column) rank() {
	if !c.isText {
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

// sort orders positions.
func (c *column) sort(positions []uint32, descending bool) {
	slices.SortFunc(positions, func(a, b uint32) int {
		x := spot{sortKey{number: c.numbers[a-firstPosition]}, a}
		return x.compare(spot{sortKey{number: c.numbers[b-firstPosition]}, b}, descending)
	})
}
