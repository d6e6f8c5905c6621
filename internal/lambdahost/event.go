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

// Event is the JSON of an event. One without a mode has the function's own.
type Event struct {
	Mode          string      `json:"mode"`
	Accept        bool        `json:"accept,omitempty"`
	Snapshot      string      `json:"snapshot,omitempty"`
	RunID         string      `json:"run_id,omitempty"`
	Trigger       job.Trigger `json:"trigger,omitempty"`
	ScheduledTime time.Time   `json:"scheduled_time,omitzero"`
}

// Action is what an event asks the refresh function to do.
type Action string

// The actions.
const (
	Refresh Action = "refresh" // a run: a refresh or a rollback
	Check   Action = "check"
	Status  Action = "get_status"
)

// EventHelp lists the accepted events.
const EventHelp = `accepted are {"mode": "full" | "sweep" | "incremental"}, with "accept": true ` +
	`to pass the publish gate, {"mode": "rollback", "snapshot": "<id>" | "previous"}, ` +
	`{"mode": "check"}, {"mode": "get_status"}, and {} for the mode in REFRESH_MODE; "trigger" ` +
	`("schedule" with "scheduled_time", or "api") and "run_id" tell where a run comes from`

// ReadEvent parses an event that was received now; fallback is the mode of one that names none.
// The request is zero unless the action is Refresh. The error ends with EventHelp.
func ReadEvent(payload []byte, fallback string, now time.Time) (Action, job.Request, error) {
	e, err := decodeEvent(payload)
	if err == nil {
		e.Mode = cmp.Or(e.Mode, fallback)
		e.Mode = cmp.Or(formerModes[e.Mode], e.Mode)
		err = e.check()
	}
	if err != nil {
		return "", job.Request{}, fmt.Errorf("invalid event: %w; %s", err, EventHelp)
	}
	if action := Action(e.Mode); action == Check || action == Status {
		return action, job.Request{}, nil
	}
	return Refresh, e.request(now), nil
}

// formerModes are the names that modes had in older events.
var formerModes = map[string]string{
	"refresh_full": "full", "refresh_incremental": "incremental",
}

// decodeEvent decodes an empty payload and null as {}: Lambda's own tools send them.
func decodeEvent(payload []byte) (e Event, err error) {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 || string(payload) == "null" {
		return e, nil
	}
	if e, ok := fromRule(payload); ok {
		return e, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	if err = decoder.Decode(&e); err != nil {
		return e, withoutGoTypes(err)
	}
	if _, err = decoder.Token(); err != io.EOF {
		return e, errors.New("data follows the JSON object")
	}
	return e, nil
}

// fromRule returns the event that an EventBridge rule without an input of its own means: a
// scheduled run of the function's mode
// (https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-scheduler.html, 2026).
func fromRule(payload []byte) (e Event, ok bool) {
	var rule struct {
		Source string    `json:"source"`
		Type   string    `json:"detail-type"`
		Time   time.Time `json:"time"`
	}
	if json.Unmarshal(payload, &rule) != nil || rule.Source != "aws.events" ||
		rule.Type != "Scheduled Event" {
		return Event{}, false
	}
	return Event{Trigger: job.TriggerSchedule, ScheduledTime: rule.Time}, true
}

// withoutGoTypes returns the error of encoding/json without the names of Go types.
func withoutGoTypes(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return fmt.Errorf("must be a JSON object, not %s", wrong.Value)
		}
		return fmt.Errorf("%q cannot be %s", wrong.Field, wrong.Value)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

func (e Event) check() error {
	mode, action := job.Mode(e.Mode), Action(e.Mode)
	isRefresh := slices.Contains([]job.Mode{job.Full, job.Sweep, job.Incremental}, mode)
	isRollback := mode == job.Rollback
	isScheduled := e.Trigger == job.TriggerSchedule
	idMode, _, validID := job.ParseRunID(e.runID())
	switch {
	case !isRefresh && !isRollback && action != Check && action != Status:
		return fmt.Errorf("no mode %q", e.Mode)
	case e.Accept && !isRefresh:
		return fmt.Errorf("%q has nothing to accept", e.Mode)
	case isRollback && e.Snapshot == "":
		return errors.New(`a rollback needs "snapshot"`)
	case e.Snapshot != "" && !isRollback:
		return fmt.Errorf("%q takes no snapshot", e.Mode)
	case !isScheduled && e.Trigger != job.TriggerAPI && e.Trigger != "":
		return fmt.Errorf("no trigger %q", e.Trigger)
	case e.RunID != "" && (!validID || idMode != mode):
		return fmt.Errorf("%q is not the id of a run of mode %q", e.RunID, e.Mode)
	case !isScheduled && !e.ScheduledTime.IsZero():
		return errors.New(`"scheduled_time" is for the trigger "schedule"`)
	}
	return nil
}

// request returns the run that the event asks for. The id of a scheduled run contains its time, so
// that a retry is the same run; a run without an id and a time is a new one.
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

// runID returns the event's run id. A mode and a time as EventBridge writes it, such as
// full-2026-11-30T04:59:00Z, stand for the id of the scheduled run.
func (e Event) runID() string {
	if at, err := time.Parse(time.RFC3339, strings.TrimPrefix(e.RunID, e.Mode+"-")); err == nil {
		return job.ScheduledRunID(job.Mode(e.Mode), at)
	}
	return e.RunID
}
