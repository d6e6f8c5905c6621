package build

import (
	"cmp"
	"math"

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
	return keyedRecord{sortKey: k}.compare(keyedRecord{sortKey: other}, false) == 0
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

// keyedRecord is a record with what it is sorted by.
type keyedRecord struct {
	sortKey
	pos uint32
}

// compare orders records: nulls last, ties by position.
func (s keyedRecord) compare(other keyedRecord, descending bool) int {
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
