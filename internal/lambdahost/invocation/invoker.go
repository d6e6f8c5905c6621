package invocation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"voc/internal/catalog"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/lambdahost"
)

// Invoker has refreshes done by the refresh functions, which it calls and does not wait for. It implements httpapi.Refresher.
type Invoker struct {
	catalog   *catalog.Catalog
	functions config.Function
	client    *lambda.Client
	now       func() time.Time
}

// New makes one for the store that the functions share. The clock dates the ids of runs.
func New(
	ctx context.Context, c *catalog.Catalog, functions config.Function, now func() time.Time,
) (*Invoker, error) {
	cfg, err := lambdahost.Client(ctx, "LAMBDA")
	if err != nil {
		return nil, err
	}
	return &Invoker{c, functions, lambda.NewFromConfig(cfg), now}, nil
}

// Ask joins the run that is under way if that does at least as much, by a fresh look at the manifest, or else calls a function. Error: httpapi.ErrNotStarted.
func (i *Invoker) Ask(ctx context.Context, c httpapi.Command) (httpapi.Ticket, error) {
	lease, running, err := i.catalog.Running(ctx)
	if joins := lease.Run.Mode.Covers(c.Mode) && (lease.Accept || !c.Accept); err == nil && running && joins {
		return httpapi.Ticket{RunID: lease.Run.ID, Mode: lease.Run.Mode, Joined: true}, nil
	}
	id := catalog.NewRunID(c.Mode, i.now()) // a store that can not be read is for the run itself to tell of
	if err := i.call(ctx, lambdahost.Event{Mode: string(c.Mode), Accept: c.Accept, Snapshot: c.To, RunID: id, Trigger: catalog.TriggerAPI}); err != nil {
		return httpapi.Ticket{}, err
	}
	return httpapi.Ticket{RunID: id, Mode: c.Mode}, nil
}

// Active implements httpapi.Refresher. What runs elsewhere is in the manifest.
func (i *Invoker) Active() (active, unrecorded []catalog.Run) { return nil, nil }

func (i *Invoker) call(ctx context.Context, e lambdahost.Event) error {
	payload, err := json.Marshal(e)
	if err != nil {
		return err
	}
	variable, function := i.target(catalog.Mode(e.Mode))
	_, err = i.client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, InvocationType: types.InvocationTypeEvent, Payload: payload})
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %s was not called: %s", httpapi.ErrNotStarted, variable, function, lambdahost.Refusal(err, advice))
}

// target is the function for a mode, and the variable that names it. A rollback must not wait behind a full where one call at a time is allowed.
func (i *Invoker) target(mode catalog.Mode) (variable, function string) {
	if mode == catalog.Full || mode == catalog.Sweep {
		return "REFRESH_FULL_FUNCTION", i.functions.Full
	}
	return "REFRESH_INCREMENTAL_FUNCTION", i.functions.Incremental
}

// advice is what an operator can do about each error code of Lambda.
var advice = map[string]string{
	"ResourceNotFoundException": "correct the name",
	"AccessDeniedException":     "let the function's role do lambda:InvokeFunction on it",
	"TooManyRequestsException":  "the account's concurrency is used up",
}
