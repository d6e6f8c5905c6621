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

func newInvoker(
	t *testing.T, store *blobtest.Faulty,
) (*invocation.Invoker, *manifest.Store, *lambdatest.Cloud) {
	t.Helper()
	cloud := lambdatest.NewCloud(t)
	for _, variable := range append(cloud.Environ(), "AWS_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret") {
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

// running starts a run as another process does.
func running(t *testing.T, c *manifest.Store, mode job.Mode, accept bool) job.Run {
	t.Helper()
	run := job.Run{ID: job.NewRunID(mode, time.Now()), Mode: mode, Trigger: job.TriggerCLI,
		Started: job.At(time.Now()), Attempt: "try"}
	_, run, err := c.Acquire(t.Context(), "appX", job.Request{Accept: accept}, run)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestAskJoins(t *testing.T) {
	for name, c := range map[string]struct {
		running job.Mode
		accept  bool
		request job.Request
		joined  bool
	}{
		"same mode": {job.Full, false,
			job.Request{Trigger: job.TriggerAPI, Mode: job.Full}, true},
		"incremental joins full": {job.Full, false,
			job.Request{Trigger: job.TriggerAPI, Mode: job.Incremental}, true},
		"full does not join incremental": {job.Incremental, false,
			job.Request{Trigger: job.TriggerAPI, Mode: job.Full}, false},
		"accept does not join a run without": {job.Full, false,
			job.Request{Trigger: job.TriggerAPI, Mode: job.Full, Accept: true}, false},
		"accept joins a run with accept": {job.Full, true,
			job.Request{Trigger: job.TriggerAPI, Mode: job.Full, Accept: true}, true},
		"rollback does not join full": {job.Full, false,
			job.Request{Trigger: job.TriggerAPI, Mode: job.Rollback, To: job.Previous}, false},
		"incremental does not join rollback": {job.Rollback, false,
			job.Request{Trigger: job.TriggerAPI, Mode: job.Incremental}, false},
	} {
		t.Run(name, func(t *testing.T) {
			i, store, cloud := newInvoker(t, blobtest.NewFaulty(blobtest.NewMemory(nil)))
			run := running(t, store, c.running, c.accept)
			ticket, err := i.Ask(t.Context(), c.request)
			if err != nil || ticket.Joined != c.joined || (ticket.RunID == run.ID) != c.joined ||
				(len(cloud.Invocations()) == 0) != c.joined {
				t.Errorf("%+v, %v, invocations %v, running %s", ticket, err, cloud.Invocations(), run.ID)
			}
		})
	}
}

func TestAskInvokes(t *testing.T) {
	i, _, cloud := newInvoker(t, blobtest.NewFaulty(blobtest.NewMemory(nil)))
	for _, c := range []struct {
		request  job.Request
		function string
		payload  string // with <id> for the run's id
	}{
		{job.Request{Trigger: job.TriggerAPI, Mode: job.Full, Accept: true}, "voc-full",
			`{"mode":"full","accept":true,"run_id":"<id>","trigger":"api"}`},
		{job.Request{Trigger: job.TriggerAPI, Mode: job.Sweep}, "voc-full",
			`{"mode":"sweep","run_id":"<id>","trigger":"api"}`},
		{job.Request{Trigger: job.TriggerAPI, Mode: job.Incremental}, "voc-incremental",
			`{"mode":"incremental","run_id":"<id>","trigger":"api"}`},
		{job.Request{Trigger: job.TriggerAPI, Mode: job.Rollback, To: "previous"}, "voc-incremental",
			`{"mode":"rollback","snapshot":"previous","run_id":"<id>","trigger":"api"}`},
	} {
		ticket, err := i.Ask(t.Context(), c.request)
		if err != nil {
			t.Fatal(err)
		}
		invocations := cloud.Invocations()
		last := invocations[len(invocations)-1]
		if got := strings.ReplaceAll(last.Payload, ticket.RunID, "<id>"); last.Function != c.function ||
			got != c.payload || ticket.Mode != c.request.Mode {
			t.Errorf("%s is invoked with %s for %+v", last.Function, got, ticket)
		}
	}
}

// TestAskWithUnreadableStore: the run reports the store, so Ask invokes the function.
func TestAskWithUnreadableStore(t *testing.T) {
	store := blobtest.NewFaulty(blobtest.NewMemory(nil))
	store.Inject(blobtest.Fault{Effect: blobtest.Refused})
	i, _, cloud := newInvoker(t, store)
	_, err := i.Ask(t.Context(), job.Request{Trigger: job.TriggerAPI, Mode: job.Full})
	if err != nil || len(cloud.Invocations()) != 1 {
		t.Errorf("%v, invocations %v", err, cloud.Invocations())
	}
}

func TestAskNotStarted(t *testing.T) {
	i, _, cloud := newInvoker(t, blobtest.NewFaulty(blobtest.NewMemory(nil)))
	cloud.RejectInvocations("ResourceNotFoundException")
	_, err := i.Ask(t.Context(), job.Request{Trigger: job.TriggerAPI, Mode: job.Incremental})
	if !errors.Is(err, job.ErrNotStarted) {
		t.Fatalf("error %v", err)
	}
	for _, part := range []string{"REFRESH_INCREMENTAL_FUNCTION", "voc-incremental",
		"ResourceNotFoundException", "correct the name"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %s", err, part)
		}
	}
}
