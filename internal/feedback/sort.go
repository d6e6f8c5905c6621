package feedback

import (
	"slices"
	"strconv"
	"strings"
)

// Sort is the name of an order, as in the parameter: a key, with a "-" before it for
// descending. In every order nulls come last, and ties are newest first, then by ID.
type Sort string

// Newest and Relevance have uses beyond the parameter.
const (
	Newest    Sort = "-" + Created // the order in which snapshots store records
	Relevance Sort = "relevance"   // how well a record matches a Text
)

// Modified is the sort key of the time of the last change.
const Modified = "modified"

// SortKeys are the keys that feedback can be sorted by.
var SortKeys = [...]string{
	Created, Modified, Priority, Status, Environment, AreaImpacted, IssueNumber,
}

// Sorts are all orders except Relevance.
var Sorts = func() (all []Sort) {
	for _, key := range SortKeys {
		all = append(all, Sort(key), Sort("-"+key))
	}
	return all
}()

// Key returns the key and the direction of an order.
func (s Sort) Key() (key string, descending bool) { return strings.CutPrefix(string(s), "-") }

// Collate returns the text by whose bytes a value of a key is sorted. Case does not count,
// and priorities are sorted by weight.
func Collate(key, value string) string {
	folded := Fold(value)
	if key != Priority {
		return folded
	}
	weight := slices.Index(weights, folded)
	if weight < 0 {
		return "~" + folded // after any digit
	}
	return strconv.Itoa(weight)
}

// weights are the priorities that come first, in this order. Others follow by their text.
var weights = []string{HighPriority, Fold("Medium"), Fold("Low")}
