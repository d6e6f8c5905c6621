package invocation_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"voc/internal/blob/blobtest"
	"voc/internal/catalog"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/lambdahost/invocation"
	"voc/internal/lambdahost/lambdatest"
)

var functions = config.Function{Full: "voc-full", Incremental: "voc-incremental"}

func newInvoker(t *testing.T, store *blobtest.Faulty) (*invocation.Invoker, *catalog.Catalog, *lambdatest.Cloud) {
	t.Helper()
	cloud := lambdatest.NewCloud(t)
	for _, variable := range append(cloud.Environ(), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret") {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	c := catalog.New(store, 3, slog.New(slog.DiscardHandler))
	i, err := invocation.New(t.Context(), c, functions, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return i, c, cloud
}

// running lets a run of another process be under way.
func running(t *testing.T, c *catalog.Catalog, mode catalog.Mode, accept bool) catalog.Run {
	t.Helper()
	run := catalog.Run{ID: catalog.NewRunID(mode, time.Now()), Mode: mode, Trigger: catalog.TriggerCLI, Started: catalog.At(time.Now()), Attempt: "try"}
	_, run, err := c.Acquire(t.Context(), catalog.Application{Base: "appX", Run: run, Accept: accept})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestARunUnderWayIsJoinedIfItDoesAsMuch(t *testing.T) {
	for name, c := range map[string]struct {
		runs    catalog.Mode
		accepts bool
		asked   httpapi.Command
		joined  bool
	}{
		"the same":                           {catalog.Full, false, httpapi.Command{Mode: catalog.Full}, true},
		"a full does an incremental":         {catalog.Full, false, httpapi.Command{Mode: catalog.Incremental}, true},
		"an incremental does no full":        {catalog.Incremental, false, httpapi.Command{Mode: catalog.Full}, false},
		"one that may not pass the gate":     {catalog.Full, false, httpapi.Command{Mode: catalog.Full, Accept: true}, false},
		"one that may":                       {catalog.Full, true, httpapi.Command{Mode: catalog.Full, Accept: true}, true},
		"a rollback is not done by a full":   {catalog.Full, false, httpapi.Command{Mode: catalog.Rollback, To: catalog.Previous}, false},
		"a full is not done by a rollback's": {catalog.Rollback, false, httpapi.Command{Mode: catalog.Incremental}, false},
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
		asked    httpapi.Command
		function string
		payload  string // but for the id
	}{
		{httpapi.Command{Mode: catalog.Full, Accept: true}, "voc-full", `{"mode":"full","accept":true,"run_id":"<id>","trigger":"api"}`},
		{httpapi.Command{Mode: catalog.Sweep}, "voc-full", `{"mode":"sweep","run_id":"<id>","trigger":"api"}`},
		{httpapi.Command{Mode: catalog.Incremental}, "voc-incremental", `{"mode":"incremental","run_id":"<id>","trigger":"api"}`},
		{httpapi.Command{Mode: catalog.Rollback, To: "previous"}, "voc-incremental", `{"mode":"rollback","snapshot":"previous","run_id":"<id>","trigger":"api"}`},
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
	if _, err := i.Ask(t.Context(), httpapi.Command{Mode: catalog.Full}); err != nil || len(cloud.Calls()) != 1 {
		t.Errorf("%v, calls %v", err, cloud.Calls())
	}
}

func TestAFunctionThatCanNotBeCalledIsNamed(t *testing.T) {
	i, _, cloud := newInvoker(t, blobtest.NewFaulty(blobtest.NewMemory(nil)))
	cloud.RefuseCalls("ResourceNotFoundException")
	_, err := i.Ask(t.Context(), httpapi.Command{Mode: catalog.Incremental})
	if !errors.Is(err, httpapi.ErrNotStarted) {
		t.Fatalf("error %v", err)
	}
	for _, part := range []string{"REFRESH_INCREMENTAL_FUNCTION", "voc-incremental", "ResourceNotFoundException", "correct the name"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %s", err, part)
		}
	}
}
