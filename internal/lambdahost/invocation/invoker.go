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

// Invoker starts refreshes by invoking the refresh functions, and does not wait for them. It
// implements httpapi.Refresher.
type Invoker struct {
	store     *manifest.Store
	functions config.Function
	client    *lambda.Client
	now       func() time.Time
}

// New returns an Invoker for the store that the functions share. The clock is for the ids of runs.
func New(
	ctx context.Context, store *manifest.Store, functions config.Function, now func() time.Time,
) (*Invoker, error) {
	cfg, err := lambdahost.Client(ctx, "LAMBDA")
	if err != nil {
		return nil, err
	}
	return &Invoker{store, functions, lambda.NewFromConfig(cfg), now}, nil
}

// Ask reads the manifest and joins the running run if that does the work of r; otherwise it
// invokes a function. It returns job.ErrNotStarted if the invocation fails.
func (i *Invoker) Ask(ctx context.Context, r job.Request) (job.Ticket, error) {
	lease, running, err := i.store.Running(ctx)
	if err == nil && running && r.JoinedBy(lease.Request()) {
		return job.Ticket{RunID: lease.Run.ID, Mode: lease.Run.Mode, Joined: true}, nil
	}
	if r.ID == "" { // else it is that of the run that is caught up
		r.ID = job.NewRunID(r.Mode, i.now())
	}
	// The run itself reports a store that cannot be read.
	if err := i.invoke(ctx, r); err != nil {
		return job.Ticket{}, err
	}
	return job.Ticket{RunID: r.ID, Mode: r.Mode}, nil
}

func (i *Invoker) invoke(ctx context.Context, r job.Request) error {
	payload, err := json.Marshal(lambdahost.Event{
		Mode: string(r.Mode), Accept: r.Accept, Snapshot: r.To, RunID: r.ID, Trigger: r.Trigger,
	})
	if err != nil {
		return err
	}
	variable, function := "REFRESH_INCREMENTAL_FUNCTION", i.functions.Incremental
	// A rollback must not wait for a full refresh where a function's concurrency is 1.
	if r.Mode == job.Full || r.Mode == job.Sweep {
		variable, function = "REFRESH_FULL_FUNCTION", i.functions.Full
	}
	_, err = i.client.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &function, InvocationType: types.InvocationTypeEvent, Payload: payload,
	})
	if err != nil {
		return fmt.Errorf("%w: invoke %s (%s): %s",
			job.ErrNotStarted, function, variable, lambdahost.Describe(err, advice))
	}
	return nil
}

// advice is what an operator can do about an error code of Lambda.
var advice = map[string]string{
	"ResourceNotFoundException": "correct the name",
	"AccessDeniedException":     "allow the function's role lambda:InvokeFunction on it",
	"TooManyRequestsException":  "the account's concurrency is used up",
}

// Active returns no runs: those of the functions are in the manifest.
func (i *Invoker) Active() (active, unrecorded []job.Run) { return nil, nil }
