package invocation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"voc/internal/config"
	"voc/internal/job"
	"voc/internal/lambdahost"
	"voc/internal/manifest"
)

// Invoker has refreshes done by the refresh functions, which it calls and does not wait
// for. It implements httpapi.Refresher.
type Invoker struct {
	store     *manifest.Store
	functions config.Function
	client    *lambda.Client
	now       func() time.Time
}

// New makes one for the store that the functions share. The clock dates the ids of runs.
func New(
	ctx context.Context, store *manifest.Store, functions config.Function, now func() time.Time,
) (*Invoker, error) {
	cfg, err := lambdahost.Client(ctx, "LAMBDA")
	if err != nil {
		return nil, err
	}
	return &Invoker{store, functions, lambda.NewFromConfig(cfg), now}, nil
}

// Ask joins the run that is running if that does the work of r, by a fresh read of the
// manifest, or else calls a function. Error: job.ErrNotStarted.
func (i *Invoker) Ask(ctx context.Context, r job.Request) (job.Ticket, error) {
	lease, running, err := i.store.Running(ctx)
	if err == nil && running && r.JoinedBy(lease.Request()) {
		return job.Ticket{RunID: lease.Run.ID, Mode: lease.Run.Mode, Joined: true}, nil
	}
	r.ID = job.NewRunID(r.Mode, i.now()) // the run itself reports a store that cannot be read
	if err := i.call(ctx, r); err != nil {
		return job.Ticket{}, err
	}
	return job.Ticket{RunID: r.ID, Mode: r.Mode}, nil
}

// Active implements httpapi.Refresher. What runs elsewhere is in the manifest.
func (i *Invoker) Active() (active, unrecorded []job.Run) { return nil, nil }

func (i *Invoker) call(ctx context.Context, r job.Request) error {
	payload, err := json.Marshal(lambdahost.Event{
		Mode: string(r.Mode), Accept: r.Accept, Snapshot: r.To, RunID: r.ID, Trigger: r.Trigger,
	})
	if err != nil {
		return err
	}
	variable, function := i.target(r.Mode)
	_, err = i.client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, InvocationType: types.InvocationTypeEvent, Payload: payload})
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %s was not called: %s", job.ErrNotStarted, variable, function, lambdahost.Refusal(err, advice))
}

// target is the function for a mode, and the variable that names it. A rollback must not
// wait behind a full where one call at a time is allowed.
func (i *Invoker) target(mode job.Mode) (variable, function string) {
	if mode == job.Full || mode == job.Sweep {
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
