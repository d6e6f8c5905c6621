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

// MappingVersion is the version of the rules of this package. Every change that makes the
// same record yield another Feedback increments it; the next refresh then maps the
// records of an older snapshot again.
const MappingVersion = 3

// The keys of a field map: the parts of a Feedback that come from fields.
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

// Durations are the keys of the response-time report, in the order of the contract and of
// Feedback.Hours.
var Durations = [...]string{
	"timeToInProgressHoursAvg",
	"timeInProgressToDoneHoursAvg",
	"timeReportedToReferredHoursAvg",
	"timeReferredToDoneHoursAvg",
	"timeReportToResolutionHoursAvg",
}

// defaults are the contract's field names. The first field that is not blank counts.
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

// Mapping defines which fields of the base make up a Feedback, and which team an area
// belongs to.
type Mapping struct {
	fields map[string][]string // key → names, every key of defaults
	chosen map[string]bool     // keys that the field map names
	teams  map[string]string   // folded area → team
	box    bool                // the table has the field of EnvironmentBox
}

// MappingError is the error of NewMapping: what is wrong with each of the two maps, nil
// for a valid one. Several errors of a map are joined by [errors.Join].
type MappingError struct{ Fields, Teams error }

func (e *MappingError) Error() string { return errors.Join(e.Fields, e.Teams).Error() }

// NewMapping applies a field map (key → field name or list of names) over the contract's
// defaults, and a team map (area → team). Both are JSON objects; "" is an empty one. With
// an empty list, a key is absent in every record.
//
// It returns a *MappingError that has every error: a key that does not exist or occurs
// twice, a value that is neither a name nor a list of names, two areas that are equal
// once folded.
func NewMapping(fieldMap, teamMap string) (Mapping, error) {
	m := Mapping{
		fields: maps.Clone(defaults), chosen: map[string]bool{}, teams: map[string]string{},
	}
	err := &MappingError{Fields: m.readFields(fieldMap), Teams: m.readTeams(teamMap)}
	if err.Fields != nil || err.Teams != nil {
		return Mapping{}, err
	}
	return m, nil
}

// Keys returns the keys of a field map, sorted.
func Keys() []string { return slices.Sorted(maps.Keys(defaults)) }

// Names returns the fields that a key reads, first choice first. The caller must not
// change them.
func (m Mapping) Names(key string) []string { return m.fields[key] }

// Chosen reports whether the field map names a key. If it does, a field that the base
// does not have is an error rather than an unused default.
func (m Mapping) Chosen(key string) bool { return m.chosen[key] }

// Follow returns the mapping with the new names of fields that were renamed in the base.
// The keys of renamed are the names that the mapping has.
func (m Mapping) Follow(renamed map[string]string) Mapping {
	followed := m
	followed.fields = make(map[string][]string, len(m.fields))
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

// WithBox returns the mapping for a table that has a field of EnvironmentBox, or has none.
// Only where there is one does its check mark decide between two environments; NewMapping
// assumes none.
func (m Mapping) WithBox(has bool) Mapping {
	m.box = has
	return m
}

// MarshalJSON writes fields, teams and whether there is a box, sorted, so that equal mappings
// give equal bytes. A snapshot stores them as the mapping it was built with.
func (m Mapping) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"fields": m.fields, "teams": m.teams, "box": m.box})
}

func (m Mapping) readFields(fieldMap string) error {
	values, err := parseObject(fieldMap)
	if err != nil {
		return err
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		var name string
		var names []string
		switch value := values[key]; {
		case defaults[key] == nil:
			errs = append(errs, fmt.Errorf("no key %q: use one of %s",
				key, strings.Join(Keys(), ", ")))
			continue
		case json.Unmarshal(value, &name) == nil && !blank(name):
			names = []string{name}
		case json.Unmarshal(value, &names) != nil, names == nil, slices.ContainsFunc(names, blank):
			errs = append(errs, fmt.Errorf(
				"%s: must be the name of a field or a list of names ([] for none)", key))
			continue
		}
		m.fields[key], m.chosen[key] = names, true
	}
	return errors.Join(errs...)
}

func (m Mapping) readTeams(teamMap string) error {
	values, err := parseObject(teamMap)
	if err != nil {
		return err
	}
	var errs []error
	for _, area := range slices.Sorted(maps.Keys(values)) {
		var team string
		if json.Unmarshal(values[area], &team) != nil || blank(team) {
			errs = append(errs, fmt.Errorf("%q: the team must be a string that is not blank", area))
			continue
		}
		if _, twice := m.teams[Fold(area)]; twice {
			errs = append(errs, fmt.Errorf("%q occurs twice (case and accents do not count)", area))
		}
		m.teams[Fold(area)] = team
	}
	return errors.Join(errs...)
}

// parseObject parses a JSON object and rejects names that occur twice.
func parseObject(text string) (map[string]json.RawMessage, error) {
	if blank(text) {
		return nil, nil
	}
	var values map[string]json.RawMessage
	err := json.Unmarshal([]byte(text), &values)
	if err != nil || values == nil || !jsontext.Value(text).IsValid() {
		return nil, errors.New("must be a JSON object in which no name occurs twice")
	}
	return values, nil
}
