package airtablesim

import (
	"strconv"
	"strings"
)

// complaint is a template of a description. {group}, {plan}, {other} and {n} are replaced.
type complaint struct{ kind, text string }

// complaints are those of the ordinary reports, by area. A year has about eight of each.
var complaints = map[string][]complaint{
	"Quotes": {
		{"Bug", "The quote for {group} stays empty after I choose {plan}."},
		{"Data is wrong", "Rates for {plan} come out {n} % higher than in the carrier's sheet."},
		{"Slow", "Recalculating {group}'s quote for {n} employees takes over a minute."},
		{"Missing feature", "I cannot compare {plan} and {other} side by side for {group}."},
		{"Confusing", "{group} read the contribution of {n} dollars as yearly; it is monthly."},
		{"Question", "Which rate of {plan} applies when {group} hires someone in mid-month?"},
	},
	"Billing": {
		{"Bug", "The invoice for {group} lists {n} members who left at the last renewal."},
		{"Data is wrong", "The total of {group}'s invoice is {n} dollars off the sum of its lines."},
		{"Slow", "The invoice export for {group} stops at {n} % for minutes."},
		{"Missing feature", "{group} wants its invoice sent to two addresses, and I see no way."},
		{"Confusing", "A credit of {n} dollars for {group} is shown as a charge with a minus sign."},
		{"Access", "The new bookkeeper of {group} cannot open any invoice."},
	},
	"Documents": {
		{"Bug", "The proposal for {group} prints its last page twice."},
		{"Data is wrong", "The effective date in {group}'s application is a day early."},
		{"Slow", "The proposal PDF for {group} takes {n} seconds to build."},
		{"Missing feature", "{group} wants its logo beside the carrier's on {plan}'s summary."},
		{"Confusing", "I could not find where {group}'s signed application is kept."},
	},
	"Enrollment": {
		{"Bug", "{n} dependents of {group} were dropped when I changed the start date."},
		{"Data is wrong", "{group} has {n} members enrolled in {plan}; they chose {other}."},
		{"Slow", "Uploading {group}'s list of {n} members hangs at the last step."},
		{"Missing feature", "I need to undo one enrollment at {group} without starting all {n} again."},
		{"Confusing", "The form for {group} asks for a waiver although {plan} needs none."},
		{"Question", "May {group} move {n} members from {plan} to {other} between renewals?"},
	},
	"Search": {
		{"Bug", "Searching for {group} finds nothing unless I type the name in full."},
		{"Slow", "The search box needs {n} seconds to find {group}."},
		{"Missing feature", "I would like to search {group}'s closed cases by plan, such as {plan}."},
		{"Confusing", "The results for {group} are sorted in a way that I do not understand."},
	},
	"Sign-in": {
		{"Bug", "The code for {group}'s account arrives {n} minutes after I ask for it."},
		{"Access", "A new colleague at {group} was invited {n} days ago and cannot sign in."},
		{"Confusing", "{group}'s staff take the broker's sign-in page for their own."},
		{"Question", "How do we give {group} a second administrator?"},
	},
	"Reports": {
		{"Data is wrong", "The report of open cases counts {n} for {group}; I count half of that."},
		{"Slow", "The yearly report for {group} gives up after {n} seconds."},
		{"Missing feature", "{group} asks for a column with the broker beside {plan}."},
		{"Bug", "Filtering the report by {plan} hides {group} altogether."},
	},
	"Notifications": {
		{"Bug", "{group} received {n} copies of the same renewal reminder."},
		{"Missing feature", "I want one message a day about {group}, not {n}."},
		{"Data is wrong", "The reminder for {group} names {plan}; it should say {other}."},
		{"Confusing", "The bell shows {n} new messages for {group}, and the list is empty."},
	},
}

// The complaints of the three events of the sample.
var (
	templateComplaints = []complaint{
		{"Data is wrong", "The proposal PDF for {group} mixes up the columns: " +
			"{plan} has the rates of {other}."},
		{"Data is wrong", "The PDF for {group} mixes up members and dependents in {n} rows."},
		{"Data is wrong", "{group}'s proposal PDF shows the premiums of another customer on page {n}."},
		{"Bug", "With the new template the PDF mixes up the names of {plan} and {other} for {group}."},
		{"Bug", "{group}'s proposal cuts names off after {n} letters since the new template."},
		{"Confusing", "The new proposal layout hides what {group} pays for {plan}."},
	}
	outageComplaints = []complaint{
		{"Outage", "At {group} the sign-in code is refused; {n} people have tried."},
		{"Outage", "I cannot sign in for {group}: an error page follows the code."},
		{"Outage", "The sign-in code for {group} comes {n} minutes late and has expired by then."},
		{"Outage", "We are locked out in the middle of {group}'s open enrollment."},
		{"Access", "Signing in ends in \"Something went wrong\" for all {n} users of {group}."},
	}
	letters = []complaint{
		{"Missing feature", "Dear team, please do not retire the old search before the new one " +
			"finds closed cases. Many of us send you this same letter.\r\n\r\nYours faithfully"},
	}
)

// effects are the second sentences, by the kind of the first.
var effects = map[string][]string{
	"Bug": {"We did it by hand instead.", "It works after a reload, until the next time.",
		"I tried two browsers and a phone.", "My colleague sees the same.",
		"Two customers have called us about it."},
	"Data is wrong": {"The customer noticed it before we did.", "It was right at the last renewal.",
		"We had to send a correction.", "The carrier's own figures are right."},
	"Slow": {"It is worst in the mornings.", "Last month it took a few seconds.",
		"I start it before lunch and look again afterwards."},
	"Missing feature": {"Today we keep a spreadsheet for it.", "The old system could do it!",
		"Two other brokers have asked me the same."},
	"Confusing": {"The help page does not mention it.", "Three of us read it in three ways."},
	"Question":  {"The help page does not say.", "We guessed, and I would like to be sure."},
	"Access": {"Their administrator sees nothing unusual.", "It worked until yesterday.",
		"For now they share one login, which is not how it should be."},
	"Outage": {"Customers are waiting on the phone.", "The status page says that all is well.",
		"It was fine before lunch.", "Please tell us when it is over."},
}

// The last sentence, for urgent reports, for others, and of the customer who writes often.
var (
	urgent = []string{"Their deadline is in {days} days.", "Please put this first.",
		"When can we expect a fix?", "A renewal depends on it."}
	patient = []string{"No hurry.", "Thank you for looking at it.", "Happy to show it on a call.",
		"A hint on the page would do.", ""}
	insistent = []string{"I have written to you about this before.", "As always, please call me back.",
		"I expect more from you.", "Is there news on my earlier reports?"}
)

var (
	groups = strings.Split("Alder Dental,Birch & Sons,Café Olmo,Cobalt Freight,Dunmore Foods,"+
		"Eastfield School,Fjord Marine,Granite Press,Harbor Clinic,Ilex Gardens,Juniper Labs,"+
		"Kestrel Air,Larkspur Hotels,Müller Metal,Novak Print,Orchard Bank,Piñon Energy,"+
		"Quarry Tools,Redwood Legal,Sable Textiles,Tern Software,Umber Paints", ",")
	plans  = []string{"Bronze 60", "Silver 70", "Silver PPO", "Gold 80", "Gold HMO", "Platinum 90"}
	breaks = []string{" ", " ", " ", " ", "\n", "\n\n", "\r\n", "\r"}
)

// describe fills in a complaint and adds what follows from it. It returns a text that no other
// record of the sample has.
func (g *generator) describe(c complaint, group string, last []string) string {
	for {
		text := strings.TrimSpace(c.text + pick(g, breaks...) + pick(g, effects[c.kind]...) +
			pick(g, breaks...) + pick(g, last...))
		text = g.fill(text, group)
		if !g.written[text] {
			g.written[text] = true
			return text
		}
	}
}

// fill replaces the names and numbers of a template.
func (g *generator) fill(text, group string) string {
	plan := g.IntN(len(plans))
	other := (plan + 1 + g.IntN(len(plans)-1)) % len(plans)
	return strings.NewReplacer("{group}", group, "{plan}", plans[plan], "{other}", plans[other],
		"{n}", strconv.Itoa(3+g.IntN(38)), "{days}", strconv.Itoa(2+g.IntN(9))).Replace(text)
}

// triageNote is what triage adds to a description.
func (g *generator) triageNote(group string) string {
	return g.fill(pick(g, "Reproduced on staging with {group}.",
		"Called {group} back: it still happens.",
		"Not reproduced with {n} members; asked {group} for the file.",
		"{group} sent a screenshot of {plan}.", "Told {group} about the workaround."), group)
}

// resolution is how a closed report ended.
func (g *generator) resolution(status string) string {
	if g.chance(12) {
		return pick(g,
			"Fixed 🎉 and thanked 🙏🏽 the reporter",
			"已在下一版本修复。ご報告ありがとうございます。",
			"See <b>release notes</b> &amp; <a href=\"https://example.com/notes\">here</a>",
			"<script>alert('resolved')</script>",
			"=SUM(A1:A9) came out as text; fixed",
			"Steps:\r\n1. cleared the cache\r\n2. signed in again",
			"+1 from the team, @triage to confirm\t- closed",
			"N/A",
		)
	}
	if status == "Won't Fix" {
		return pick(g, "Explained how it is meant to work.", "Not planned; told the reporter why.",
			"Could not be seen again on three machines; closed until it is.")
	}
	return pick(g, "Fixed in the next release.", "Corrected by hand, and the cause is fixed.",
		"Duplicate of an earlier report.", "Fixed; the reporter has confirmed it.")
}
