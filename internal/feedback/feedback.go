package feedback

import (
	"encoding/json"
	"strings"
	"time"
)

// Record is what a Feedback is made from: a row of the base with its cells by field name, as Airtable sent them.
type Record struct {
	ID          string
	CreatedTime time.Time // Airtable's own, not a field
	Fields      map[string]json.RawMessage
}

// Feedback is one row as the contract describes it. The first sixteen are the keys of the list, in its order; Summary and Detail write them.
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
	TypeOfIssue   string // "" when absent; type_of_report is made of it
	Source        string
	TriageRep     string

	Areas           []string
	Notes           string
	ResolutionNotes string
	RelatedIMT      string
	Modified        time.Time
	ReportWeek      string                  // the Monday of Reported On, else of Created
	Hours           [len(Durations)]float64 // 0 where there is none
}

// Map makes the Feedback of a record. It never fails: the package comment says why.
func (m Mapping) Map(r Record) Feedback {
	c := cells{mapping: m, fields: r.Fields}
	f := Feedback{
		ID:              r.ID,
		Description:     c.description(),
		Priority:        c.priority(),
		Environment:     c.environment(),
		Areas:           c.areas(),
		Created:         r.CreatedTime.UTC().Truncate(time.Millisecond),
		IssueNumber:     c.number(IssueNumber),
		Status:          c.textOr(Status, "New"),
		ReporterEmail:   c.text(ReporterEmail),
		SlackThread:     c.text(SlackThread),
		TypeOfIssue:     c.text(TypeOfIssue),
		Source:          c.textOr(Source, "N/A"),
		TriageRep:       c.textOr(TriageRep, "N/A"),
		Notes:           c.text(Notes),
		ResolutionNotes: c.text(ResolutionNotes),
		RelatedIMT:      c.text(RelatedIMT),
		Hours:           c.durations(),
	}
	f.Team = c.team(f.Areas)
	f.AreaImpacted = "Unknown"
	if len(f.Areas) > 0 {
		f.AreaImpacted = strings.Join(f.Areas, ", ")
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

// cells reads the cells of one record by key of the mapping.
type cells struct {
	mapping Mapping
	fields  map[string]json.RawMessage
}

func (c cells) text(key string) string {
	for _, name := range c.mapping.fields[key] {
		if t := text(decode(c.fields[name])); t != "" {
			return t
		}
	}
	return ""
}

func (c cells) textOr(key, fallback string) string {
	if t := c.text(key); t != "" {
		return t
	}
	return fallback
}

func (c cells) description() string {
	for _, name := range c.mapping.fields[Description] {
		if t := strings.TrimSpace(text(decode(c.fields[name]))); t != "" && t != "N/A" {
			return t
		}
	}
	return "No description provided"
}

func (c cells) priority() string {
	given := c.textOr(Priority, "3")
	switch strings.TrimSpace(given) {
	case "1":
		return "High"
	case "2":
		return "Medium"
	case "3":
		return "Low"
	}
	return given
}

func (c cells) environment() string {
	fallback := "CW 1.0"
	if c.text(EnvironmentBox) == "true" {
		fallback = "CW 2.0"
	}
	return c.textOr(Environment, fallback)
}

func (c cells) areas() []string {
	for _, name := range c.mapping.fields[AreaImpacted] {
		if areas := elements(decode(c.fields[name])); len(areas) > 0 {
			return areas
		}
	}
	return nil
}

func (c cells) team(areas []string) string {
	if routed := c.text(Team); routed != "" && strings.TrimSpace(routed) != "Unassigned" {
		return routed
	}
	for _, area := range areas {
		if team, ok := c.mapping.teams[Fold(area)]; ok {
			return team
		}
	}
	return "Triage"
}

// instant takes the first readable one: an unreadable date is absent, so that the next name has its turn.
func (c cells) instant(key string) (time.Time, bool) {
	for _, name := range c.mapping.fields[key] {
		if at, ok := instant(text(decode(c.fields[name]))); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

func (c cells) number(key string) *float64 {
	if f, ok := numeric(c.text(key)); ok {
		return &f
	}
	return nil
}

func (c cells) durations() (all [len(Durations)]float64) {
	for i, key := range Durations {
		for _, name := range c.mapping.fields[key] {
			if h, ok := hours(decode(c.fields[name])); ok {
				all[i] = max(h, 0)
				break
			}
		}
	}
	return all
}
