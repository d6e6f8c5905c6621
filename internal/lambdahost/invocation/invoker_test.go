package invocation_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"voc/internal/blob/blobtest"
	"voc/internal/config"
	"voc/internal/job"
	"voc/internal/lambdahost/invocation"
	"voc/internal/lambdahost/lambdatest"
	"voc/internal/manifest"
)

var functions = config.Function{Full: "voc-full", Incremental: "voc-incremental"}

func newInvoker(t *testing.T, store *blobtest.Faulty) (*invocation.Invoker, *manifest.Store, *lambdatest.Cloud) {
	t.Helper()
	cloud := lambdatest.NewCloud(t)
	for _, variable := range append(cloud.Environ(), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret") {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	c := manifest.New(store, 3, job.Quota{PageSize: 100, PerSecond: 5}, slog.New(slog.DiscardHandler))
	i, err := invocation.New(t.Context(), c, functions, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return i, c, cloud
}

// running lets a run of another process be under way.
func running(t *testing.T, c *manifest.Store, mode job.Mode, accept bool) job.Run {
	t.Helper()
	run := job.Run{ID: job.NewRunID(mode, time.Now()), Mode: mode, Trigger: job.TriggerCLI, Started: job.At(time.Now()), Attempt: "try"}
	_, run, err := c.Acquire(t.Context(), "appX", job.Request{Accept: accept}, run)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestARunUnderWayIsJoinedIfItDoesAsMuch(t *testing.T) {
	for name, c := range map[string]struct {
		runs    job.Mode
		accepts bool
		asked   job.Request
		joined  bool
	}{
		"the same":                           {job.Full, false, job.Request{Trigger: job.TriggerAPI, Mode: job.Full}, true},
		"a full does an incremental":         {job.Full, false, job.Request{Trigger: job.TriggerAPI, Mode: job.Incremental}, true},
		"an incremental does no full":        {job.Incremental, false, job.Request{Trigger: job.TriggerAPI, Mode: job.Full}, false},
		"one that may not pass the gate":     {job.Full, false, job.Request{Trigger: job.TriggerAPI, Mode: job.Full, Accept: true}, false},
		"one that may":                       {job.Full, true, job.Request{Trigger: job.TriggerAPI, Mode: job.Full, Accept: true}, true},
		"a rollback is not done by a full":   {job.Full, false, job.Request{Trigger: job.TriggerAPI, Mode: job.Rollback, To: job.Previous}, false},
		"a full is not done by a rollback's": {job.Rollback, false, job.Request{Trigger: job.TriggerAPI, Mode: job.Incremental}, false},
	} {
		t.Run(name, func(t *testing.T) {
			i, store, cloud := newInvoker(t, blobtest.NewFaulty(blobtest.NewMemory(nil)))
			run := running(t, store, c.runs, c.accepts)
			ticket, err := i.Ask(t.Context(), c.asked)
			if err != nil || ticket.Joined != c.joined || (ticket.RunID == run.ID) != c.joined || (len(cloud.Calls()) == 0) != c.joined {
				t.Errorf("%+v, %v, calls %v beside run %s", ticket, err, cloud.Calls(), run.ID)
			}
		})
	}
}

func TestACallTellsTheFunctionAllItNeeds(t *testing.T) {
	i, _, cloud := newInvoker(t, blobtest.NewFaulty(blobtest.NewMemory(nil)))
	for _, c := range []struct {
		asked    job.Request
		function string
		payload  string // but for the id
	}{
		{job.Request{Trigger: job.TriggerAPI, Mode: job.Full, Accept: true}, "voc-full", `{"mode":"full","accept":true,"run_id":"<id>","trigger":"api"}`},
		{job.Request{Trigger: job.TriggerAPI, Mode: job.Sweep}, "voc-full", `{"mode":"sweep","run_id":"<id>","trigger":"api"}`},
		{job.Request{Trigger: job.TriggerAPI, Mode: job.Incremental}, "voc-incremental", `{"mode":"incremental","run_id":"<id>","trigger":"api"}`},
		{job.Request{Trigger: job.TriggerAPI, Mode: job.Rollback, To: "previous"}, "voc-incremental", `{"mode":"rollback","snapshot":"previous","run_id":"<id>","trigger":"api"}`},
	} {
		ticket, err := i.Ask(t.Context(), c.asked)
		if err != nil {
			t.Fatal(err)
		}
		calls := cloud.Calls()
		last := calls[len(calls)-1]
		if got := strings.ReplaceAll(last.Payload, ticket.RunID, "<id>"); last.Function != c.function || got != c.payload || ticket.Mode != c.asked.Mode {
			t.Errorf("%s is called with %s for %+v", last.Function, got, ticket)
		}
	}
}

func TestAStoreThatCanNotBeReadIsForTheRunToTellOf(t *testing.T) {
	store := blobtest.NewFaulty(blobtest.NewMemory(nil))
	store.Inject(blobtest.Fault{Effect: blobtest.Refused})
	i, _, cloud := newInvoker(t, store)
	if _, err := i.Ask(t.Context(), job.Request{Trigger: job.TriggerAPI, Mode: job.Full}); err != nil || len(cloud.Calls()) != 1 {
		t.Errorf("%v, calls %v", err, cloud.Calls())
	}
}

func TestAFunctionThatCanNotBeCalledIsNamed(t *testing.T) {
	i, _, cloud := newInvoker(t, blobtest.NewFaulty(blobtest.NewMemory(nil)))
	cloud.RefuseCalls("ResourceNotFoundException")
	_, err := i.Ask(t.Context(), job.Request{Trigger: job.TriggerAPI, Mode: job.Incremental})
	if !errors.Is(err, job.ErrNotStarted) {
		t.Fatalf("error %v", err)
	}
	for _, part := range []string{"REFRESH_INCREMENTAL_FUNCTION", "voc-incremental", "ResourceNotFoundException", "correct the name"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %s", err, part)
		}
	}
}
