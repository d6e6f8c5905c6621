package watch

import (
	"fmt"
	"strings"
)

// Kind is what an alert, a warning or a reason is about. It is the anchor of a heading in the
// runbook.
type Kind string

// The kinds of alerts.
const (
	Failed      Kind = "refresh-failed"
	Overdue     Kind = "refresh-overdue"
	ScheduleOff Kind = "schedule-off"
	Unreadable  Kind = "store-unreadable"
	Damaged     Kind = "store-damaged"
	QuotaHigh   Kind = "quota-high"
	Held        Kind = "refreshes-held"
	Renamed     Kind = "field-renamed"
	Differs     Kind = "audit-differs"
	DrillFailed Kind = "drill-failed"
	Silent      Kind = "watchdog-silent"
)

// The kinds of what only the status and the health say.
const (
	Empty     Kind = "no-snapshot-yet"
	Withheld  Kind = "snapshot-withheld"
	Warned    Kind = "refresh-warns"
	DiskFull  Kind = "disk-full"
	Public    Kind = "reads-are-public"
	Secrets   Kind = "secrets-unreadable"
	LargeList Kind = "list-too-large"
)

// Alerts returns the kinds of alerts.
func Alerts() []Kind {
	return []Kind{Failed, Overdue, ScheduleOff, Unreadable, Damaged, QuotaHigh, Held, Renamed,
		Differs, DrillFailed, Silent}
}

// Kinds returns all kinds.
func Kinds() []Kind {
	return append(Alerts(), Empty, Withheld, Warned, DiskFull, Public, Secrets, LargeList)
}

// Heading returns the heading in the runbook.
func (k Kind) Heading() string {
	words := strings.ReplaceAll(string(k), "-", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// Refer appends the kind's heading in the runbook to text.
func (k Kind) Refer(text string) string {
	return fmt.Sprintf("%s (OPERATE.md, %q)", text, k.Heading())
}

// advice is what to do first about an alert.
var advice = map[Kind]string{
	Failed: "correct the cause; the next scheduled refresh closes this, " +
		"or start one by hand",
	Overdue:     "look whether the schedules are enabled and the last runs ended",
	ScheduleOff: "set SCHEDULE=on, or start the refreshes by other means",
	Unreadable:  "check SNAPSHOT_STORE, the network and the rights of the role or user",
	Damaged:     "run a full refresh with accept; restore the object from a backup or version",
	QuotaHigh:   "refresh less often, or raise the plan and AIRTABLE_MONTHLY_CALLS",
	Held:        "start a refresh by hand to end the hold, if the data is right again",
	Renamed:     "put the new name into FIELD_MAP or AIRTABLE_TABLE_NAME",
	Differs:     "run a full refresh, and compare the records that it changes with Airtable",
	DrillFailed: "run voc drill and read its error",
	Silent:      "look at the log of the watchdog",
}

// stillWorks is what goes on while an alert is open.
var stillWorks = map[Kind]string{
	Failed:      "the last published snapshot is served",
	Overdue:     "the last published snapshot is served",
	ScheduleOff: "the last published snapshot is served",
	Unreadable:  "a server and warm functions serve what they have open; nothing is refreshed",
	Damaged:     "the newest valid snapshot is served",
	QuotaHigh:   "all of it, until Airtable or the cap rejects calls",
	Held:        "the snapshot that was rolled back to is served",
	Renamed:     "all of it: the new name was followed",
	Differs:     "all of it",
	DrillFailed: "the served snapshot; whether it can be restored is not known",
	Silent:      "refreshes and the API; alerts come late or not at all",
}
