package catalog

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"voc/internal/feedback"
)

// Mode of a run.
type Mode string

// The modes that change what is served, each of which does all that the ones after it do.
const (
	Full        Mode = "full"
	Incremental Mode = "incremental"
)

// Covers says whether a run of mode m does at least as much as one of mode other.
func (m Mode) Covers(other Mode) bool { return m == other || m == Full }

// Outcome of a run; "" while it runs.
type Outcome string

// The outcomes of the contract that a run of this version can have.
const (
	Published Outcome = "published"
	Unchanged Outcome = "unchanged"
	Failed    Outcome = "failed"
)

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

	// Warnings are what an operator should know although the run succeeded, such as a field that was renamed.
	Warnings []string `json:"warnings,omitempty"`
}

// Succeeded says whether the run confirmed the data against Airtable.
func (r Run) Succeeded() bool { return Outcome(r.Outcome).Succeeded() }

// The bounds of a receipt's texts, in bytes and in number, so that 200 receipts always fit a manifest.
const (
	longestError   = 4000
	longestWarning = 500
	mostWarnings   = 20
)

// clipped is the run with texts that a manifest has room for.
func (r Run) clipped() Run {
	r.Error = Nullable(clip(string(r.Error), longestError))
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

// UnmarshalJSON reads RFC 3339 or null.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*t = Time{}
		return nil
	}
	return t.Time.UnmarshalJSON(data)
}
