package lambdahost

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"voc/internal/job"
)

// Action is what an event asks of the refresh function.
type Action string

// The actions.
const (
	Refresh Action = "refresh" // or a rollback: a run
	Check   Action = "check"
	Status  Action = "get_status"
)

// Forms are the events that are accepted, in words.
const Forms = `accepted are {"mode": "full" | "sweep" | "incremental"}, with "accept": true to pass the publish gate, {"mode": "rollback", "snapshot": "<id>" | "previous"}, ` +
	`{"mode": "check"}, {"mode": "get_status"}, and {} for the mode in REFRESH_MODE; "trigger" ("schedule" with "scheduled_time", or "api") and "run_id" say where a run comes from`

// Event is the form of an event. One that names no mode means the function's own.
type Event struct {
	Mode          string      `json:"mode"`
	Accept        bool        `json:"accept,omitempty"`
	Snapshot      string      `json:"snapshot,omitempty"`
	RunID         string      `json:"run_id,omitempty"`
	Trigger       job.Trigger `json:"trigger,omitempty"`
	ScheduledTime time.Time   `json:"scheduled_time,omitzero"`
}

// old are names that events had before.
var old = map[string]string{"refresh_full": "full", "refresh_incremental": "incremental"}

// ReadEvent reads an event that came now; one that names no mode means fallback. The
// request is that of a Refresh, else zero. The error says which forms are accepted.
func ReadEvent(payload []byte, fallback string, now time.Time) (Action, job.Request, error) {
	e, err := decodeEvent(payload)
	if err == nil {
		if e.Mode == "" {
			e.Mode = fallback
		}
		if name, ok := old[e.Mode]; ok {
			e.Mode = name
		}
		err = e.check()
	}
	if err != nil {
		return "", job.Request{}, fmt.Errorf("the event is not understood: %w; %s", err, Forms)
	}
	if action := Action(e.Mode); action == Check || action == Status {
		return action, job.Request{}, nil
	}
	return Refresh, e.request(now), nil
}

// decodeEvent takes no event at all for {}, as Lambda's own tools have it.
func decodeEvent(payload []byte) (e Event, err error) {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 || string(payload) == "null" {
		return e, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	if err = decoder.Decode(&e); err != nil {
		return e, fault(err)
	}
	if _, err = decoder.Token(); err != io.EOF {
		return e, errors.New("something follows the JSON object")
	}
	return e, nil
}

// fault words what encoding/json says without naming the types of this program.
func fault(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return fmt.Errorf("it must be a JSON object, and is %s", wrong.Value)
		}
		return fmt.Errorf("%q can not be %s", wrong.Field, wrong.Value)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

func (e Event) check() error {
	mode, action := job.Mode(e.Mode), Action(e.Mode)
	refreshes := slices.Contains([]job.Mode{job.Full, job.Sweep, job.Incremental}, mode)
	rollsBack := mode == job.Rollback
	switch {
	case !refreshes && !rollsBack && action != Check && action != Status:
		return fmt.Errorf("there is no mode %q", e.Mode)
	case e.Accept && !refreshes:
		return fmt.Errorf("%q has nothing to accept", e.Mode)
	case rollsBack && e.Snapshot == "":
		return errors.New(`a rollback needs "snapshot"`)
	case e.Snapshot != "" && !rollsBack:
		return fmt.Errorf("%q takes no snapshot", e.Mode)
	}
	return e.checkOrigin()
}

// checkOrigin is about who asks, and for which run.
func (e Event) checkOrigin() error {
	scheduled := e.Trigger == job.TriggerSchedule
	mode, _, ok := job.ParseRunID(e.runID())
	switch {
	case !scheduled && e.Trigger != job.TriggerAPI && e.Trigger != "":
		return fmt.Errorf("there is no trigger %q", e.Trigger)
	case e.RunID != "" && (!ok || mode != job.Mode(e.Mode)):
		return fmt.Errorf("%q is no id of a run of mode %q", e.RunID, e.Mode)
	case !scheduled && !e.ScheduledTime.IsZero():
		return errors.New(`"scheduled_time" is for the trigger "schedule"`)
	}
	return nil
}

// runID is the id that the event names. One of mode and time as EventBridge writes it,
// full-2026-11-30T04:59:00Z, is that of a scheduled run.
func (e Event) runID() string {
	if at, err := time.Parse(time.RFC3339, strings.TrimPrefix(e.RunID, e.Mode+"-")); err == nil {
		return job.ScheduledRunID(job.Mode(e.Mode), at)
	}
	return e.RunID
}

// request is the run that the event asks for. A scheduled one has the id of its time, so
// that a retry is the same run; one that does not tell its time is a run of now.
func (e Event) request(now time.Time) job.Request {
	mode := job.Mode(e.Mode)
	r := job.Request{
		ID: e.runID(), Mode: mode, Trigger: cmp.Or(e.Trigger, job.TriggerConsole),
		Accept: e.Accept, To: e.Snapshot,
	}
	switch {
	case r.ID != "":
	case !e.ScheduledTime.IsZero():
		r.ID = job.ScheduledRunID(mode, e.ScheduledTime)
	default:
		r.ID = job.NewRunID(mode, now)
	}
	return r
}
