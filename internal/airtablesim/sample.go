package airtablesim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Sample returns an invented base: 600 reports about a product for quoting and enrolling
// group insurance, with the irregularities of real bases, such as missing cells, errors in
// numbers, and a string in place of a list. It tells a story: reports about documents
// become more in the last six weeks, since a new template mixes up the proposals' columns
// on CW 2.0; nine weeks ago sign-in failed for an afternoon; one customer writes every
// other week; and a form letter came in eight copies.
//
// It is the same throughout one week (Monday to Sunday, UTC): 580 records were created in
// the 52 weeks before that week's Monday; 20 in the two years before those weeks and
// before 2025, so in 2023 and 2024 from 2026 on. Nothing in it is later than that Monday.
func Sample(now time.Time) *Base {
	monday := weekOf(now)
	g := &generator{rand.New(rand.NewPCG(7, 602)), monday, map[string]bool{}}
	var data bytes.Buffer
	lines := json.NewEncoder(&data)
	for i, r := range g.reports() {
		if err := lines.Encode(g.record(i, r)); err != nil {
			panic(err) // the generator's own values
		}
	}
	b, err := parse(data.Bytes())
	if err != nil {
		panic(err) // the generator's own lines
	}
	return b
}

// weekOf returns the Monday, 00:00 UTC, of the week of t.
func weekOf(t time.Time) time.Time {
	t = t.UTC().Truncate(24 * time.Hour)
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
}

type sampleRecord struct {
	ID      string       `json:"id"`
	Created string       `json:"createdTime"`
	Fields  sampleFields `json:"fields"`
}

// sampleFields has the fields of the real base, in their order.
type sampleFields struct {
	Issue      int    `json:"Issue,omitempty"`
	Created    string `json:"Created,omitempty"`
	Reported   string `json:"Reported On,omitempty"`
	Modified   string `json:"Last Modified Time,omitempty"`
	Initial    string `json:"Initial Description,omitempty"`
	Notes      string `json:"Notes,omitempty"`
	Priority   int    `json:"Priority,omitempty"`
	Status     string `json:"Status,omitempty"`
	Env        string `json:"Environment,omitempty"`
	Box        bool   `json:"CW 2.0 Bug,omitempty"`
	Area       any    `json:"Area Impacted,omitempty"`
	Type       string `json:"Type of Issue,omitempty"`
	Source     string `json:"Source,omitempty"`
	Triage     string `json:"Triage Rep,omitempty"`
	Email      string `json:"User Profile Email,omitempty"`
	Resolution string `json:"Resolution Notes,omitempty"`
	Team       string `json:"Team Routed,omitempty"`
	Slack      string `json:"Slack Thread Link,omitempty"`
	IMT        string `json:"Related IMT,omitempty"`
	ToProgress any    `json:"Time to In Progress,omitempty"`
	ToDone     any    `json:"Time from In Progress to Done,omitempty"`
	ToReferred any    `json:"Time from Reported to Referred,omitempty"`
	FromRefer  any    `json:"Time from Referred to Done,omitempty"`
	Total      any    `json:"Time From Report to Resolution,omitempty"`
}

func (g *generator) record(i int, r report) sampleRecord {
	s := sampleRecord{ID: ident("rec", "sample", fmt.Sprint(i)), Created: stamp(r.created)}
	if i == oldReports+7 {
		return s // an empty record
	}
	f := &s.Fields
	f.Issue, f.Created = 1001+i, s.Created
	f.Reported = g.reported(r.created)
	g.classify(f, r)
	g.write(f, r)
	f.Source = pick(g, sources...)
	f.Email = r.email
	if f.Email == "" && g.chance(88) {
		f.Email = fmt.Sprintf(pick(g, "user.%06x@example.com", "User.%06X@example.com"), g.IntN(1<<24))
	}
	if g.chance(60) {
		f.Slack = fmt.Sprintf("https://example.slack.com/archives/C0LEADBUGS1/p%d",
			r.created.UnixMicro())
	}
	g.progress(f, r)
	return s
}

// reported draws a time near created, only its day, or none.
func (g *generator) reported(created time.Time) string {
	switch n := g.IntN(100); {
	case n < 3:
		return ""
	case n < 18:
		return created.AddDate(0, 0, -g.IntN(2)).Format(time.DateOnly)
	case n < 30:
		return stamp(created.Add(-time.Duration(g.IntN(48*3600)) * time.Second))
	}
	return stamp(created)
}

// classify sets priority, environment, area and type.
func (g *generator) classify(f *sampleFields, r report) {
	f.Area = g.areas(r.area)
	f.Type = g.maybe(97, []string{r.kind})
	if g.chance(94) {
		f.Priority = pick(g, priorities[r.kind]...)
	}
	if r.event == outage {
		f.Priority, f.IMT = 1, "IMT-1204"
	} else if g.chance(5) {
		f.IMT = fmt.Sprintf("IMT-%d", 1000+g.IntN(200))
	}
	f.Env = pick(g, environments...)
	if r.event == newTemplate {
		f.Priority = pick(g, 1, 1, 2)
		if g.chance(80) {
			f.Env = "CW 2.0"
		}
	}
	f.Box = f.Env == "CW 2.0"
	if g.chance(15) {
		f.Env = ""
	}
}

// areas draws a list, and at times a string or none.
func (g *generator) areas(first string) any {
	switch n := g.IntN(100); {
	case n < 4:
		return nil
	case n < 7:
		return first
	case n < 75:
		return []string{first}
	}
	return []string{first, pick(g, details...)}
}

// write sets the descriptions.
func (g *generator) write(f *sampleFields, r report) {
	group := r.group
	if group == "" {
		group = pick(g, groups...)
	}
	last := patient
	switch {
	case r.event == letter:
		f.Notes = r.text
		return
	case r.event == regular:
		last = insistent
	case f.Priority == 1:
		last = urgent
	}
	text := g.describe(r.complaint, group, last)
	switch n := g.IntN(100); {
	case n < 30:
		f.Notes = text
	case n < 70:
		f.Initial = text
	case n < 94:
		f.Initial, f.Notes = text, g.triageNote(group)
	case n < 97:
		f.Initial, f.Notes = "N/A", text
	}
}

// progress sets the status, and what depends on it, by the age of the report: no time in
// it is longer than that.
func (g *generator) progress(f *sampleFields, r report) {
	age := g.monday.Sub(r.created).Hours()
	status := g.status(age, r)
	f.Status = g.maybe(98, []string{status})
	f.Triage = g.maybe(92, triageReps)
	f.Team = teams[r.area]
	switch n := g.IntN(100); {
	case n < 3:
		f.Team = "Unassigned"
	case n < 8, status == "New" && n < 60:
		f.Team = ""
	}
	if status == "New" {
		return
	}
	slowness := 1.0
	if r.event == newTemplate {
		slowness = 4
	}
	start, refer := g.hours(6*slowness, age/3), g.hours(40, age/3)
	work, spent := g.hours(60*slowness, age/3), start
	f.ToProgress = g.figure(start)
	closed := status == "Done" || status == "Won't Fix"
	if status == "Referred" || closed && g.chance(15) {
		f.ToReferred, spent = g.figure(refer), max(spent, refer)
		if closed {
			f.FromRefer = g.figure(work)
		}
	}
	if closed {
		spent += work
		f.ToDone, f.Total = g.figure(work), g.figure(spent)
		if g.chance(80) {
			f.Resolution = g.resolution(status)
		}
	}
	f.Modified = stamp(r.created.Add(time.Duration(spent * float64(time.Hour))).Truncate(time.Second))
}

// status draws a status for a report of an age in hours.
func (g *generator) status(age float64, r report) string {
	if r.event == newTemplate {
		age /= 3 // the team does not keep up
	}
	n := g.IntN(100)
	for _, stage := range stages {
		if age >= stage.days*24 {
			continue
		}
		for i, percent := range stage.percent {
			if n -= percent; n < 0 {
				return statuses[i]
			}
		}
	}
	return "Done"
}

// figure returns a computed number, at times a failed computation.
func (g *generator) figure(hours float64) any {
	switch g.IntN(80) {
	case 0:
		return map[string]string{"specialValue": "NaN"}
	case 1:
		return map[string]string{"error": "#ERROR!"}
	}
	return math.Round(hours*1e4) / 1e4
}
