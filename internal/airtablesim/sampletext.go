package airtablesim

import (
	"fmt"
	"strings"
)

var (
	environments = []string{"SME 2.0 - Production", "SME 2.0 - Production", "CW 2.0", "CW 1.0",
		"Affinities 1.0", "Allied Individuals"}
	statuses = []string{"Done", "Done", "Done", "Done", "Done", "In Progress", "Referred",
		"Won't Fix", "New"}
	sources    = []string{"Web", "Web", "Web", "Email", "Phone", "Chat", "Referral"}
	triageReps = []string{"Triage 1", "Triage 2", "Triage 3", "On-call Triage", "Triage Lead",
		"Support Desk"}
	teams = []string{"Billing", "Data Services", "Identity & Access", "Integrations",
		"Platform", "Quoting", "Unassigned"}
	areas = []string{"Quotes", "Billing", "Documents", "Enrollment", "Search", "Sign-in",
		"Reports", "Notifications"}
	details = []string{"Export", "Mobile", "Permissions", "Print layout",
		"Speed, on large groups", "Wording"}
	issueTypes = []string{"Bug", "Data is wrong", "Missing feature", "Slow", "Question", "Access",
		"Confusing", "Outage"}
)

// A description consists of sentences of these parts, or is a letter.
var (
	openings = []string{"Since the last update", "On a phone", "With two tabs open",
		"When a colleague shares the screen", "About every third time", "After signing in again",
		"For groups of more than fifty people", "In the evening"}
	subjects = []string{"the quote page", "the invoice export", "the search box",
		"the code for signing in", "the member list", "the proposal as a PDF",
		"the bell with the messages", "the transfer to payroll", "the report of open cases"}
	faults = []string{"stays empty", "shows the figures of last week", "takes %d seconds",
		"loses what I typed", "says \"Something went wrong\"", "prints every line twice",
		"ignores the filter", "asks for the password %d times", "mixes up two customers",
		"cuts names off after %d letters"}
	effects = []string{"We did it by hand instead.", "%d customers called us about it.",
		"It works after a reload.", "I found no way around it.",
		"Only my account is affected, as far as I can tell.", "Our deadline is in %d days.",
		"The café's name lost its accent on the way."}
	wishes = []string{"A warning beforehand would help.", "A column for the broker would help.",
		"Please put this first.", "No hurry.", "The old version did this better!",
		"Could it be sorted by date?", "Thank you for looking at it."}
	breaks  = []string{" ", " ", " ", " ", "\n", "\n\n", "\r\n", "\r"}
	letters = []string{
		"To whom it may concern:\r\n\r\nI am one of many users who ask you to bring back the " +
			"printed summary. We relied on it at every renewal.\r\n\r\nYours faithfully",
		"Dear team, please do not retire the old search before the new one finds closed cases. " +
			"Many of us send you this same letter.",
		"I support the request for a dark theme that works on shared screens.",
	}
)

func (g *generator) descriptions() (initial, notes string) {
	switch n := g.IntN(100); {
	case n < 40:
		return "", g.description()
	case n < 78:
		return g.description(), ""
	case n < 92:
		return g.description(), g.description()
	case n < 96:
		return "N/A", g.description()
	}
	return "", ""
}

func (g *generator) description() string {
	if g.chance(7) {
		return pick(g, letters...)
	}
	var b strings.Builder
	for range 1 + g.IntN(5) {
		sentence := pick(g, openings...) + " " + pick(g, subjects...) + " " + pick(g, faults...) + "."
		b.WriteString(g.counted(sentence) + pick(g, breaks...) + g.counted(pick(g, effects...)) +
			pick(g, breaks...))
	}
	return b.String() + pick(g, wishes...)
}

// counted inserts a number if the text has a %d.
func (g *generator) counted(text string) string {
	if n := 2 + g.IntN(58); strings.Contains(text, "%d") {
		return fmt.Sprintf(text, n)
	}
	return text
}

func (g *generator) resolution() string {
	if g.chance(80) {
		return pick(g, "Fixed in the next release.", "Duplicate of an earlier report.",
			"Explained how it is meant to work.", "N/A",
			"Could not be seen again on three machines; closed until it is.")
	}
	return pick(g,
		"Fixed 🎉 and thanked 🙏🏽 the reporter",
		"已在下一版本修复。ご報告ありがとうございます。",
		"See <b>release notes</b> &amp; <a href=\"https://example.com/notes\">here</a>",
		"<script>alert('resolved')</script>",
		"=SUM(A1:A9) came out as text; fixed",
		"Steps:\r\n1. cleared the cache\r\n2. signed in again",
		"+1 from the team, @triage to confirm\t- closed",
	)
}
