package build

import (
	"slices"
)

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
		x := keyedRecord{sortKey{number: c.numbers[a-firstPosition]}, a}
		return x.compare(keyedRecord{sortKey{number: c.numbers[b-firstPosition]}, b}, descending)
	})
}
