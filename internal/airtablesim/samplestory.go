package airtablesim

import (
	"slices"
	"time"
)

// event is what a report is part of.
type event int

const (
	ordinary    event = iota
	newTemplate       // proposals come out wrong, more of them each week
	outage            // sign-in fails for an afternoon
	regular           // the customer who writes often
	letter            // a form letter
)

// The size of the story. Ordinary reports are spread evenly over the year.
const (
	weeks        = 52
	oldReports   = 20 // before 2025
	ordinaryOnes = 466
	outageOnes   = 26
	outageAgo    = 9 // weeks; it was on a Tuesday
	regularOnes  = 26
	letterOnes   = 8
	letterAgo    = 22 // weeks
)

// newTemplateOnes are the reports of the last weeks about documents.
var newTemplateOnes = []int{2, 4, 6, 9, 13, 18}

// regularCustomer is the customer who writes often.
const (
	regularCustomer = "Northgate Logistics"
	regularEmail    = "benefits@northgate.example.com"
)

// report is what is known of a record before its cells are drawn.
type report struct {
	created time.Time
	event   event
	area    string
	group   string // "" for any
	email   string // "" for any
	complaint
}

// reports draws the reports of all events, oldest first.
func (g *generator) reports() (all []report) {
	add := func(created time.Time, e event, area string, from []complaint) {
		all = append(all, report{created: created, event: e, area: area, complaint: pick(g, from...)})
	}
	ago := func(n int) time.Time { return g.monday.AddDate(0, 0, -7*n) }
	before := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	if ago(weeks).Before(before) {
		before = ago(weeks)
	}
	for range oldReports {
		area := pick(g, areas...)
		created := before.Add(-time.Duration(1+g.IntN(2*365*86400-1)) * time.Second)
		add(created, ordinary, area, complaints[area])
	}
	for i := range ordinaryOnes {
		area := pick(g, areas...)
		add(g.workday(ago(1+i%weeks)), ordinary, area, complaints[area])
	}
	// The first and the last second of a week.
	add(ago(1), ordinary, "Reports", complaints["Reports"])
	add(g.monday.Add(-time.Second), ordinary, "Quotes", complaints["Quotes"])
	for i, n := range newTemplateOnes {
		for range n {
			add(g.workday(ago(len(newTemplateOnes)-i)), newTemplate, "Documents", templateComplaints)
		}
	}
	noon := ago(outageAgo).AddDate(0, 0, 1).Add(17 * time.Hour) // 12 or 13 h in New York
	for range outageOnes {
		created := noon.Add(time.Duration(g.IntN(4*3600)) * time.Second)
		add(created, outage, "Sign-in", outageComplaints)
	}
	for i := range regularOnes {
		area := pick(g, "Enrollment", "Enrollment", "Billing", "Quotes")
		add(g.workday(ago(1+2*i)), regular, area, complaints[area])
		r := &all[len(all)-1]
		r.group, r.email = regularCustomer, regularEmail
	}
	for range letterOnes {
		add(g.workday(ago(letterAgo-g.IntN(2))), letter, "Search", letters)
	}
	slices.SortStableFunc(all, func(a, b report) int { return a.created.Compare(b.created) })
	return all
}

var (
	areas = []string{"Quotes", "Quotes", "Billing", "Documents", "Enrollment", "Enrollment",
		"Search", "Sign-in", "Reports", "Notifications"}
	details = []string{"Export", "Mobile", "Permissions", "Print layout",
		"Speed, on large groups", "Wording"}
	teams = map[string]string{
		"Quotes": "Quoting", "Billing": "Billing", "Documents": "Documents",
		"Enrollment": "Enrollment", "Search": "Platform", "Sign-in": "Identity & Access",
		"Reports": "Data Services", "Notifications": "Platform",
	}
	environments = []string{"SME 2.0 - Production", "SME 2.0 - Production", "CW 2.0", "CW 1.0",
		"Affinities 1.0", "Allied Individuals"}
	sources    = []string{"Web", "Web", "Web", "Email", "Phone", "Chat", "Referral"}
	triageReps = []string{"Triage 1", "Triage 2", "Triage 3", "On-call Triage", "Triage Lead",
		"Support Desk"}
	priorities = map[string][]int{
		"Bug": {1, 2, 2, 3}, "Data is wrong": {1, 1, 2}, "Missing feature": {2, 3, 3},
		"Slow": {2, 2, 3}, "Question": {3}, "Access": {1, 2}, "Confusing": {2, 3}, "Outage": {1},
	}
)

var statuses = []string{"New", "In Progress", "Referred", "Done", "Won't Fix"}

// stages are the shares of the statuses among reports of up to an age.
var stages = []struct {
	days    float64
	percent [5]int
}{
	{3, [5]int{70, 30}},
	{14, [5]int{35, 38, 7, 20}},
	{60, [5]int{6, 14, 10, 62, 8}},
	{1e9, [5]int{0, 2, 4, 85, 9}},
}
