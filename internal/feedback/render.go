package feedback

import (
	"bytes"
	"encoding/json"
	"errors"
)

// TimeFormat writes every instant of the contract, once it is in UTC.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// summary has the sixteen keys of a list element, in the contract's order.
type summary struct {
	ID            string          `json:"id"`
	Description   string          `json:"description"`
	Priority      string          `json:"priority"`
	Team          string          `json:"team"`
	Environment   string          `json:"environment"`
	AreaImpacted  string          `json:"area_impacted"`
	Created       string          `json:"created"`
	Week          string          `json:"week"`
	IssueNumber   json.RawMessage `json:"issue_number"`
	Status        string          `json:"status"`
	ReporterEmail string          `json:"reporter_email"`
	SlackThread   string          `json:"slack_thread"`
	TypeOfIssue   string          `json:"type_of_issue"`
	TypeOfReport  string          `json:"type_of_report"`
	Source        string          `json:"source"`
	TriageRep     string          `json:"triage_rep"`
}

// detail has the keys that the answer for one record adds, but for those that Join copies out of the summary; its fields come last, from the record itself.
type detail struct {
	Notes           string   `json:"notes"`
	ResolutionNotes string   `json:"resolution_notes"`
	RelatedIMT      string   `json:"related_imt"`
	Areas           []string `json:"areas"`
	CreatedAt       string   `json:"created_at"`
	ModifiedAt      string   `json:"modified_at"`
	AirtableURL     string   `json:"airtable_url"`
}

// Columns are the keys of a list element, in order.
func Columns() []string {
	return []string{
		"id", "description", "priority", "team", "environment", "area_impacted", "created", "week", "issue_number", "status", "reporter_email",
		"slack_thread", "type_of_issue", "type_of_report", "source", "triage_rep",
	}
}

// Summary is the JSON object of the list.
func (f Feedback) Summary() []byte {
	s := summary{
		ID: f.ID, Description: f.Description, Priority: f.Priority, Team: f.Team, Environment: f.Environment,
		AreaImpacted: f.AreaImpacted, Created: f.Created.Format(TimeFormat), Week: f.Week, Status: f.Status,
		ReporterEmail: f.ReporterEmail, SlackThread: f.SlackThread, TypeOfIssue: f.TypeOfIssue,
		TypeOfReport: f.TypeOfIssue, Source: f.Source, TriageRep: f.TriageRep,
	}
	if s.TypeOfReport == "" {
		s.TypeOfReport = "N/A"
	}
	if f.IssueNumber != nil {
		s.IssueNumber = number(*f.IssueNumber)
	}
	return encode(s)
}

// Detail is the JSON object of what the answer for one record has beyond Summary, without its last key, fields: those are the record's
// own bytes, which a snapshot keeps anyway. Join puts the three together.
func (f Feedback) Detail(airtableURL string) []byte {
	areas := f.Areas
	if areas == nil {
		areas = []string{}
	}
	return encode(detail{
		Notes: f.Notes, ResolutionNotes: f.ResolutionNotes,
		RelatedIMT: f.RelatedIMT, Areas: areas, CreatedAt: f.Created.Format(TimeFormat),
		ModifiedAt: f.Modified.Format(TimeFormat), AirtableURL: airtableURL,
	})
}

// Join makes the answer for one record of its Summary, its Detail and its fields (a JSON object) by copying bytes: nothing is decoded. What the answer has twice,
// under two names, is kept once.
func Join(summary, detail, fields []byte) ([]byte, error) {
	description, ok := member(summary, "description")
	team, found := member(summary, "team")
	if !ok || !found || len(detail) < len(`{}`) || len(fields) < len(`{}`) {
		return nil, errors.New("it is damaged")
	}
	whole := make([]byte, 0, len(summary)+len(description)+len(detail)+len(fields)+100)
	whole = append(whole, summary[:len(summary)-1]...)
	whole = append(append(whole, `,"initial_description":`...), description...)
	whole = append(append(whole, `,"team_routed":`...), team...)
	whole = append(append(whole, ','), detail[1:len(detail)-1]...)
	whole = append(append(whole, `,"fields":`...), fields...)
	return append(whole, '}'), nil
}

// member finds the text of a member of a Summary, with its quotes. A quote that nothing escapes is never inside of a text, so that the name is found where it is one.
func member(summary []byte, name string) ([]byte, bool) {
	_, rest, ok := bytes.Cut(summary, []byte(`,"`+name+`":`))
	if !ok || len(rest) == 0 || rest[0] != '"' {
		return nil, false
	}
	for end := 1; end < len(rest); end++ {
		switch rest[end] {
		case '\\':
			end++
		case '"':
			return rest[:end+1], true
		}
	}
	return nil, false
}

// encode writes JSON without HTML escapes: answers are application/json with nosniff, and "<" is a third of the bytes of "\u003c".
func encode(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // strings, lists of strings and checked numbers always encode
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
