package feedback

import (
	"slices"
	"strconv"
	"strings"
)

// Sort is the name of an order, as the parameter has it: a key, with a "-" before it for descending. Whatever the order: nulls come last, ties newest first, then by id.
type Sort string

// Orders that are not like the others.
const (
	Newest    Sort = "-" + Created // in which everything is kept
	Relevance Sort = "relevance"   // how well a Text is met
)

// Modified is the key of the time of the last change.
const Modified = "modified"

// SortKeys are what feedback can be sorted by.
var SortKeys = [...]string{Created, Modified, Priority, Status, Environment, AreaImpacted, IssueNumber}

// Sorts are all orders but Relevance.
var Sorts = func() (all []Sort) {
	for _, key := range SortKeys {
		all = append(all, Sort(key), Sort("-"+key))
	}
	return all
}()

// Key gives what the order goes by, and its direction.
func (s Sort) Key() (key string, descending bool) { return strings.CutPrefix(string(s), "-") }

// weights are the priorities that have one. Other texts follow, by their letters.
var weights = []string{Fold("High"), Fold("Medium"), Fold("Low")}

// Collate gives the text by whose bytes a value of a key is sorted: case does not count, and priorities go by their weight.
func Collate(key, value string) string {
	folded := Fold(value)
	if key != Priority {
		return folded
	}
	weight := slices.Index(weights, folded)
	if weight < 0 {
		return "~" + folded // behind any digit
	}
	return strconv.Itoa(weight)
}
