package feedback

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// Record is the source of a Feedback: a row of the base with its cells by field name, as
// Airtable sent them.
type Record struct {
	ID          string
	CreatedTime time.Time // Airtable's own, not a field
	Fields      map[string]json.RawMessage
}

// Feedback is one row as the contract describes it. The first fifteen fields are those of
// the list, in its order; Summary and Detail render them.
type Feedback struct {
	ID            string
	Description   string
	Priority      string
	Team          string
	Environment   string
	AreaImpacted  string
	Created       time.Time // UTC, whole milliseconds
	Week          string    // the Monday of Created, YYYY-MM-DD
	IssueNumber   *float64
	Status        string
	ReporterEmail string
	SlackThread   string
	TypeOfIssue   string // "" if absent; type_of_report derives from it
	Source        string
	TriageRep     string

	Areas           []string
	Notes           string
	ResolutionNotes string
	RelatedIMT      string
	Modified        time.Time
	ReportWeek      string                  // the Monday of Reported On, else of Created
	Hours           [len(Durations)]float64 // 0 if absent
}

// Map returns the Feedback of a record. It never fails; the package comment gives the
// reason.
func (m Mapping) Map(r Record) Feedback {
	c := cells{mapping: m, fields: r.Fields}
	f := Feedback{
		ID:              r.ID,
		Description:     c.description(),
		Priority:        cmp.Or(c.text(Priority), "3"),
		Environment:     c.text(Environment),
		Created:         r.CreatedTime.UTC().Truncate(time.Millisecond),
		Status:          cmp.Or(c.text(Status), "New"),
		ReporterEmail:   c.text(ReporterEmail),
		SlackThread:     c.text(SlackThread),
		TypeOfIssue:     c.text(TypeOfIssue),
		Source:          cmp.Or(c.text(Source), "N/A"),
		TriageRep:       cmp.Or(c.text(TriageRep), "N/A"),
		Notes:           c.text(Notes),
		ResolutionNotes: c.text(ResolutionNotes),
		RelatedIMT:      c.text(RelatedIMT),
		Hours:           c.hours(),
	}
	f.Priority = cmp.Or(priorities[strings.TrimSpace(f.Priority)], f.Priority)
	switch {
	case f.Environment != "":
	case !m.box:
		f.Environment = NoEnvironment
	case c.text(EnvironmentBox) == "true":
		f.Environment = "CW 2.0"
	default:
		f.Environment = "CW 1.0"
	}
	for _, name := range m.fields[AreaImpacted] {
		if f.Areas = textsOf(decode(r.Fields[name])); len(f.Areas) > 0 {
			break
		}
	}
	f.Team = c.team(f.Areas)
	f.AreaImpacted = cmp.Or(strings.Join(f.Areas, ", "), NoArea)
	if number, ok := parseNumber(c.text(IssueNumber)); ok {
		f.IssueNumber = &number
	}
	reported, isReported := c.instant(ReportedOn)
	if created, ok := c.instant(Created); ok {
		f.Created = created
	} else if isReported {
		f.Created = reported
	}
	f.Week, f.ReportWeek, f.Modified = monday(f.Created), monday(f.Created), f.Created
	if isReported {
		f.ReportWeek = monday(reported)
	}
	if modified, ok := c.instant(ModifiedAt); ok {
		f.Modified = modified
	}
	return f
}

// priorities are the contract's names for the numbers in the base. Other texts stay.
var priorities = map[string]string{"1": "High", "2": "Medium", "3": "Low"}

// cells reads the cells of one record by key of the mapping. Each method returns the
// first usable value among the fields of its key.
type cells struct {
	mapping Mapping
	fields  map[string]json.RawMessage
}

func (c cells) description() string {
	for _, name := range c.mapping.fields[Description] {
		if t := strings.TrimSpace(textOf(decode(c.fields[name]))); t != "" && t != "N/A" {
			return t
		}
	}
	return "No description provided"
}

func (c cells) team(areas []string) string {
	if routed := c.text(Team); routed != "" && Fold(routed) != "unassigned" {
		return routed
	}
	for _, area := range areas {
		if team, ok := c.mapping.teams[Fold(area)]; ok {
			return team
		}
	}
	return "Triage"
}

func (c cells) text(key string) string {
	for _, name := range c.mapping.fields[key] {
		if t := textOf(decode(c.fields[name])); t != "" {
			return t
		}
	}
	return ""
}

func (c cells) instant(key string) (time.Time, bool) {
	for _, name := range c.mapping.fields[key] {
		if at, ok := parseInstant(textOf(decode(c.fields[name]))); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

func (c cells) hours() (all [len(Durations)]float64) {
	for i, key := range Durations {
		for _, name := range c.mapping.fields[key] {
			if hours, ok := numberOf(decode(c.fields[name])); ok {
				all[i] = max(hours, 0)
				break
			}
		}
	}
	return all
}
