package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"voc/internal/access"
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

// open makes the parts. Its error is one of the environment.
func open(ctx context.Context, environ []string, log *slog.Logger) (*host, error) {
	settings, err := lambdahost.NewSettings(ctx, config.Refresh, environ, log)
	if err != nil {
		return nil, err
	}
	parts, err := app.Open(ctx, settings.WithoutSecrets(),
		app.Host{Credentials: lambdahost.Credentials, Log: log})
	if err != nil {
		return nil, err
	}
	parts.Accept = `make invoke-{mode} ACCEPT=1 (it invokes this function with ` +
		`{"mode":"{mode}","accept":true})`
	return &host{settings, parts}, nil
}

// Invoke implements lambda.Handler. The payload may be empty, which some tools send for {}.
func (h *host) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	result, err := h.handle(ctx, event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}

// handle does what an event asks. After an error Lambda retries the event twice and then moves it
// to the dead-letter queue. So handle returns an error only if a retry may help, or if the event is
// invalid, because no other record of that one would remain.
func (h *host) handle(ctx context.Context, event []byte) (any, error) {
	mode := h.parts.Config.Function.Mode
	action, request, err := lambdahost.ReadEvent(event, mode, h.parts.Now())
	if err != nil {
		return nil, err
	}
	state := h.settings.Read(ctx)
	parts := h.parts
	parts.Config = state.Config
	if parts.Config.Airtable.Key.Reveal() == "" {
		// Without a key the run fails, so that the status shows the reason.
		parts.Token = func(context.Context) (string, error) {
			return "", errors.New(strings.Join(state.Warnings, "; "))
		}
	}
	switch action {
	case lambdahost.Check:
		report, err := app.Check(ctx, parts)
		if err != nil {
			return nil, err
		}
		v := verdict{"a refresh would work", report.Texts(refresh.Wrong), report.FieldMap,
			report.Texts(refresh.Note), report.Texts(refresh.Fine)}
		if len(v.Wrong) > 0 {
			v.Verdict = "a refresh would not work"
		}
		return v, nil
	case lambdahost.Status:
		return status(ctx, parts, state.Warnings), nil
	}
	return run(ctx, parts, request)
}

// verdict is the result of a check, for the Lambda console.
type verdict struct {
	Verdict  string   `json:"verdict"`
	Wrong    []string `json:"wrong"`
	FieldMap string   `json:"field_map,omitempty"`
	Notes    []string `json:"notes"`
	Fine     []string `json:"fine"`
}

// status returns the response of GET /api/cache/.
func status(ctx context.Context, parts app.Parts, warnings []string) any {
	replica := app.NewReplica(parts)
	defer replica.Close()
	platform := httpapi.Platform{AnswerLimit: lambdahost.AnswerLimit, Warnings: warnings}
	if parts.Config.Access.Reads == access.PublicReads {
		public := httpapi.PublicReads(parts.Config.Privacy)
		platform.Warnings = append([]string{public}, warnings...)
	}
	return app.NewAPI(parts, replica, app.NoRefresher{}, platform).Status(ctx)
}

// run does a run and returns its receipt, or errReceipt if a retry may help.
func run(ctx context.Context, parts app.Parts, request job.Request) (any, error) {
	log := parts.Log
	engine, err := app.NewRefresh(parts)
	if err != nil {
		return nil, err
	}
	receipt, err := engine.Run(ctx, request, func(p refresh.Progress) {
		log.DebugContext(ctx, "reading Airtable",
			"run", request.ID, "pages", p.Pages, "records", p.Records)
	})
	if err != nil {
		log.ErrorContext(ctx, "the receipt could not be written", "run", request.ID, "error", err)
		return nil, errReceipt(receipt)
	}
	if receipt.MayPass() {
		return nil, errReceipt(receipt)
	}
	return receipt, nil
}

// errReceipt returns an error of the function whose type is the outcome and whose message is the
// receipt.
func errReceipt(receipt job.Run) error {
	text, err := json.Marshal(receipt)
	if err != nil {
		return err
	}
	return messages.InvokeResponse_Error{
		Type: "Refresh." + string(receipt.Outcome), Message: string(text),
	}
}
