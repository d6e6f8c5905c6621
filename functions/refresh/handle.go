package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"voc/internal/app"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/lambdahost"
	"voc/internal/refresh"
)

// host handles events, one at a time.
type host struct {
	settings *lambdahost.Settings
	parts    app.Parts
}

func open(ctx context.Context, environ []string, log *slog.Logger) (*host, error) {
	settings, err := lambdahost.NewSettings(ctx, config.Refresh, environ, log)
	if err != nil {
		return nil, err
	}
	work, err := app.NewWorkdir("") // never closed: it lasts as long as the process
	if err != nil {
		return nil, err
	}
	parts, err := app.Open(ctx, settings.Bare(), lambdahost.Credentials, work, log)
	if err != nil {
		return nil, err
	}
	return &host{settings, parts}, nil
}

// Invoke implements lambda.Handler: it takes an event as it is, none too, which is how some tools say {}.
func (h *host) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	answer, err := h.handle(ctx, event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// handle does what an event asks. An error has Lambda try the event twice more, and then leave it to the queue of dead letters; so one is given only where another try may do
// better, and of an event that is not understood, since nobody else would see that one.
func (h *host) handle(ctx context.Context, event []byte) (any, error) {
	action, request, err := lambdahost.ReadEvent(event, h.parts.Config.Function.Mode, h.parts.Now())
	if err != nil {
		return nil, err
	}
	parts := h.parts
	state := h.settings.Read(ctx)
	parts.Config = state.Config
	switch action {
	case lambdahost.Check:
		engine, err := h.engine(parts, state)
		if err != nil {
			return nil, err
		}
		return report(engine.Check(ctx)), nil
	case lambdahost.Status:
		return status(ctx, parts, state), nil
	}
	engine, err := h.engine(parts, state)
	if err != nil {
		return nil, err
	}
	return h.run(ctx, engine, request)
}

// engine takes the key as it is now. One that can not be read fails the run, so that the status tells why.
func (h *host) engine(parts app.Parts, state lambdahost.State) (*refresh.Engine, error) {
	parts.Token = func(context.Context) (string, error) {
		if key := parts.Config.Airtable.Key.Reveal(); key != "" {
			return key, nil
		}
		return "", errors.New(strings.Join(state.Warnings, "; "))
	}
	return app.NewRefresh(parts)
}

func (h *host) run(ctx context.Context, engine *refresh.Engine, request job.Request) (any, error) {
	receipt, err := engine.Run(ctx, request, func(p refresh.Progress) {
		h.parts.Log.DebugContext(ctx, "read from Airtable", "run", request.ID, "pages", p.Pages, "records", p.Records)
	})
	if err != nil {
		h.parts.Log.ErrorContext(ctx, "the receipt of the run could not be kept", "run", request.ID, "error", err)
		return nil, failure(receipt)
	}
	h.parts.Log.InfoContext(ctx, "the run is over", "run", receipt.ID, "outcome", receipt.Outcome, "final", receipt.Final, "receipt", receipt)
	switch job.Outcome(receipt.Outcome) {
	case job.RetryLater:
		return nil, failure(receipt)
	case job.Failed:
		if !receipt.Final {
			return nil, failure(receipt)
		}
	}
	return receipt, nil
}

// failure is a receipt as an error of the function: its message is the receipt, its type the outcome.
func failure(receipt job.Run) error {
	text, err := json.Marshal(receipt)
	if err != nil {
		return err
	}
	return messages.InvokeResponse_Error{Type: "Refresh." + string(receipt.Outcome), Message: string(text)}
}

// verdict is what a check found, for people who read it in the console.
type verdict struct {
	Verdict string   `json:"verdict"`
	Wrong   []string `json:"wrong"`
	Notes   []string `json:"notes"`
	Fine    []string `json:"fine"`
}

func report(r refresh.Report) verdict {
	v := verdict{"a refresh would work", r.Findings, r.Notes, r.Fine}
	if len(r.Findings) > 0 {
		v.Verdict = "a refresh would not work"
	}
	return v
}

// status is what GET /api/cache/ answers.
func status(ctx context.Context, parts app.Parts, state lambdahost.State) any {
	replica := app.NewReplica(parts)
	defer replica.Close()
	platform := httpapi.Platform{AnswerLimit: lambdahost.AnswerLimit, Warnings: state.Warnings}
	return app.NewAPI(parts, replica, app.Nobody{}, platform).Status(ctx)
}
