package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"voc/internal/job"
)

// entry has what these tests read from GET /api/cache/snapshots.
type entry struct {
	ID      string
	Records int
	Run     string
	Current bool
}

func (s *service) snapshots() []entry {
	s.t.Helper()
	var all []entry
	a := s.get("/api/cache/snapshots")
	a.is(s.t, 200)
	a.decode(s.t, &all)
	return all
}

// rollBack makes an older snapshot current, as a refresher would.
func (s *service) rollBack(to string) {
	s.t.Helper()
	run := nextRun(job.Rollback, "back", time.Minute)
	run.Trigger, run.Attempt, run.AirtableCalls = job.TriggerAPI, run.ID, 0
	if _, err := s.manifests.Rollback(s.t.Context(), base, run, to); err != nil {
		s.t.Fatal(err)
	}
}

func TestListSnapshots(t *testing.T) {
	t.Parallel()
	s := newService(t)
	if got := s.snapshots(); got == nil || len(got) != 0 {
		t.Errorf("%v of an empty store", got)
	}
	first := s.publish(few(), fullRun())
	second := s.publish(others(), nextRun(job.Full, "b", time.Second))
	got := s.snapshots()
	if len(got) != 2 || got[0] != (entry{second.ID, second.Records, second.Run, true}) ||
		got[1] != (entry{first.ID, first.Records, first.Run, false}) {
		t.Errorf("%+v", got)
	}
	s.rollBack(job.Previous)
	if got := s.snapshots(); got[0].Current || !got[1].Current {
		t.Errorf("after a rollback: %+v", got)
	}
}

func TestRollbackTargets(t *testing.T) {
	t.Parallel()
	s := serving(t, tokens)
	older := s.current().ID
	s.publish(others(), nextRun(job.Full, "b", time.Second))
	s.refresher.ticket = job.Ticket{RunID: "rollback-1", Mode: job.Rollback}
	for _, to := range []string{"previous", older} {
		s.refresher.asked = nil
		a := s.post("/api/cache/rollback", `{"to":"`+to+`"}`)
		a.is(t, 202)
		a.has(t, "Location", "/api/cache/runs/rollback-1")
		if want := (job.Request{Mode: job.Rollback, Trigger: job.TriggerAPI, To: to}); len(
			s.refresher.asked,
		) != 1 ||
			s.refresher.asked[0] != want ||
			!strings.Contains(a.body, "held") {
			t.Errorf("requested %+v, answered %s", s.refresher.asked, a.body)
		}
	}
}

func TestRollbackToUnknownSnapshot(t *testing.T) {
	t.Parallel()
	s := serving(t, tokens)
	for body, words := range map[string]string{
		`{"to":"previous"}`: "none before", `{"to":"full-1-0123456789ab"}`: "/api/cache/snapshots",
		"": `{\"to\"`, `{}`: `{\"to\"`, `{"to":""}`: `{\"to\"`, `{"to":7}`: `{\"to\"`,
		`{"to":"previous","x":1}`: `{\"to\"`,
	} {
		a := s.post("/api/cache/rollback", body)
		if a.is(t, 400); !strings.Contains(a.body, words) || len(s.refresher.asked) > 0 {
			t.Errorf("%s: %s, requested %v", body, a.body, s.refresher.asked)
		}
	}
}

func TestHoldIsReported(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.publish(others(), nextRun(job.Full, "b", time.Second))
	s.rollBack(job.Previous)
	status, health := s.status(), s.get("/api/health")
	if warnings := strings.Join(status.Warnings, "\n"); !strings.Contains(
		warnings, "held until a person",
	) ||
		!strings.Contains(warnings, status.Snapshot.ID) {
		t.Errorf("warnings %q", status.Warnings)
	}
	if health.StatusCode != 200 {
		t.Errorf("on the day of the rollback: %d %s", health.StatusCode, health.body)
	}
	s.clock.Set(noon.Add(23 * time.Hour)) // all schedules were due meanwhile
	if health = s.get("/api/health"); health.StatusCode != 200 {
		t.Errorf("after 23 h: %d %s", health.StatusCode, health.body)
	}
	if warnings := strings.Join(s.status().Warnings, "\n"); !strings.Contains(
		warnings, "T12:00:00Z, 23 h 0 min ago",
	) {
		t.Errorf("after 23 h: %q", warnings)
	}
	s.clock.Set(noon.Add(24 * time.Hour))
	health = s.get("/api/health")
	if health.StatusCode != 503 || strings.Count(health.body, "held until a person") != 1 ||
		strings.Contains(health.body, "has not succeeded") {
		t.Errorf("after a day: %d %s", health.StatusCode, health.body)
	}
}

// A rollback excuses only refreshes that have become late since.
func TestHoldDoesNotHideOlderLateness(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.publish(others(), nextRun(job.Full, "b", time.Second))
	s.clock.Set(noon.Add(40 * time.Minute))
	s.rollBack(job.Previous)
	if health := s.get("/api/health"); health.StatusCode != 503 ||
		!strings.Contains(health.body, "the incremental refresh that was due at 2026-11-23T12:00:00Z") {
		t.Errorf("%d %s", health.StatusCode, health.body)
	}
}

// TestRunOfAnotherHost has a run that only its lease shows.
func TestRunOfAnotherHost(t *testing.T) {
	t.Parallel()
	s := serving(t)
	_, run, err := s.acquire(nextRun(job.Sweep, "elsewhere", time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	run.Pages, run.Read = 4, 400
	if err := s.manifests.Renew(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if status := s.status(); status.Cache.Running == nil || status.Cache.Running.RunID != run.ID {
		t.Errorf("running is %+v", status.Cache.Running)
	}
	var got receipt
	s.get("/api/cache/runs/"+run.ID).decode(t, &got)
	if got.ID != run.ID || got.Outcome != nil || got.Pages != 4 || got.Read != 400 {
		t.Errorf("%+v", got)
	}
	run.Outcome = job.Nullable(job.Failed)
	s.finish(run)
	if status := s.status(); status.Cache.Running != nil {
		t.Errorf("it has ended, and %+v runs", status.Cache.Running)
	}
}
