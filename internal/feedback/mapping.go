package feedback

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// MappingVersion names the rules of this package. It goes up with every change that makes the same record yield another Feedback, and a
// snapshot that was made by an older one is mapped again by the next refresh.
const MappingVersion = 2

// The keys of FIELD_MAP: what a Feedback is made of.
const (
	Description     = "description"
	Priority        = "priority"
	Team            = "team"
	Environment     = "environment"
	EnvironmentBox  = "environment_box"
	AreaImpacted    = "area_impacted"
	Created         = "created"
	ReportedOn      = "reported_on"
	ModifiedAt      = "modified_at"
	IssueNumber     = "issue_number"
	Status          = "status"
	ReporterEmail   = "reporter_email"
	SlackThread     = "slack_thread"
	TypeOfIssue     = "type_of_issue"
	Source          = "source"
	TriageRep       = "triage_rep"
	Notes           = "notes"
	ResolutionNotes = "resolution_notes"
	RelatedIMT      = "related_imt"
)

// Durations are the keys of the response-time report, in the order of the contract and of Feedback.Hours.
var Durations = [...]string{
	"timeToInProgressHoursAvg",
	"timeInProgressToDoneHoursAvg",
	"timeReportedToReferredHoursAvg",
	"timeReferredToDoneHoursAvg",
	"timeReportToResolutionHoursAvg",
}

// defaults are the contract's field names. Of several the first that is not blank counts.
var defaults = map[string][]string{
	Description:     {"Initial Description", "Notes", "Resolution Notes"},
	Priority:        {"Priority"},
	Team:            {"Team Routed"},
	Environment:     {"Environment"},
	EnvironmentBox:  {"CW 2.0 Bug"},
	AreaImpacted:    {"Area Impacted", "System Impacted", "System", "Component", "Area"},
	Created:         {"Created"},
	ReportedOn:      {"Reported On"},
	ModifiedAt:      {"Last Modified Time"},
	IssueNumber:     {"Issue"},
	Status:          {"Status"},
	ReporterEmail:   {"User Profile Email"},
	SlackThread:     {"Slack Thread Link"},
	TypeOfIssue:     {"Type of Issue"},
	Source:          {"Source"},
	TriageRep:       {"Triage Rep"},
	Notes:           {"Notes"},
	ResolutionNotes: {"Resolution Notes"},
	RelatedIMT:      {"Related IMT"},
	Durations[0]:    {"Time to In Progress"},
	Durations[1]:    {"Time from In Progress to Done"},
	Durations[2]:    {"Time from Reported to Referred"},
	Durations[3]:    {"Time from Referred to Done"},
	Durations[4]:    {"Time From Report to Resolution"},
}

// Mapping says which fields of the base a Feedback is made of, and which team an area belongs to.
type Mapping struct {
	fields map[string][]string // key → names, every key of defaults
	chosen map[string]bool     // keys that FIELD_MAP names
	teams  map[string]string   // folded area → team
}

// NewMapping lays FIELD_MAP over the contract's defaults and takes TEAM_MAP as it is; both are JSON objects, and "" is an empty one. The
// error holds every mistake: a key that does not exist or is there twice, a value that is neither a name nor a list of names, two areas
// that differ in case only. An empty list is none: what the key stands for is absent in every record.
func NewMapping(fieldMap, teamMap string) (Mapping, error) {
	m := Mapping{fields: maps.Clone(defaults), chosen: map[string]bool{}, teams: map[string]string{}}
	return m, errors.Join(m.readFields(fieldMap), m.readTeams(teamMap))
}

// Keys are the keys of FIELD_MAP, sorted.
func Keys() []string { return slices.Sorted(maps.Keys(defaults)) }

// Names are the fields that key reads, first choice first.
func (m Mapping) Names(key string) []string { return m.fields[key] }

// Chosen says whether FIELD_MAP names key, so that a field the base lacks is a mistake and not just an unused default.
func (m Mapping) Chosen(key string) bool { return m.chosen[key] }

// Follow gives the mapping with fields that were renamed in the base: from the name it has to the name the base has now.
func (m Mapping) Follow(renamed map[string]string) Mapping {
	followed := Mapping{fields: make(map[string][]string, len(m.fields)), chosen: m.chosen, teams: m.teams}
	for key, names := range m.fields {
		names = slices.Clone(names)
		for i, name := range names {
			if now, ok := renamed[name]; ok {
				names[i] = now
			}
		}
		followed.fields[key] = names
	}
	return followed
}

// MarshalJSON writes fields and teams, sorted, so that two equal mappings give equal bytes: a snapshot keeps them to know what it was made with.
func (m Mapping) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"fields": m.fields, "teams": m.teams})
}

func (m Mapping) readFields(fieldMap string) error {
	given, err := object(fieldMap)
	if err != nil {
		return fmt.Errorf("FIELD_MAP: %w", err)
	}
	var mistakes []error
	for _, key := range slices.Sorted(maps.Keys(given)) {
		names, err := names(given[key])
		switch {
		case defaults[key] == nil:
			mistakes = append(mistakes, fmt.Errorf("FIELD_MAP: no key %q: use one of %s", key, strings.Join(Keys(), ", ")))
		case err != nil:
			mistakes = append(mistakes, fmt.Errorf("FIELD_MAP: %s: %w", key, err))
		default:
			m.fields[key], m.chosen[key] = names, true
		}
	}
	return errors.Join(mistakes...)
}

func (m Mapping) readTeams(teamMap string) error {
	given, err := object(teamMap)
	if err != nil {
		return fmt.Errorf("TEAM_MAP: %w", err)
	}
	var mistakes []error
	for _, area := range slices.Sorted(maps.Keys(given)) {
		var team string
		if json.Unmarshal(given[area], &team) != nil || blank(team) {
			mistakes = append(mistakes, fmt.Errorf("TEAM_MAP: %q: the team must be a text", area))
			continue
		}
		if _, twice := m.teams[Fold(area)]; twice {
			mistakes = append(mistakes, fmt.Errorf("TEAM_MAP: %q is there twice (case and accents do not count)", area))
		}
		m.teams[Fold(area)] = team
	}
	return errors.Join(mistakes...)
}

func object(text string) (map[string]json.RawMessage, error) {
	if blank(text) {
		return nil, nil
	}
	var given map[string]json.RawMessage
	err := json.Unmarshal([]byte(text), &given)
	if err != nil || given == nil || !jsontext.Value(text).IsValid() { // which also refuses a name that is there twice
		return nil, errors.New("must be a JSON object of names and values, no name twice")
	}
	return given, nil
}

func names(raw json.RawMessage) ([]string, error) {
	var one string
	if json.Unmarshal(raw, &one) == nil && !blank(one) {
		return []string{one}, nil
	}
	var list []string
	if json.Unmarshal(raw, &list) != nil || list == nil || slices.ContainsFunc(list, blank) {
		return nil, errors.New("must be the name of a field or a list of names ([] for none)")
	}
	return list, nil
}
