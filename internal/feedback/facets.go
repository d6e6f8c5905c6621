package feedback

import (
	"cmp"
	"slices"
)

// Choice is a value of a property and the number of records that have it.
type Choice struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Week is the only facet that is not a property: the Monday of each record's week.
const Week = "week"

// Facets are the choices of each property and of Week.
type Facets struct {
	Total   int
	Choices map[string][]Choice
}

// JSON renders the facets in the contract's form: the most frequent choice first, then by
// value; weeks in ascending order.
func (f Facets) JSON() []byte {
	sorted := func(property string) []Choice {
		choices := slices.Clone(f.Choices[property])
		slices.SortFunc(choices, func(a, b Choice) int {
			if property == Week {
				return cmp.Compare(a.Value, b.Value)
			}
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
		})
		if choices == nil {
			return []Choice{}
		}
		return choices
	}
	return encode(struct {
		Total       int      `json:"total"`
		Team        []Choice `json:"team"`
		Priority    []Choice `json:"priority"`
		Environment []Choice `json:"environment"`
		Status      []Choice `json:"status"`
		Source      []Choice `json:"source"`
		Area        []Choice `json:"area"`
		TypeOfIssue []Choice `json:"type_of_issue"`
		Week        []Choice `json:"week"`
	}{
		f.Total, sorted(Team), sorted(Priority), sorted(Environment), sorted(Status),
		sorted(Source), sorted(Area), sorted(TypeOfIssue), sorted(Week),
	})
}
