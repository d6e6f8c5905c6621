package feedback

import (
	"errors"
	"time"

	"github.com/go-json-experiment/json"
)

// summaryOutline and detailOutline are what Outline reads. What is not in them is passed over without being copied.
type summaryOutline struct {
	ID           string   `json:"id"`
	Priority     string   `json:"priority"`
	Team         string   `json:"team"`
	Environment  string   `json:"environment"`
	AreaImpacted string   `json:"area_impacted"`
	Created      string   `json:"created"`
	Week         string   `json:"week"`
	IssueNumber  *float64 `json:"issue_number"`
	Status       string   `json:"status"`
	TypeOfIssue  string   `json:"type_of_issue"`
	Source       string   `json:"source"`
}

type detailOutline struct {
	Areas      []string `json:"areas"`
	ModifiedAt string   `json:"modified_at"`
}

// Outline reads, out of what Summary and Detail wrote, all that a Feedback is found, sorted and counted by: not its texts. A row that is kept needs no mapping for that.
func Outline(summary, detail []byte) (Feedback, error) {
	var s summaryOutline
	var d detailOutline
	if err := errors.Join(json.Unmarshal(summary, &s), json.Unmarshal(detail, &d)); err != nil {
		return Feedback{}, err
	}
	created, err := time.Parse(TimeFormat, s.Created)
	modified, errModified := time.Parse(TimeFormat, d.ModifiedAt)
	return Feedback{
		ID: s.ID, Priority: s.Priority, Team: s.Team, Environment: s.Environment, AreaImpacted: s.AreaImpacted, Created: created, Week: s.Week, IssueNumber: s.IssueNumber,
		Status: s.Status, TypeOfIssue: s.TypeOfIssue, Source: s.Source, Areas: d.Areas, Modified: modified,
	}, errors.Join(err, errModified)
}

// DescriptionIn reads the description out of a Summary.
func DescriptionIn(summary []byte) (description string, err error) {
	text, _ := member(summary, "description") // nil is no JSON
	err = json.Unmarshal(text, &description)
	return description, err
}
