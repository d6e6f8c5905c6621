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

// Pulse builds the customer-pulse report. Records must be added newest first.
type Pulse struct {
	made time.Time // when the snapshot was built

	total                            int
	priorities, environments, states tally
	months                           map[string]int
	newest, oldest                   time.Time // newest is not after made
	high                             []pulseIssue
}

type pulseIssue struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	Environment string `json:"environment"`
	Created     string `json:"created"`
}

// NewPulse returns an empty report for a snapshot that was built at the time made.
func NewPulse(made time.Time) *Pulse {
	return &Pulse{
		made:         made,
		priorities:   tally{},
		environments: tally{},
		states:       tally{},
		months:       map[string]int{},
	}
}

// Shows reports whether the report would show the record with its description if it were
// added next.
func (p *Pulse) Shows(f Feedback) bool {
	return len(p.high) < pulseIssues && Fold(f.Priority) == weights[0]
}

// Add counts a record.
func (p *Pulse) Add(f Feedback) {
	p.total++
	p.priorities.add(f.Priority)
	p.environments.add(f.Environment)
	p.states.add(f.Status)
	p.months[month(f.Created)]++
	if p.newest.IsZero() && !f.Created.After(p.made) {
		p.newest = f.Created
	}
	p.oldest = f.Created
	if !p.Shows(f) {
		return
	}
	description := f.Description
	if utf8.RuneCountInString(description) > pulseDescription {
		description = string([]rune(description)[:pulseDescription]) + "..."
	}
	p.high = append(p.high,
		pulseIssue{f.ID, description, f.Environment, f.Created.Format(TimeFormat)})
}

// JSON renders the report.
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
		p.total, p.priorities.totals(), p.environments.totals(), p.states.totals(), p.trend(),
		append([]pulseIssue{}, p.high...), p.made.UTC().Format(TimeFormat),
	})
}

// tally counts values by their folded form and, within that, by spelling.
type tally map[string]map[string]int

func (t tally) add(value string) {
	key := Fold(value)
	if t[key] == nil {
		t[key] = map[string]int{}
	}
	t[key][value]++
}

// totals returns the counts, each under the most frequent spelling, of several the first.
func (t tally) totals() map[string]int {
	totals := make(map[string]int, len(t))
	for _, spellings := range t {
		most, total := "", 0
		for value, n := range spellings {
			total += n
			if n > spellings[most] || n == spellings[most] && value < most {
				most = value
			}
		}
		totals[most] = total
	}
	return totals
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
func (p *Pulse) trend() pulseTrend {
	trend := pulseTrend{Data: [][2]any{}, Direction: "stable"}
	if p.newest.IsZero() {
		return trend
	}
	last := p.newest.AddDate(0, 0, 1-p.newest.Day()) // the first of its month
	for back := pulseMonths - 1; back >= 0; back-- {
		if name := month(last.AddDate(0, -back, 0)); name >= month(p.oldest) {
			trend.Data = append(trend.Data, [2]any{name, p.months[name]})
		}
	}
	made := p.made.UTC()
	over := made.AddDate(0, -1, 1-made.Day())
	before := month(over.AddDate(0, -1, 0))
	if before < month(p.oldest) {
		return trend
	}
	count, countBefore := p.months[month(over)], p.months[before]
	trend.Direction = [...]string{"down", "stable", "up"}[1+cmp.Compare(count, countBefore)]
	if countBefore > 0 {
		trend.Percentage = math.Round(float64(count-countBefore)/float64(countBefore)*1000) / 10
	}
	return trend
}

func month(at time.Time) string { return at.Format("2006-01") }
