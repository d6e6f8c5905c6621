package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"voc/internal/blob"
	"voc/internal/job"
)

// Key is where a store has the watcher's memory.
const Key = "watch.json"

// stateFormat is the version of State. A program does not overwrite a newer one.
const stateFormat = 1

// State is what the watcher remembers.
type State struct {
	Format   int      `json:"format"`
	LookedAt job.Time `json:"looked_at"` // by the watchdog, not by a run
	Open     []Open   `json:"open"`
	Audit    Audit    `json:"audit"`
	Drill    Drill    `json:"drill"`
	Verified Verified `json:"verified"`

	WebhookAt job.Time `json:"webhook_at"` // when a process with a webhook looked; renewed daily
}

// Open is an alert that is open, or is over and has not been announced as such.
type Open struct {
	Alert
	Pending Message  `json:"pending,omitempty"` // what is still to be announced
	Claimed job.Time `json:"claimed"`           // when a process began to send it
	Waits   job.Time `json:"waits"`             // since when it is to be announced
}

// Message is an announcement.
type Message string

// The announcements; "" is none.
const (
	Broken Message = "broken"
	Over   Message = "over"
)

// Audit is the comparison of a few records with Airtable.
type Audit struct {
	Checked   int      `json:"checked"`
	Differing int      `json:"differing"`
	At        job.Time `json:"at"` // null: there was none
}

// Drill is the restore of the current snapshot into an empty folder.
type Drill struct {
	ProvenAt job.Time `json:"proven_at"` // the last one that succeeded; null: none did
	Snapshot string   `json:"snapshot"`  // that it restored
	TriedAt  job.Time `json:"tried_at"`
	Error    string   `json:"error"` // of the last one; "": it succeeded
}

// Verified is the object of a snapshot whose content was compared with its digest.
type Verified struct {
	Snapshot string       `json:"snapshot"`
	Version  blob.Version `json:"version"`
}

// sizeLimit bounds the state, in bytes: it takes some kilobytes.
const sizeLimit = 1 << 20

// ReadState reads the watcher's memory from a store; it is empty if there is none, or if it is
// damaged.
func ReadState(ctx context.Context, store blob.Store) (State, error) {
	s, _, err := readState(ctx, store)
	return s, err
}

func readState(ctx context.Context, store blob.Store) (State, blob.Version, error) {
	object, err := store.Get(ctx, Key)
	if errors.Is(err, blob.ErrNotExist) {
		return State{}, "", nil
	}
	if err != nil {
		return State{}, "", fmt.Errorf("read %s: %w", Key, err)
	}
	defer object.Body.Close()
	text, err := io.ReadAll(io.LimitReader(object.Body, sizeLimit))
	if err != nil {
		return State{}, "", fmt.Errorf("read %s: %w", Key, err)
	}
	var s State
	if json.Unmarshal(text, &s) != nil {
		s = State{} // nothing in it is worth an alert that cannot be closed
	}
	if s.Format > stateFormat {
		return State{}, "", fmt.Errorf("read %s: written by a newer version of voc", Key)
	}
	return s, object.Version, nil
}

// attempts bounds the read-change-replace loop.
const attempts = 10

// update reads the state, changes it and replaces it, if it is unchanged since. change may run
// several times, each time on what the store holds then. A write whose response was lost is
// repeated, with the same result.
func update(ctx context.Context, store blob.Store, change func(*State)) (State, error) {
	var lost error
	for range attempts {
		s, version, err := readState(ctx, store)
		if err != nil {
			return s, err
		}
		before, _ := json.Marshal(s)
		change(&s)
		s.Format = stateFormat
		after, err := json.Marshal(s)
		if err != nil || string(before) == string(after) {
			return s, err
		}
		_, lost = store.Replace(ctx, Key, after, version)
		if lost == nil {
			return s, nil
		}
		if !errors.Is(lost, blob.ErrChanged) && !errors.Is(lost, blob.ErrUncertain) {
			break
		}
	}
	return State{}, fmt.Errorf("write %s: %w", Key, lost)
}

const (
	// claimTerm is how long a process may take to send a message. After that another one sends it.
	claimTerm = 5 * time.Minute
	// webhookTerm is how long a store is known to have a process with a webhook: one that only
	// refreshes looks once a week.
	webhookTerm = 8 * 24 * time.Hour
)

// merge brings the open alerts up to date with what was found, and returns the messages that are to
// be announced now. It claims those that this process sends. A process without a webhook leaves
// them to one that has a webhook, as long as there is one.
func (s *State) merge(found []Alert, now time.Time, hasWebhook bool) (messages []Open) {
	logOnly := s.WebhookAt.IsZero() || now.Sub(s.WebhookAt.Time) >= webhookTerm
	if hasWebhook && now.Sub(s.WebhookAt.Time) >= 24*time.Hour {
		s.WebhookAt = job.At(now)
	}
	for _, alert := range found {
		i := s.index(alert.Kind)
		if i < 0 {
			s.Open = append(s.Open, Open{Alert: alert, Pending: Broken})
			continue
		}
		if s.Open[i].Kind == alert.Kind {
			s.Open[i].Cause = alert.Cause
		}
		if hasWebhook && logOnly && s.Open[i].Pending == "" { // it was only logged
			s.Open[i].Pending = Broken
		}
		if s.Open[i].Pending == Over { // it came back before its end was announced
			s.Open[i] = Open{Alert: s.Open[i].Alert}
		}
	}
	s.Open = slices.DeleteFunc(s.Open, func(o Open) bool {
		return o.Pending == Broken && !contains(found, o.Kind)
	})
	for i := range s.Open {
		o := &s.Open[i]
		if o.Pending == "" && !contains(found, o.Kind) {
			o.Pending, o.Claimed = Over, job.Time{}
		}
		if o.Pending != "" && o.Waits.IsZero() {
			o.Waits = job.At(now)
		}
		if o.Pending != "" && (o.Claimed.IsZero() || now.Sub(o.Claimed.Time) >= claimTerm) {
			o.Claimed = job.Time{}
			if hasWebhook || logOnly {
				o.Claimed = job.At(now)
			}
			messages = append(messages, *o)
		}
	}
	return messages
}

// announced removes the messages that were sent.
func (s *State) announced(sent []Open) {
	for _, message := range sent {
		i := s.index(message.Kind)
		if i < 0 || s.Open[i].Pending != message.Pending {
			continue
		}
		if message.Pending == Over {
			s.Open = slices.Delete(s.Open, i, i+1)
		} else {
			s.Open[i] = Open{Alert: s.Open[i].Alert}
		}
	}
}

// unsentAfter is how long a message waits before the status warns: two looks retry it.
const unsentAfter = 30 * time.Minute

// Unsent words the warnings about messages that no webhook has accepted.
func (s State) Unsent(now time.Time) (warnings []string) {
	for _, o := range s.Open {
		if o.Pending != "" && !o.Waits.IsZero() && now.Sub(o.Waits.Time) >= unsentAfter {
			warnings = append(warnings, o.Kind.Refer(fmt.Sprintf("the message that this is %s has not "+
				"been delivered since %s: check NOTIFY_WEBHOOK_URL and the log",
				o.Pending, o.Waits.UTC().Format(time.RFC3339))))
		}
	}
	return warnings
}

func (s *State) index(kind Kind) int {
	return slices.IndexFunc(s.Open, func(o Open) bool { return o.Kind.fact() == kind.fact() })
}

func contains(alerts []Alert, kind Kind) bool {
	return slices.ContainsFunc(alerts, func(a Alert) bool { return a.Kind.fact() == kind.fact() })
}

// fact returns the kind that stands for all kinds of the same fact: hosts of one store may differ
// in SCHEDULE.
func (k Kind) fact() Kind {
	if k == ScheduleOff {
		return Overdue
	}
	return k
}
