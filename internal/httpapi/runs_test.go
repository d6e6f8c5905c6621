package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"voc/internal/job"
)

// receipt has what these tests read of a run.
type receipt struct {
	ID, Mode, Trigger  string
	Started, Finished  *string
	Outcome            *string
	Read, Pages, Bytes int
	SnapshotAfter      *string `json:"snapshot_after"`
	Error              *string
}

func (s *service) runs(query string) (runs []receipt) {
	s.t.Helper()
	a := s.get("/api/cache/runs" + query)
	a.is(s.t, 200)
	a.decode(s.t, &runs)
	return runs
}

func ids(runs []receipt) (all []string) {
	for _, run := range runs {
		all = append(all, run.ID)
	}
	return all
}

func TestRunsNewestFirst(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.finish(nextRun(job.Incremental, "b", 10*time.Minute))
	s.finish(failed(nextRun(job.Incremental, "c", 20*time.Minute)))
	s.refresher.active = []job.Run{
		underWay(nextRun(job.Incremental, "d", 30*time.Minute)),
		{ID: "full-e", Mode: job.Full, Trigger: "api"},
	}
	runs := s.runs("")
	if got, want := ids(runs), []string{
		"full-e", "incremental-d", "incremental-c", "incremental-b", fullRun().ID,
	}; !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i, want := range []string{"pending", "null", "failed", "unchanged", "published"} {
		if got := text(runs[i].Outcome); got != want {
			t.Errorf("%s: outcome %s, want %s", runs[i].ID, got, want)
		}
	}
	if waiting, running := runs[0], runs[1]; waiting.Started != nil || waiting.Finished != nil ||
		running.Started == nil ||
		running.Finished != nil {
		t.Errorf("waiting %+v, running %+v", waiting, running)
	}
}

// underWay is the run before it finished.
func underWay(run job.Run) job.Run {
	run.Finished = job.Time{}
	return run
}

func TestRunsOfEmptyStore(t *testing.T) {
	t.Parallel()
	if a := newService(t).get("/api/cache/runs"); a.body != "[]\n" {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
}

func TestRunsLimit(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 210 {
		s.refresher.unrecorded = append(
			s.refresher.unrecorded, failed(nextRun(job.Full, fmt.Sprint(i), time.Duration(i)*time.Second)),
		)
	}
	for query, want := range map[string]int{
		"": 50, "?limit=1": 1, "?limit=50": 50, "?limit=200": 200,
	} {
		if got := s.runs(query); len(got) != want || got[0].ID != "full-209" {
			t.Errorf("%q: %d runs from %s on", query, len(got), got[0].ID)
		}
	}
	for _, limit := range []string{"0", "201", "-1", "", "1.5", "+5"} {
		s.get("/api/cache/runs?limit="+limit).is(t, 400)
	}
}

func TestRunByID(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.refresher.active = []job.Run{
		underWay(nextRun(job.Full, "running", time.Minute)),
		{ID: "full-waiting", Mode: job.Full, Trigger: "api"},
	}
	s.refresher.unrecorded = []job.Run{failed(nextRun(job.Full, "unrecorded", time.Second))}
	for id, outcome := range map[string]string{
		fullRun().ID: "published", "full-running": "null", "full-waiting": "pending",
		"full-unrecorded": "failed",
	} {
		var run receipt
		a := s.get("/api/cache/runs/" + id)
		if a.is(t, 200); a.StatusCode == 200 {
			a.decode(t, &run)
		}
		if run.ID != id || text(run.Outcome) != outcome {
			t.Errorf("%s: %s", id, a.body)
		}
	}
	for _, id := range []string{"full-nobody", "full", "null", fullRun().ID + "x", "FULL-running"} {
		s.get("/api/cache/runs/"+id).is(t, 404)
	}
}

// TestRunIsPendingBeforeStart requests an id whose run may be about to start on another host.
func TestRunIsPendingBeforeStart(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for age, status := range map[time.Duration]int{
		0: 200, time.Minute: 200, 5 * time.Minute: 200, 5*time.Minute + time.Second: 404,
		24 * time.Hour: 404, -5 * time.Minute: 200, -5*time.Minute - time.Second: 404,
	} {
		id := job.NewRunID(job.Incremental, noon.Add(-age))
		a := s.get("/api/cache/runs/" + id)
		if a.is(t, status); status != 200 {
			continue
		}
		var run receipt
		if a.decode(t, &run); run.ID != id || run.Mode != "incremental" ||
			text(run.Outcome) != "pending" ||
			run.Started != nil ||
			run.Finished != nil {
			t.Errorf("%s old: %s", age, a.body)
		}
	}
}

func TestReceiptKeys(t *testing.T) {
	t.Parallel()
	s := serving(t)
	var keys map[string]any
	s.get("/api/cache/runs/"+fullRun().ID).decode(t, &keys)
	for _, key := range []string{
		"id", "mode", "trigger", "started", "finished", "outcome", "read", "added", "changed", "removed",
		"unchanged", "pages", "airtable_calls", "throttled",
		"retries", "bytes", "snapshot_before", "snapshot_after", "joined_run", "error",
	} {
		if _, ok := keys[key]; !ok {
			t.Errorf("no %s in %v", key, keys)
		}
	}
	if keys["snapshot_after"] != s.current().ID || keys["finished"] != "2026-11-23T11:59:00.000Z" ||
		keys["error"] != nil {
		t.Errorf("%v", keys)
	}
}

// TestUnrecordedReceipt checks that it does not hide the receipts in the store.
func TestUnrecordedReceipt(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.refresher.unrecorded = []job.Run{failed(nextRun(job.Full, "b", 10*time.Minute))}
	if c := s.status().Cache; c.LastError == nil || text(c.LastRunType) != "full" {
		t.Errorf("%+v", c)
	}
	s.finish(nextRun(job.Incremental, "c", 20*time.Minute)) // by another process
	got, want := ids(s.runs("")), []string{"incremental-c", "full-b", fullRun().ID}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if c := s.status().Cache; c.LastError == nil || text(c.LastRunType) != "incremental" {
		t.Errorf("%+v", c) // an incremental does less than the full that failed
	}
	s.finish(nextRun(job.Full, "d", 30*time.Minute))
	if c := s.status().Cache; c.LastError != nil || text(c.LastRunType) != "full" {
		t.Errorf("%+v", c)
	}
}

func TestUnrecordedReceiptInStore(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.refresher.unrecorded = []job.Run{failed(fullRun())}
	if runs := s.runs(""); len(runs) != 1 || text(runs[0].Outcome) != "published" {
		t.Errorf("%+v", runs)
	}
	if c := s.status().Cache; c.LastError != nil {
		t.Errorf("last error %s", text(c.LastError))
	}
}

// TestRunFinishesWhenServed has a receipt in the store before its snapshot is served.
func TestRunFinishesWhenServed(t *testing.T) {
	t.Parallel()
	s := serving(t)
	run := nextRun(job.Full, "b", time.Second)
	s.refresher.active = []job.Run{underWay(run)}
	s.publish(others(), run)
	if runs := s.runs(""); len(runs) != 2 || runs[0].ID != run.ID || runs[0].Outcome != nil {
		t.Errorf("%+v", runs)
	}
	if c := s.status().Cache; c.Running == nil || c.Running.RunID != run.ID ||
		text(c.LastUpdate) != "2026-11-23T11:59:00.000Z" {
		t.Errorf("%+v", c)
	}
}

// TestRunNeverDisappears finishes a run right after the refresher was asked.
func TestRunNeverDisappears(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/api/cache/runs/full-b", "/api/cache/runs", "/api/cache/"} {
		s := serving(t)
		run := nextRun(job.Full, "b", time.Second)
		s.refresher.active = []job.Run{underWay(run)}
		s.refresher.onActive = func() {
			s.refresher.active, s.refresher.onActive = nil, nil
			s.publish(others(), run)
		}
		before := s.get(target)
		before.is(t, http.StatusOK)
		if after := s.get(target); after.body == before.body {
			t.Errorf("%s: %s", target, before.body)
		}
		switch target {
		case "/api/cache/runs":
			var runs []receipt
			if before.decode(t, &runs); len(runs) != 2 {
				t.Errorf("runs %q", ids(runs))
			}
		case "/api/cache/":
			var status cacheStatus
			if before.decode(t, &status); status.Cache.Running == nil {
				t.Errorf("%s", before.body)
			}
		}
	}
}
