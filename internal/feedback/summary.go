package feedback

import (
	"cmp"
	"encoding/json"
)

// summary has the 16 keys of a list element, in the contract's order. It is the one
// definition of them: JSON is written from it, and CSV is written from that JSON.
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

// Summary renders the JSON object of the list.
func (f Feedback) Summary() []byte {
	s := summary{
		ID:            f.ID,
		Description:   f.Description,
		Priority:      f.Priority,
		Team:          f.Team,
		Environment:   f.Environment,
		AreaImpacted:  f.AreaImpacted,
		Created:       f.Created.Format(TimeFormat),
		Week:          f.Week,
		Status:        f.Status,
		ReporterEmail: f.ReporterEmail,
		SlackThread:   f.SlackThread,
		TypeOfIssue:   f.TypeOfIssue,
		TypeOfReport:  cmp.Or(f.TypeOfIssue, "N/A"),
		Source:        f.Source,
		TriageRep:     f.TriageRep,
	}
	if f.IssueNumber != nil {
		s.IssueNumber = encodeNumber(*f.IssueNumber)
	}
	return encode(s)
}
