package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"voc/internal/access"
	"voc/internal/app"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/lambdahost"
	"voc/internal/lambdahost/invocation"
	"voc/internal/refresh"
	"voc/internal/telemetry"
	"voc/internal/watch"
)

// host handles events, one at a time.
type host struct {
	settings *lambdahost.Settings
	parts    app.Parts
	start    func(context.Context, job.Request) error // starts a run; nil: this function refreshes
	webhook  bool                                     // a parameter names the webhook
}

// open makes the parts. REFRESH_MODE decides whether the function refreshes or watches. The error
// is one of the environment.
func open(ctx context.Context, environ []string, log *slog.Logger) (*host, error) {
	kind := config.Refresh
	if slices.Contains(environ, "REFRESH_MODE="+config.WatchMode) {
		kind = config.Watch
	}
	settings, err := lambdahost.NewSettings(ctx, kind, environ, log)
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
	parts.Metrics = telemetry.Embedded{Log: log, Store: parts.Store.String(), Now: parts.Now}
	parts.Watcher = app.NewWatcher(parts, lambdahost.ConsoleURL())
	h := &host{settings: settings, parts: parts, webhook: namesWebhook(kind, environ)}
	if kind == config.Refresh {
		return h, nil
	}
	invoker, err := invocation.New(ctx, parts.Store, parts.Config.Function, parts.Now)
	h.start = func(ctx context.Context, r job.Request) error {
		_, err := invoker.Ask(ctx, r)
		return err
	}
	return h, err
}

// namesWebhook reports whether the webhook is in a parameter.
func namesWebhook(kind config.Host, environ []string) bool {
	return slices.ContainsFunc(config.Parameters(kind, environ), func(p config.Parameter) bool {
		return p.Variable == "NOTIFY_WEBHOOK_URL"
	})
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
	app.SetSecrets(parts.Watcher, parts)
	if h.webhook && parts.Watcher.Webhook == nil {
		parts.Watcher.Webhook = &watch.Webhook{} // so that alerts wait until it can be read
	}
	switch action {
	case lambdahost.Status:
		return status(ctx, parts, state.Warnings), nil
	case lambdahost.Drill:
		return parts.Watcher.Drill(ctx)
	case lambdahost.Watch:
		return h.watch(ctx)
	}
	if h.start != nil {
		return nil, errors.New("this function only watches: send the event to a refresh function")
	}
	if parts.Config.Airtable.Key.Reveal() == "" {
		// Without a key the run fails, so that the status shows the reason.
		parts.Token = func(context.Context) (string, error) {
			return "", errors.New(strings.Join(state.Warnings, "; "))
		}
	}
	if action == lambdahost.Check {
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
	}
	return run(ctx, parts, request)
}

// watch looks at the store, and starts the run that catches up what was missed.
func (h *host) watch(ctx context.Context) (any, error) {
	if h.start == nil {
		return nil, errors.New("this function refreshes: send the event to the watch function")
	}
	report := h.parts.Watcher.Look(ctx)
	if r := report.CatchUp; r.ID != "" {
		h.parts.Log.WarnContext(ctx, "catching up a missed refresh", "run", r.ID, "mode", r.Mode)
		if err := h.start(ctx, r); err != nil {
			return nil, err
		}
	}
	return report, nil
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
	platform := httpapi.Platform{
		AnswerLimit:    lambdahost.AnswerLimit,
		Public:         parts.Config.Access.Reads == access.PublicReads,
		SecretWarnings: warnings,
	}
	return app.NewAPI(parts, replica, app.NoRefresher{}, platform).Status(ctx)
}

// run does a run and returns its receipt, or errReceipt if a retry may help.
func run(ctx context.Context, parts app.Parts, request job.Request) (any, error) {
	log := parts.Log
	request = parts.Watcher.Promote(ctx, request)
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
		app.AfterRun(ctx, parts, request, receipt)
		return nil, errReceipt(receipt)
	}
	log.DebugContext(ctx, "the receipt", "receipt", receipt)
	app.AfterRun(ctx, parts, request, receipt)
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
		Type: lambdahost.ReceiptError + string(receipt.Outcome), Message: string(text),
	}
}
