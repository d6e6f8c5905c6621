package airtablesim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// The number of the sample's records of the last year, and of the years before.
const (
	sampleRecent = 580
	sampleOld    = 20
)

// Sample returns an invented base: 600 reports about a software product, with the
// irregularities of real bases, such as missing cells, errors in numbers, and a string in
// place of a list. It is the same throughout one week (Monday to Sunday, UTC): 580
// records were created in the 52 weeks before that week's Monday; 20 in the two years
// before those weeks and before 2025, so in 2023 and 2024 from 2026 on. Nothing in it is
// later than that Monday.
func Sample(now time.Time) *Base {
	monday := weekOf(now)
	g := &generator{rand.New(rand.NewPCG(7, 600)), monday}
	var data bytes.Buffer
	lines := json.NewEncoder(&data)
	for i, created := range g.times() {
		if err := lines.Encode(g.record(i, created)); err != nil {
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

func (g *generator) times() (times []time.Time) {
	yearAgo := g.monday.AddDate(0, 0, -7*52)
	old := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	if yearAgo.Before(old) {
		old = yearAgo
	}
	for range sampleOld {
		times = append(times, old.Add(-time.Duration(1+g.IntN(2*365*86400-1))*time.Second))
	}
	// The first and the last second of a week.
	times = append(times, g.monday.AddDate(0, 0, -7), g.monday.Add(-time.Second))
	for range sampleRecent - 2 {
		times = append(times, g.workday(yearAgo))
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// workday draws a time within a year from start, mostly in working hours.
func (g *generator) workday(start time.Time) time.Time {
	day := start.AddDate(0, 0, g.IntN(7*52))
	seconds := int(math.Abs(g.NormFloat64())*2.5*3600) + 14*3600
	return day.Add(time.Duration(seconds%86400) * time.Second)
}

func (g *generator) record(i int, created time.Time) sampleRecord {
	r := sampleRecord{ID: ident("rec", "sample", fmt.Sprint(i)), Created: stamp(created)}
	if i == sampleOld+7 {
		return r // an empty record
	}
	f := &r.Fields
	f.Issue, f.Created = 1001+i, r.Created
	f.Reported = g.reported(created)
	f.Modified = g.modified(created)
	f.Initial, f.Notes = g.descriptions()
	if g.chance(94) {
		f.Priority = pick(g, 1, 2, 2, 2, 3, 3)
	}
	f.Env = g.maybe(85, environments)
	f.Box = g.chance(25)
	f.Area = g.areas()
	f.Type = g.maybe(97, issueTypes)
	f.Source = pick(g, sources...)
	f.Triage = g.maybe(92, triageReps)
	f.Team = g.maybe(30, teams)
	if g.chance(88) {
		f.Email = pick(g, "user.%06x@example.com", "User.%06X@example.com")
		f.Email = fmt.Sprintf(f.Email, g.IntN(1<<24))
	}
	if g.chance(60) {
		f.Slack = fmt.Sprintf("https://example.slack.com/archives/C0LEADBUGS1/p%d", created.UnixMicro())
	}
	if g.chance(11) {
		f.IMT = fmt.Sprintf("IMT-%d", 1000+g.IntN(900))
	}
	g.progress(f)
	return r
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

// modified draws a modified time, or none for a record that was never edited.
func (g *generator) modified(created time.Time) string {
	if g.chance(20) {
		return ""
	}
	t := created.Add(time.Duration(1+g.IntN(14*86400)) * time.Second)
	if t.After(g.monday) {
		t = g.monday
	}
	return stamp(t)
}

// areas draws a list, and at times a string or none.
func (g *generator) areas() any {
	first := pick(g, areas...)
	switch n := g.IntN(100); {
	case n < 6:
		return nil
	case n < 9:
		return first
	case n < 60:
		return []string{first}
	}
	return []string{first, pick(g, details...)}
}

// progress sets the fields that depend on the status.
func (g *generator) progress(f *sampleFields) {
	f.Status = g.maybe(98, statuses)
	if f.Status == "" || f.Status == "New" {
		return
	}
	start := g.hours(6)
	f.ToProgress = g.figure(start)
	if f.Status == "In Progress" {
		return
	}
	if g.chance(70) {
		f.Resolution = g.resolution()
	}
	refer, work := g.hours(40), g.hours(60)
	if f.Status == "Referred" || g.chance(15) {
		f.ToReferred, f.FromRefer = g.figure(refer), g.figure(work)
	}
	if f.Status != "Referred" {
		f.ToDone, f.Total = g.figure(work), g.figure(start+work)
	}
}

// hours draws a duration with a long tail, to the minute.
func (g *generator) hours(mean float64) float64 { return math.Ceil(g.ExpFloat64()*mean*60) / 60 }

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
