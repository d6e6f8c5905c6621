package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"voc/internal/feedback"
)

// Mode of a run.
type Mode string

// The modes of runs. Of the first three each does all that the ones after it do.
const (
	Full        Mode = "full"
	Sweep       Mode = "sweep"
	Incremental Mode = "incremental"
	Rollback    Mode = "rollback"
)

// Modes are all of them.
func Modes() []Mode { return []Mode{Full, Sweep, Incremental, Rollback} }

// Covers says whether a run of mode m does at least as much as one of mode other. A rollback does nothing that others do.
func (m Mode) Covers(other Mode) bool {
	rank := map[Mode]int{Incremental: 1, Sweep: 2, Full: 3}
	return rank[other] > 0 && rank[m] >= rank[other]
}

// Outcome of a run; "" while it runs.
type Outcome string

// The outcomes of the contract.
const (
	Published  Outcome = "published"
	Unchanged  Outcome = "unchanged"   // there was nothing new
	Joined     Outcome = "joined"      // a run that did as much was under way, and succeeded
	Refused    Outcome = "refused"     // the publish gate did not let it through
	Fenced     Outcome = "fenced"      // it lost the lease: somebody else took over, or rolled back
	Held       Outcome = "held"        // it was due, and a rollback, or the forecast of the quota, holds such runs
	RetryLater Outcome = "retry-later" // its time was up
	Failed     Outcome = "failed"
)

// Settled says whether another try of the same run would find nothing to do. What a rollback held may be caught up once nothing holds it.
func (r Run) Settled() bool {
	switch o := Outcome(r.Outcome); o {
	case Joined, Refused:
		return true
	case Held:
		return r.Skipped
	default:
		return o.Succeeded()
	}
}

// Succeeded says whether the data was confirmed against Airtable.
func (o Outcome) Succeeded() bool { return o == Published || o == Unchanged }

// Run is the receipt of a refresh, with the keys of the contract.
type Run struct {
	ID             string   `json:"id"`
	Mode           Mode     `json:"mode"`
	Trigger        string   `json:"trigger"` // schedule, api, console, cli, catch-up or start
	Started        Time     `json:"started"`
	Finished       Time     `json:"finished"`
	Outcome        Nullable `json:"outcome"`
	Read           int      `json:"read"` // records that Airtable sent
	Added          int      `json:"added"`
	Changed        int      `json:"changed"`
	Removed        int      `json:"removed"`
	Unchanged      int      `json:"unchanged"`
	Pages          int      `json:"pages"`
	AirtableCalls  int      `json:"airtable_calls"`
	Throttled      int      `json:"throttled"` // answers 429
	Retries        int      `json:"retries"`
	Bytes          int64    `json:"bytes"` // of the snapshot it made
	SnapshotBefore Nullable `json:"snapshot_before"`
	SnapshotAfter  Nullable `json:"snapshot_after"`
	JoinedRun      Nullable `json:"joined_run"`
	Error          Nullable `json:"error"`

	// What follows is not in the contract.

	// AirtableStarted and AirtableFinished are by Airtable's clock: of its first and of its last answer to the run that told one.
	AirtableStarted  Time `json:"airtable_started"`
	AirtableFinished Time `json:"airtable_finished"`

	Filter         string `json:"filter,omitempty"`          // the formula that narrowed the first listing
	SchemaSHA256   string `json:"schema_sha256,omitempty"`   // of the table's fields
	ContentSHA256  string `json:"content_sha256,omitempty"`  // of the snapshot after it
	ComputedSHA256 string `json:"computed_sha256,omitempty"` // the same of what Airtable works out

	Final       bool `json:"final,omitempty"`         // it failed in a way that another try does not mend
	Skipped     bool `json:"skipped,omitempty"`       // it was left out for the forecast of the quota
	QuotaUsedUp bool `json:"quota_used_up,omitempty"` // Airtable refused it for the calls of the month

	Attempt string `json:"attempt,omitempty"` // random, of one try of the run: the mark of its writes
	Fence   int64  `json:"fence,omitempty"`   // of the lease it had

	// Warnings are what an operator should know although the run succeeded, such as a field that was renamed.
	Warnings []string `json:"warnings,omitempty"`
}

// Succeeded says whether the run confirmed the data against Airtable.
func (r Run) Succeeded() bool { return Outcome(r.Outcome).Succeeded() }

// The triggers of runs.
const (
	TriggerSchedule = "schedule"
	TriggerCatchUp  = "catch-up"
	TriggerStart    = "start"
	TriggerAPI      = "api"
	TriggerConsole  = "console"
	TriggerCLI      = "cli"
)

// MayPass says whether the run came to nothing for a reason that may be gone at another try.
func (r Run) MayPass() bool {
	return r.Outcome == Nullable(RetryLater) || r.Outcome == Nullable(Failed) && !r.Final
}

// ByPerson says whether somebody asked for the run.
func (r Run) ByPerson() bool {
	return r.Trigger == TriggerAPI || r.Trigger == TriggerConsole || r.Trigger == TriggerCLI
}

// The bounds of a receipt's texts, in bytes and in number, so that 200 receipts always fit a manifest.
const (
	longestError   = 4000
	longestFilter  = 2000
	longestWarning = 500
	mostWarnings   = 20
)

// clipped is the run with texts that a manifest has room for.
func (r Run) clipped() Run {
	r.Error = Nullable(clip(string(r.Error), longestError))
	r.Filter = clip(r.Filter, longestFilter)
	r.Warnings = slices.Clone(r.Warnings[:min(len(r.Warnings), mostWarnings)])
	for i, warning := range r.Warnings {
		r.Warnings[i] = clip(warning, longestWarning)
	}
	return r
}

func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// Nullable is a text that is null in JSON when it is empty.
type Nullable string

// MarshalJSON writes null for "".
func (n Nullable) MarshalJSON() ([]byte, error) {
	if n == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(n))
}

// Time is an instant in the contract's form, null in JSON when it is zero.
type Time struct{ time.Time }

// At gives t in UTC and whole milliseconds, which is what JSON keeps of it.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// MarshalJSON writes YYYY-MM-DDTHH:MM:SS.mmmZ, or null.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"` + feedback.TimeFormat + `"`)), nil
}

// UnmarshalJSON reads RFC 3339 or null, and keeps of it what MarshalJSON writes.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*t = Time{}
		return nil
	}
	var at time.Time
	if err := at.UnmarshalJSON(data); err != nil {
		return err
	}
	*t = At(at)
	if year := t.Year(); year < 0 || year > 9999 {
		return fmt.Errorf("%s is in the year %d of UTC, which has no four digits", data, year)
	}
	return nil
}
