package feedback

import (
	"cmp"
	"math"
	"time"
	"unicode/utf8"
)

const (
	pulseMonths      = 12
	pulseDescription = 100 // code points
)

// PulseIssues is how many records of high priority the report shows.
const PulseIssues = 5

// HighPriority is the folded priority of the records that Pulse.High lists.
const HighPriority = "high"

// Pulse is what the customer-pulse report is made of.
type Pulse struct {
	Made   time.Time // when the snapshot was built
	Facets Facets
	Months map[string]int // how many records were created in each month, YYYY-MM

	// Newest and Oldest are when records were created, zero if there is none. Newest is not after
	// Made.
	Newest, Oldest time.Time

	High []Feedback // the newest records of high priority, at most PulseIssues
}

type pulseIssue struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	Environment string `json:"environment"`
	Created     string `json:"created"`
}

// JSON renders the report.
func (p Pulse) JSON() []byte {
	high := []pulseIssue{}
	for _, f := range p.High {
		description := f.Description
		if utf8.RuneCountInString(description) > pulseDescription {
			description = string([]rune(description)[:pulseDescription]) + "..."
		}
		high = append(high,
			pulseIssue{f.ID, description, f.Environment, f.Created.Format(TimeFormat)})
	}
	return encode(struct {
		Total        int            `json:"total_feedback"`
		Priorities   map[string]int `json:"priority_distribution"`
		Environments map[string]int `json:"environment_distribution"`
		States       map[string]int `json:"status_distribution"`
		Trend        pulseTrend     `json:"monthly_trends"`
		High         []pulseIssue   `json:"high_priority_issues"`
		Updated      string         `json:"last_updated"`
	}{
		p.Facets.Total, p.distribution(Priority), p.distribution(Environment),
		p.distribution(Status), p.trend(), high, p.Made.UTC().Format(TimeFormat),
	})
}

func (p Pulse) distribution(property string) map[string]int {
	counts := map[string]int{}
	for _, choice := range p.Facets.Choices[property] {
		counts[choice.Value] = choice.Count
	}
	return counts
}

type pulseTrend struct {
	Data       [][2]any `json:"data"` // month, count
	Percentage float64  `json:"trend_percentage"`
	Direction  string   `json:"trend_direction"`
}

// trend counts the months up to that of the newest record that is not later than the
// snapshot: a wrong date far ahead must not make the year empty. It compares the last two
// months that were over when the snapshot was built, since the current month has fewer
// days. An increase from 0 has no percentage.
func (p Pulse) trend() pulseTrend {
	trend := pulseTrend{Data: [][2]any{}, Direction: "stable"}
	if p.Newest.IsZero() {
		return trend
	}
	last := p.Newest.AddDate(0, 0, 1-p.Newest.Day()) // the first of its month
	for back := pulseMonths - 1; back >= 0; back-- {
		if name := month(last.AddDate(0, -back, 0)); name >= month(p.Oldest) {
			trend.Data = append(trend.Data, [2]any{name, p.Months[name]})
		}
	}
	made := p.Made.UTC()
	over := made.AddDate(0, -1, 1-made.Day())
	before := month(over.AddDate(0, -1, 0))
	if before < month(p.Oldest) {
		return trend
	}
	count, countBefore := p.Months[month(over)], p.Months[before]
	trend.Direction = [...]string{"down", "stable", "up"}[1+cmp.Compare(count, countBefore)]
	if countBefore > 0 {
		trend.Percentage = math.Round(float64(count-countBefore)/float64(countBefore)*1000) / 10
	}
	return trend
}

func month(at time.Time) string { return at.Format("2006-01") }
