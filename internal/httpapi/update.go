package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"voc/internal/job"
)

// commandLimit bounds the body of a POST, in bytes.
const commandLimit = 4 << 10

type updateBody struct {
	Message   string   `json:"message"`
	Type      job.Mode `json:"type"`
	RunID     string   `json:"run_id"`
	Timestamp job.Time `json:"timestamp"`
	Joined    bool     `json:"joined"`
}

// update answers the POSTs that start a refresh. Their body is {"accept": true} or nothing.
func (a *API) update(mode job.Mode) func(*response, *request) error {
	return func(w *response, r *request) error {
		var body struct {
			Accept bool `json:"accept"`
		}
		if err := readCommand(r, &body); err != nil {
			return badBody(`must be empty or {"accept": true}`)
		}
		return a.command(w, r, job.Request{Mode: mode, Trigger: job.TriggerAPI, Accept: body.Accept})
	}
}

// rollback answers POST /api/cache/rollback. That there is such a snapshot is seen before anything is promised.
func (a *API) rollback(w *response, r *request) error {
	var body struct {
		To string `json:"to"`
	}
	if err := readCommand(r, &body); err != nil || body.To == "" {
		return badBody(`must be {"to": "previous"} or {"to": the id of a snapshot}`)
	}
	view, release := a.look(r.Context())
	defer release()
	if _, err := view.Manifest.Find(body.To); err != nil {
		return badBody(fmt.Sprintf("to: %v; GET /api/cache/snapshots lists those there are", err))
	}
	return a.command(w, r, job.Request{Mode: job.Rollback, Trigger: job.TriggerAPI, To: body.To})
}

func (a *API) command(w *response, r *request, c job.Request) error {
	ticket, err := a.Refresher.Ask(r.Context(), c)
	if err != nil {
		return err
	}
	message := fmt.Sprintf("a refresh (%s) was started", ticket.Mode)
	switch {
	case ticket.Joined:
		message = fmt.Sprintf("a refresh (%s) that does as much is under way", ticket.Mode)
	case c.Mode == job.Rollback:
		message = "a rollback was started; scheduled refreshes are held until a person starts one"
	}
	w.Header().Set("Location", "/api/cache/runs/"+ticket.RunID)
	return a.answer(w, r, http.StatusAccepted, updateBody{message, ticket.Mode, ticket.RunID, job.At(a.Now()), ticket.Joined})
}

// readCommand reads a POST's body: a JSON object, or nothing.
func readCommand(r *request, into any) error {
	text, err := io.ReadAll(io.LimitReader(r.Body, commandLimit+1))
	if err != nil || len(text) > commandLimit {
		return errTooLong
	}
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] != '{' {
		return errNoObject // decoding takes null for an empty one
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err = decoder.Decode(into); errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil && decoder.Decode(&struct{}{}) != io.EOF {
		return errTooLong
	}
	return err
}

var errNoObject = errors.New("no object")

// errTooLong is of a body that goes on where it should end. Its reader words it.
var errTooLong = errors.New("more than one object")

func badBody(detail string) error { return badRequest{{"(body)", detail}} }

// snapshotEntry is a snapshot that one can roll back to.
type snapshotEntry struct {
	snapshotBody
	Run     string `json:"run"`
	Current bool   `json:"current"`
}

// snapshots answers GET /api/cache/snapshots, newest first.
func (a *API) snapshots(w *response, r *request) error {
	view, release := a.look(r.Context())
	defer release()
	entries := []snapshotEntry{}
	for _, s := range view.Manifest.Snapshots {
		entries = append(entries, snapshotEntry{describeSnapshot(s), s.Run, s.ID == string(view.Manifest.Current)})
	}
	return a.answer(w, r, http.StatusOK, entries)
}
