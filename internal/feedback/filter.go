package feedback

import "time"

// Area is the property that holds each of a record's areas by itself.
const Area = "area"

// NoArea is the area of what has none.
const NoArea = "Unknown"

// Properties are what feedback is told apart by, as its parameters are called, in the contract's order.
var Properties = [...]string{Team, Priority, Environment, Status, Source, Area, TypeOfIssue}

// Filter selects feedback. What is left empty selects all; the parts hold together.
type Filter struct {
	Any  map[string][]string // property → values: one of them must be the record's, exactly but for case
	From time.Time           // created then or later
	To   time.Time           // created before
	Text Text                // must occur in it
}

// Values are those that f has of a property: one, but for Area.
func (f Feedback) Values(property string) []string {
	switch property {
	case Team:
		return []string{f.Team}
	case Priority:
		return []string{f.Priority}
	case Environment:
		return []string{f.Environment}
	case Status:
		return []string{f.Status}
	case Source:
		return []string{f.Source}
	case TypeOfIssue:
		return []string{f.TypeOfIssue}
	case Area:
		if len(f.Areas) > 0 {
			return f.Areas
		}
		return []string{NoArea}
	}
	return nil
}
