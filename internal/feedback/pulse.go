package feedback

import (
	"cmp"
	"math"
	"time"
	"unicode/utf8"
)

const (
	pulseMonths      = 12
	pulseIssues      = 5
	pulseDescription = 100 // code points
)

// Pulse is the customer-pulse report in the making. Add must see the newest record first.
type Pulse struct {
	Made time.Time // when the snapshot was

	total                            int
	priorities, environments, states map[string]int
	months                           map[string]int
	newest, oldest                   time.Time // newest is not after Made
	high                             []pulseIssue
}

type pulseIssue struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	Environment string `json:"environment"`
	Created     string `json:"created"`
}

// NewPulse begins the report of a snapshot that was made then.
func NewPulse(made time.Time) *Pulse {
	return &Pulse{Made: made, priorities: map[string]int{}, environments: map[string]int{}, states: map[string]int{}, months: map[string]int{}}
}

// Shows says whether the report will show the record, with its description, once it is added.
func (p *Pulse) Shows(f Feedback) bool {
	return len(p.high) < pulseIssues && Fold(f.Priority) == weights[0]
}

// Add counts a record.
func (p *Pulse) Add(f Feedback) {
	p.total++
	p.priorities[f.Priority]++
	p.environments[f.Environment]++
	p.states[f.Status]++
	p.months[month(f.Created)]++
	if p.newest.IsZero() && !f.Created.After(p.Made) {
		p.newest = f.Created
	}
	p.oldest = f.Created
	if p.Shows(f) {
		p.high = append(p.high, pulseIssue{f.ID, shortened(f.Description), f.Environment, f.Created.Format(TimeFormat)})
	}
}

func month(at time.Time) string { return at.Format("2006-01") }

func shortened(text string) string {
	if utf8.RuneCountInString(text) <= pulseDescription {
		return text
	}
	return string([]rune(text)[:pulseDescription]) + "..."
}

type pulseMonth struct {
	name  string
	count int
}

// MarshalJSON writes a pair.
func (m pulseMonth) MarshalJSON() ([]byte, error) { return encode([]any{m.name, m.count}), nil }

type pulseTrend struct {
	Data       []pulseMonth `json:"data"`
	Percentage float64      `json:"trend_percentage"`
	Direction  string       `json:"trend_direction"`
}

// JSON is the report.
func (p *Pulse) JSON() []byte {
	return encode(struct {
		Total        int            `json:"total_feedback"`
		Priorities   map[string]int `json:"priority_distribution"`
		Environments map[string]int `json:"environment_distribution"`
		States       map[string]int `json:"status_distribution"`
		Trend        pulseTrend     `json:"monthly_trends"`
		High         []pulseIssue   `json:"high_priority_issues"`
		Updated      string         `json:"last_updated"`
	}{
		p.total, p.priorities, p.environments, p.states, p.trend(), append([]pulseIssue{}, p.high...), p.Made.UTC().Format(TimeFormat),
	})
}

// trend counts the months up to that of the newest record that is not later than the snapshot:
// a typing error in a date must not make the year empty. It compares the last two months that
// were over when the snapshot was made: the month under way has fewer days.
func (p *Pulse) trend() pulseTrend {
	trend := pulseTrend{Data: []pulseMonth{}, Direction: "stable"}
	if p.newest.IsZero() {
		return trend
	}
	last := firstOfMonth(p.newest)
	for back := pulseMonths - 1; back >= 0; back-- {
		if name := month(last.AddDate(0, -back, 0)); name >= month(p.oldest) {
			trend.Data = append(trend.Data, pulseMonth{name, p.months[name]})
		}
	}
	over := firstOfMonth(p.Made.UTC()).AddDate(0, -1, 0)
	if before := month(over.AddDate(0, -1, 0)); before >= month(p.oldest) {
		trend.compare(p.months[month(over)], p.months[before])
	}
	return trend
}

func firstOfMonth(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// compare sets a month against the one before. Growth from nothing has no percentage.
func (t *pulseTrend) compare(month, before int) {
	t.Direction = [...]string{"down", "stable", "up"}[1+cmp.Compare(month, before)]
	if before > 0 {
		t.Percentage = math.Round(float64(month-before)/float64(before)*1000) / 10
	}
}
