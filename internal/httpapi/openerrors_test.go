package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/httpapi"
	"voc/internal/job"
)

// storeError is an error as a receipt words it, with the places of a store.
const storeError = "write the manifest: put manifest.json in s3://voc-bucket/feedback: " +
	"dial tcp: lookup voc-bucket.s3.example.com on 10.0.0.2:53: no such host"

// everyMode schedules all three modes every hour.
func everyMode(t testing.TB) func(*httpapi.Config) {
	return func(cfg *httpapi.Config) {
		hourly := cron(t, "cron(0 * * * ? *)")
		cfg.Schedules = httpapi.Schedules{Full: hourly, Sweep: hourly, Incremental: hourly}
	}
}

// opens holds which outcomes open an error.
var opens = map[job.Outcome]bool{
	job.Failed: true, job.Refused: true, job.RetryLater: true,
	job.Joined: false, job.Fenced: false, job.Held: false,
	job.Published: false, job.Unchanged: false,
}

// modes are the scheduled modes, each of which covers those after it.
var modes = []job.Mode{job.Full, job.Sweep, job.Incremental}

// TestOpenErrorIsReported ends a run of each mode in each way, in the store and in the refresher
// alone, and reads the status and health an hour later. Then a run of each mode succeeds.
func TestOpenErrorIsReported(t *testing.T) {
	t.Parallel()
	for outcome, isOpened := range opens {
		for _, mode := range append(modes, job.Rollback) {
			for _, recorded := range []bool{true, false} {
				name := fmt.Sprintf("%s_%s_recorded_%t", mode, outcome, recorded)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					s := serving(t, everyMode(t))
					run := nextRun(mode, "b", 10*time.Minute)
					run.Outcome, run.Error = job.Nullable(outcome), storeError
					if recorded {
						s.finish(run)
					} else {
						s.refresher.unrecorded = []job.Run{run}
					}
					s.clock.Set(noon.Add(2 * time.Hour))
					s.mustReport(t, mode, isOpened && mode != job.Rollback)
				})
			}
		}
	}
}

// mustReport checks that the open errors are none, or that of one mode.
func (s *service) mustReport(t *testing.T, mode job.Mode, isOpen bool) {
	t.Helper()
	status := s.status()
	if got := status.Cache.LastError != nil; got != isOpen {
		t.Errorf("last_error %s", text(status.Cache.LastError))
	}
	for name, schedule := range status.Schedule {
		want := "null"
		if isOpen && name == string(mode) {
			want = storeError
		}
		if got := text(schedule.LastError); got != want {
			t.Errorf("last_error of %s: %s, want %s", name, got, want)
		}
	}
	warning := string(mode) + " refresh failed at 2026-11-23T12:09:00Z: " + storeError +
		` (OPERATE.md, "Refresh failed")`
	if got := slices.Contains(status.Warnings, warning); got != isOpen {
		t.Errorf("warnings %q", status.Warnings)
	}
	health := s.get("/api/health").body
	reason := string(mode) + " refresh that was due at 2026-11-23T12:00:00Z has not succeeded; " +
		"it ended as "
	if got := strings.Contains(health, reason); got != isOpen {
		t.Errorf("health %s", health)
	}
	if isOpen && !strings.Contains(health, " at 2026-11-23T12:09:00Z: write the manifest (") {
		t.Errorf("health without the cause: %s", health)
	}
	for _, place := range []string{"bucket", "s3", "10.0", "manifest.json", "host"} {
		if strings.Contains(health, place) {
			t.Errorf("health names the place %q: %s", place, health)
		}
	}
}

// TestOpenErrorIsClosed ends a run of each mode after one of each mode failed.
func TestOpenErrorIsClosed(t *testing.T) {
	t.Parallel()
	for rank, first := range modes {
		for next, second := range modes {
			t.Run(fmt.Sprintf("%s_then_%s", first, second), func(t *testing.T) {
				t.Parallel()
				s := serving(t, everyMode(t))
				run := failed(nextRun(first, "b", 10*time.Minute))
				run.Error = storeError
				s.finish(run)
				s.finish(nextRun(second, "c", 20*time.Minute))
				s.clock.Set(noon.Add(2 * time.Hour))
				isOpen := next > rank // it does less
				if status := s.status(); (status.Cache.LastError != nil) != isOpen ||
					(status.Schedule[string(first)].LastError != nil) != isOpen ||
					slices.ContainsFunc(status.Warnings, func(warning string) bool {
						return strings.Contains(warning, "refresh failed")
					}) != isOpen {
					t.Errorf("%+v", status)
				}
			})
		}
	}
}

// TestHalfTheBaseDeleted has the sweep refused, and incrementals that succeed for eight hours.
func TestHalfTheBaseDeleted(t *testing.T) {
	t.Parallel()
	s := serving(t, everyMode(t))
	run := nextRun(job.Sweep, "b", 10*time.Minute)
	run.Outcome = job.Nullable(job.Refused)
	run.Error = "rejected by the publish gate: 300 of 580 records (52 %) would be removed"
	s.finish(run)
	for hour := 1; hour <= 8; hour++ {
		name := fmt.Sprint("hour-", hour)
		s.finish(nextRun(job.Incremental, name, time.Duration(hour)*time.Hour))
		s.clock.Set(noon.Add(time.Duration(hour) * time.Hour))
		if status := s.status(); text(status.Cache.LastError) != string(run.Error) {
			t.Errorf("after %d h: %s", hour, text(status.Cache.LastError))
		}
		health := s.get("/api/health")
		if health.StatusCode != 503 || !strings.Contains(health.body, "the sweep refresh that was "+
			"due at "+
			"2026-11-23T12:00:00Z has not succeeded; it ended as refused at 2026-11-23T12:09:00Z: "+
			"rejected by the publish gate") || !strings.Contains(health.body, "the full refresh") {
			t.Errorf("after %d h: %d %s", hour, health.StatusCode, health.body)
		}
	}
}
