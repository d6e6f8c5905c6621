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

// Event is the JSON of an event. An event without a mode has the function's own mode.
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
	Watch   Action = "watch" // the watchdog's look
	Drill   Action = "drill" // a restore into an empty folder
)

// EventHelp lists the accepted events.
const EventHelp = `accepted are {"mode": "full" | "sweep" | "incremental" | "remap"}, with ` +
	`"accept": true to pass the publish gate, ` +
	`{"mode": "rollback", "snapshot": "<id>" | "previous"}, {"mode": "check"}, ` +
	`{"mode": "get_status"}, {"mode": "watch"}, {"mode": "drill"}, and {} for the mode in ` +
	`REFRESH_MODE; "trigger" ("schedule" with "scheduled_time", "api", "start" or "catch-up") ` +
	`and "run_id" tell where a run comes from`

// ReadEvent parses an event that was received now; fallback is the mode of one that names none.
// The request is zero unless the action is Refresh. The error ends with EventHelp.
func ReadEvent(payload []byte, fallback string, now time.Time) (Action, job.Request, error) {
	e, err := decodeEvent(payload)
	var request job.Request
	if err == nil {
		e.Mode = cmp.Or(e.Mode, fallback)
		e.Mode = cmp.Or(formerModes[e.Mode], e.Mode)
		request, err = e.request(now)
	}
	if err != nil {
		return "", job.Request{}, fmt.Errorf("invalid event: %w; %s", err, EventHelp)
	}
	if action := Action(e.Mode); slices.Contains(otherActions, action) {
		return action, job.Request{}, nil
	}
	return Refresh, request, nil
}

// otherActions are those that are no runs.
var otherActions = []Action{Check, Status, Watch, Drill}

// formerModes are the names that modes had in older events.
var formerModes = map[string]string{
	"refresh_full": "full", "refresh_incremental": "incremental",
}

// decodeEvent decodes an empty payload and null as {}: Lambda's own tools send them. The event
// that an EventBridge rule without an input of its own sends is a scheduled run of the function's
// mode (https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-scheduler.html, 2026).
func decodeEvent(payload []byte) (e Event, err error) {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 || string(payload) == "null" {
		return e, nil
	}
	var rule struct {
		Source string    `json:"source"`
		Type   string    `json:"detail-type"`
		Time   time.Time `json:"time"`
	}
	if json.Unmarshal(payload, &rule) == nil && rule.Source == "aws.events" &&
		rule.Type == "Scheduled Event" {
		return Event{Trigger: job.TriggerSchedule, ScheduledTime: rule.Time}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&e)
	// The errors of encoding/json, without the names of Go types.
	wrong, isType := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case isType && wrong.Field == "":
		return e, fmt.Errorf("must be a JSON object, not %s", wrong.Value)
	case isType:
		return e, fmt.Errorf("%q cannot be %s", wrong.Field, wrong.Value)
	case err != nil:
		return e, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err = decoder.Token(); err != io.EOF {
		return e, errors.New("data follows the JSON object")
	}
	return e, nil
}

// request returns the run that the event asks for, or what is wrong with the event. The id of a
// scheduled run contains its time, so that a retry is the same run; a run without an id and a time
// is a new one.
func (e Event) request(now time.Time) (job.Request, error) {
	mode, action := job.Mode(e.Mode), Action(e.Mode)
	isRefresh := slices.Contains([]job.Mode{job.Full, job.Sweep, job.Incremental, job.Remap}, mode)
	isRollback := mode == job.Rollback
	isScheduled := e.Trigger == job.TriggerSchedule
	id := e.RunID
	// A mode and a time as EventBridge writes it, such as full-2026-11-30T04:59:00Z, stand for the
	// id of the scheduled run.
	if at, err := time.Parse(time.RFC3339, strings.TrimPrefix(id, e.Mode+"-")); err == nil {
		id = job.ScheduledRunID(mode, at)
	}
	idMode, _, validID := job.ParseRunID(id)
	switch {
	case !isRefresh && !isRollback && !slices.Contains(otherActions, action):
		return job.Request{}, fmt.Errorf("no mode %q", e.Mode)
	case e.Accept && !isRefresh:
		return job.Request{}, fmt.Errorf("%q has nothing to accept", e.Mode)
	case isRollback && e.Snapshot == "":
		return job.Request{}, errors.New(`a rollback needs "snapshot"`)
	case e.Snapshot != "" && !isRollback:
		return job.Request{}, fmt.Errorf("%q takes no snapshot", e.Mode)
	case !isScheduled && e.Trigger != job.TriggerAPI && e.Trigger != job.TriggerStart &&
		e.Trigger != job.TriggerCatchUp &&
		e.Trigger != "":
		return job.Request{}, fmt.Errorf("no trigger %q", e.Trigger)
	case e.RunID != "" && (!validID || idMode != mode):
		return job.Request{}, fmt.Errorf("%q is not the id of a run of mode %q", e.RunID, e.Mode)
	case !isScheduled && !e.ScheduledTime.IsZero():
		return job.Request{}, errors.New(`"scheduled_time" is for the trigger "schedule"`)
	}
	switch {
	case id != "":
	case !e.ScheduledTime.IsZero():
		id = job.ScheduledRunID(mode, e.ScheduledTime)
	default:
		id = job.NewRunID(mode, now)
	}
	return job.Request{
		ID: id, Mode: mode, Trigger: cmp.Or(e.Trigger, job.TriggerConsole),
		Accept: e.Accept, To: e.Snapshot,
	}, nil
}
