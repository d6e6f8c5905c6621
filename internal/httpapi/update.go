package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"voc/internal/bound"
	"voc/internal/httpapi/respond"
	"voc/internal/job"
)

type updateBody struct {
	Message   string   `json:"message"`
	Type      job.Mode `json:"type"`
	RunID     string   `json:"run_id"`
	Timestamp job.Time `json:"timestamp"`
	Joined    bool     `json:"joined"`
}

// update returns the handler of a POST that starts a refresh. The body is empty or
// {"accept": true}.
func (a *API) update(mode job.Mode) func(*request) (respond.Answer, error) {
	return func(r *request) (respond.Answer, error) {
		var body struct {
			Accept bool `json:"accept"`
		}
		if err := readCommand(r, &body); err != nil {
			return respond.Answer{}, badBody(`must be empty or {"accept": true}`)
		}
		return a.ask(r, job.Request{Mode: mode, Trigger: job.TriggerAPI, Accept: body.Accept})
	}
}

// rollback answers POST /api/cache/rollback. A snapshot that does not exist is rejected at once.
func (a *API) rollback(r *request) (respond.Answer, error) {
	var body struct {
		To string `json:"to"`
	}
	if err := readCommand(r, &body); err != nil || body.To == "" {
		return respond.Answer{}, badBody(`must be {"to": "previous"} or {"to": "<snapshot id>"}`)
	}
	view, release := a.view(r.Context(), 0)
	r.pin(release)
	target, err := view.Manifest.Find(body.To)
	if err == nil && !a.Privacy.Allows(target.Private) {
		err = fmt.Errorf("snapshot %s shows more than PRIVATE_FIELDS allows", target.ID)
	}
	if err != nil {
		return respond.Answer{},
			badBody(fmt.Sprintf("to: %v; see GET /api/cache/snapshots for all snapshots", err))
	}
	return a.ask(r, job.Request{Mode: job.Rollback, Trigger: job.TriggerAPI, To: body.To})
}

// ask starts or joins a run.
func (a *API) ask(r *request, wanted job.Request) (respond.Answer, error) {
	ticket, err := a.Refresher.Ask(r.Context(), wanted)
	if err != nil {
		return respond.Answer{}, err
	}
	message := fmt.Sprintf("a refresh (%s) was started", ticket.Mode)
	switch {
	case ticket.Joined:
		message = fmt.Sprintf("joined the refresh (%s) that is already running", ticket.Mode)
	case wanted.Mode == job.Rollback:
		message = "a rollback was started; " +
			"scheduled refreshes are held until a person starts one"
	}
	answer, err := respond.JSON(http.StatusAccepted,
		updateBody{message, ticket.Mode, ticket.RunID, job.At(a.Now()), ticket.Joined})
	answer.Header.Location = "/api/cache/runs/" + ticket.RunID
	return answer, err
}

var (
	errNotObject  = errors.New("not an object")
	errLongObject = errors.New("longer than one object, or than the limit")
)

// readCommand reads the body of a POST: a JSON object, or nothing.
func readCommand(r *request, into any) error {
	text, err := io.ReadAll(io.LimitReader(r.Body, bound.BodyBytes+1))
	if err != nil || len(text) > bound.BodyBytes {
		return errLongObject
	}
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] != '{' {
		return errNotObject // the decoder accepts null as an empty one
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err = decoder.Decode(into); errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil && decoder.Decode(&struct{}{}) != io.EOF {
		return errLongObject
	}
	return err
}

func badBody(detail string) error { return badRequest{{"(body)", detail}} }
