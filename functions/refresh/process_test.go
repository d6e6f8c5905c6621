package main_test

import (
	"strings"
	"testing"

	"voc/internal/job"
)

func is(t *testing.T, run job.Run, outcome job.Outcome, mode job.Mode) {
	t.Helper()
	if job.Outcome(run.Outcome) != outcome || run.Mode != mode {
		t.Errorf("run %s is %s and ended %q (%s), want %s and %q", run.ID, run.Mode, run.Outcome,
			run.Error, mode, outcome)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	full, incremental := w.function("full"), w.function("incremental")

	first := invoke(t, full, scheduled("full", "2026-11-30T04:59:00Z"))
	is(t, first, job.Published, job.Full)
	if first.ID != "full-20261130T045900Z-sched" || first.Added != records ||
		first.Trigger != "schedule" {
		t.Errorf("receipt %+v", first)
	}
	again := invoke(t, full, scheduled("full", "2026-11-30T04:59:00Z"))
	if again.ID != first.ID || again.Started != first.Started ||
		again.SnapshotAfter != first.SnapshotAfter {
		t.Errorf("a retry of the event is another run: %+v after %+v", again, first)
	}

	is(t, invoke(t, incremental, scheduled("incremental", "2026-11-30T14:00:00Z")), job.Unchanged,
		job.Incremental)
	is(t, invoke(t, incremental, `{}`), job.Unchanged, job.Incremental)
	is(t, invoke(t, full, `{}`), job.Unchanged, job.Full)
	is(t, invoke(t, incremental, ``), job.Unchanged, job.Incremental)
	is(t, invoke(t, full, scheduled("sweep", "2026-11-30T11:30:00Z")), job.Unchanged, job.Sweep)
	is(t, invoke(t, incremental, `{"mode":"refresh_full"}`), job.Unchanged, job.Full)

	if s := status(t, incremental); s.Cache.Records != records || s.Snapshot == nil ||
		s.Snapshot.ID != string(first.SnapshotAfter) || len(s.Warnings) != 0 {
		t.Errorf("status %+v", s)
	}
	if full.Starts() != 1 || incremental.Starts() != 1 {
		t.Errorf("%d and %d processes, want one each", full.Starts(), incremental.Starts())
	}
}

func TestCheckEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full")
	result := f.Invoke([]byte(`{"mode":"check"}`), enough)
	if result.Error != nil {
		t.Fatal(result.Error)
	}
	contains(t, string(result.Payload), `{"verdict":"a refresh would work","wrong":`,
		"Airtable accepts the token", w.base.TableName())

	w.PutParameter("/voc/airtable-api-key", "patWRONG")
	result = w.function("full").Invoke([]byte(`{"mode":"check"}`), enough)
	if result.Error != nil {
		t.Fatal(result.Error)
	}
	contains(t, string(result.Payload), `{"verdict":"a refresh would not work"`, "401",
		"AIRTABLE_API_KEY")
}

func TestInvalidEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full")
	for _, event := range []string{`{"mode":"everything"}`, `{"key1":"value1"}`, `[]`, `{"mode":`} {
		contains(t, fails(t, f, event).Message, "accepted are", `"mode": "rollback"`)
	}
	if lines := errorLines(t, f, `"message":"the event failed"`); len(lines) != 4 {
		t.Errorf("the events are logged as %q", lines)
	}
	if len(w.sim.Counters().Calls) != 0 {
		t.Error("Airtable was called")
	}
}

func TestRollbackEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full")
	first := invoke(t, f, `{}`)
	w.sim.Delete(w.sim.Records()[0].ID)
	second := invoke(t, f, `{}`)
	is(t, second, job.Published, job.Full)
	back := invoke(t, f, `{"mode":"rollback","snapshot":"previous"}`)
	is(t, back, job.Published, job.Rollback)
	if back.SnapshotAfter != first.SnapshotAfter {
		t.Errorf("rolled back to %s, want %s", back.SnapshotAfter, first.SnapshotAfter)
	}
	is(t, invoke(t, f, scheduled("incremental", "2026-11-30T14:00:00Z")), job.Held, job.Incremental)
	contains(t, string(invoke(t, f, `{"mode":"rollback","snapshot":"nowhere"}`).Error), "nowhere")
}

func TestFinalFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.PutParameter("/voc/airtable-api-key", "patWRONG")
	f := w.function("full")
	run := invoke(t, f, scheduled("full", "2026-11-30T04:59:00Z"))
	is(t, run, job.Failed, job.Full)
	contains(t, string(run.Error), "401", "AIRTABLE_API_KEY")
	contains(t, f.Log(), `"final":true`, `"level":"ERROR"`, run.ID)
	if s := status(t, f); s.Cache.LastError == nil || *s.Cache.LastError != string(run.Error) {
		t.Errorf("the status says %v", s.Cache.LastError)
	}
	if strings.Contains(f.Log(), "patWRONG") {
		t.Error("the log has the key")
	}
}

func TestInvalidEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("everything", "SNAPSHOT_STORE=file:///tmp/x", "FEEDBACK_YEARS=soon")
	if err := fails(t, f, `{}`); err.Type != "Runtime.ExitError" {
		t.Errorf("%s: %s", err.Type, err.Message)
	}
	contains(t, f.Log(), "REFRESH_MODE: ", "SNAPSHOT_STORE: ", "FEEDBACK_YEARS: ")
}
