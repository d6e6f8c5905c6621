package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"voc/internal/catalog"
)

// commandLimit bounds the body of a POST, in bytes.
const commandLimit = 4 << 10

type updateBody struct {
	Message   string       `json:"message"`
	Type      catalog.Mode `json:"type"`
	RunID     string       `json:"run_id"`
	Timestamp catalog.Time `json:"timestamp"`
	Joined    bool         `json:"joined"`
}

// update answers the POSTs that start a refresh.
func (a *API) update(mode catalog.Mode) func(*response, *request) error {
	return func(w *response, r *request) error {
		if err := readCommand(r); err != nil {
			return err
		}
		ticket, err := a.Refresher.Ask(r.Context(), mode)
		if err != nil {
			return err
		}
		message := fmt.Sprintf("a refresh (%s) was started", ticket.Mode)
		if ticket.Joined {
			message = fmt.Sprintf("a refresh (%s) that does as much is under way", ticket.Mode)
		}
		w.Header().Set("Location", "/api/cache/runs/"+ticket.RunID)
		return a.answer(w, r, http.StatusAccepted, updateBody{message, ticket.Mode, ticket.RunID, catalog.At(a.Now()), ticket.Joined})
	}
}

// readCommand checks a POST's body, {"accept": true} or nothing. There is no gate yet that accept would open, so any value it may have is as good.
func readCommand(r *request) error {
	text, err := io.ReadAll(io.LimitReader(r.Body, commandLimit+1))
	if err != nil || len(text) > commandLimit {
		return errBody
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var command struct {
		Accept bool `json:"accept"`
	}
	err = decoder.Decode(&command)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil || decoder.Decode(&struct{}{}) != io.EOF {
		return errBody
	}
	return nil
}

var errBody = badRequest{{"(body)", `must be empty or {"accept": true}`}}
