package job

import (
	"slices"
	"strings"
)

// Outcome of a run; "" while it runs.
type Outcome string

// The outcomes of the contract.
const (
	Published  Outcome = "published"
	Unchanged  Outcome = "unchanged"   // there was nothing new
	Joined     Outcome = "joined"      // a running refresh did its work and succeeded
	Refused    Outcome = "refused"     // the publish gate rejected it
	Fenced     Outcome = "fenced"      // it lost the lease to another run or to a rollback
	Held       Outcome = "held"        // a rollback or the quota forecast holds scheduled runs
	RetryLater Outcome = "retry-later" // it ran out of time
	Failed     Outcome = "failed"
)

// Settled reports whether another attempt of the same run would have nothing to do. A run
// that a rollback held may be caught up once the hold is over.
func (r Run) Settled() bool {
	switch Outcome(r.Outcome) {
	case Joined, Refused:
		return true
	case Held:
		return r.Skipped
	default:
		return r.Succeeded()
	}
}

// Run is the receipt of a refresh, with the keys of the contract.
type Run struct {
	ID             string   `json:"id"`
	Mode           Mode     `json:"mode"`
	Trigger        Trigger  `json:"trigger"`
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

	// AirtableStarted and AirtableFinished are the dates of the first and last response
	// that had one, by Airtable's clock.
	AirtableStarted  Time `json:"airtable_started"`
	AirtableFinished Time `json:"airtable_finished"`

	Filter         string `json:"filter,omitempty"`          // formula of the first listing
	SchemaSHA256   string `json:"schema_sha256,omitempty"`   // of the table's fields
	ContentSHA256  string `json:"content_sha256,omitempty"`  // of the snapshot after it
	ComputedSHA256 string `json:"computed_sha256,omitempty"` // the same for computed values

	Final       bool `json:"final,omitempty"`         // it failed in a way that no retry can repair
	Skipped     bool `json:"skipped,omitempty"`       // it was skipped because of the quota forecast
	QuotaUsedUp bool `json:"quota_used_up,omitempty"` // Airtable's monthly quota was used up

	// WatchedAt is when the watchdog looked last, as the run began; zero if that is not known.
	WatchedAt Time `json:"watched_at,omitzero"`

	Attempt string `json:"attempt,omitempty"` // random, of one attempt: marks its writes
	Fence   int64  `json:"fence,omitempty"`   // of the lease it had

	// Warnings are what an operator should know although the run succeeded, such as a renamed
	// field.
	Warnings []string `json:"warnings,omitempty"`
}

// RenameMarker is in each warning about a field or table that was renamed in Airtable.
const RenameMarker = "now and was followed"

// IsRename reports whether a warning is about a field or table that was renamed.
func IsRename(warning string) bool { return strings.Contains(warning, RenameMarker) }

// Succeeded reports whether the run confirmed the data against Airtable.
func (r Run) Succeeded() bool {
	return r.Outcome == Nullable(Published) || r.Outcome == Nullable(Unchanged)
}

// MayPass reports whether the run failed for a reason that may have passed by the next
// attempt.
func (r Run) MayPass() bool {
	return r.Outcome == Nullable(RetryLater) || r.Outcome == Nullable(Failed) && !r.Final
}

// The bounds of a receipt's texts, in bytes and in number, so that 200 receipts always fit a
// manifest.
const (
	longestError   = 4000
	longestFilter  = 2000
	longestWarning = 500
	mostWarnings   = 20
)

// clipped returns the run with texts that a manifest has room for.
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
