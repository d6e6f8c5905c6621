package feedback

import "time"

// Area is the property that has each of a record's areas as a value.
const Area = "area"

// NoArea is the area of a record without areas.
const NoArea = "Unknown"

// NoEnvironment is the environment of a record that tells nothing about it.
const NoEnvironment = "Unknown"

// Properties are the names of the properties that feedback is filtered by, in the
// contract's order. Each is the name of a parameter. A change requires a new [MappingVersion],
// so that existing snapshots are indexed again.
var Properties = [...]string{Team, Priority, Environment, Status, Source, Area, TypeOfIssue}

// Filter selects the feedback that meets all its parts. An empty part selects everything.
type Filter struct {
	Any  map[string][]string // property → values: one must equal the record's, folded
	From time.Time           // created then or later
	To   time.Time           // created before
	Text Text                // must match
}

// Values returns the values of a property: exactly one, except of Area.
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
