package httpapi_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/blob/blobtest"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/watch"
	"voc/internal/webui"
)

// cacheStatus has what these tests read from GET /api/cache/; the golden file has everything.
type cacheStatus struct {
	Cache struct {
		LastUpdate   *string `json:"last_update"`
		LastError    *string `json:"last_error"`
		LastRunType  *string `json:"last_run_type"`
		TotalRecords int     `json:"total_records"`
		Running      *struct {
			RunID string `json:"run_id"`
		}
	} `json:"cache_status"`
	Snapshot *struct{ ID string }
	Stale    bool
	Schedule map[string]struct {
		Expression  string
		Timezone    *string
		NextRun     *string `json:"next_run"`
		LastRun     *string `json:"last_run"`
		LastSuccess *string `json:"last_success"`
		LastError   *string `json:"last_error"`
	}
	Airtable struct {
		Calls int `json:"calls_this_month"`
	}
	Warnings []string
}

// text returns *p, or "null".
func text(p *string) string {
	if p == nil {
		return "null"
	}
	return *p
}

func TestStatusBody(t *testing.T) {
	t.Parallel()
	s := serving(t)
	failure := failed(nextRun(job.Incremental, "b", 10*time.Minute))
	failure.Warnings = []string{
		`field "Priority" is called "Urgency" now and was followed: rename it in FIELD_MAP`}
	s.finish(failure)
	running := underWay(nextRun(job.Full, "c", 20*time.Minute))
	running.Pages, running.Read = 3, 300
	s.refresher.active = []job.Run{running}
	a := s.get("/api/cache/")
	a.is(t, 200)
	body := a.body
	for _, file := range [][2]string{
		{`-[0-9a-f]{12}"`, `-<12 of sha256>"`}, {`"[0-9a-f]{64}"`, `"<sha256>"`},
		{`"bytes":\d+`, `"bytes":0`},
	} {
		body = regexp.MustCompile(file[0]).ReplaceAllString(body, file[1]) // SQLite's version decides
	}
	golden(t, "status", body)
}

func TestStatusOfEmptyStore(t *testing.T) {
	t.Parallel()
	s := newService(t)
	status := s.status()
	if c := status.Cache; c.TotalRecords != 0 || c.LastUpdate != nil || c.LastError != nil ||
		c.LastRunType != nil ||
		c.Running != nil ||
		status.Snapshot != nil {
		t.Errorf("%+v", status)
	}
	full := status.Schedule["full"]
	if full.LastRun != nil || full.LastSuccess != nil || full.NextRun == nil {
		t.Errorf("%+v", full)
	}
	body := s.get("/api/cache/").body
	if !strings.Contains(body, `"warnings":[]`) || !strings.Contains(body, `"snapshot":null`) {
		t.Errorf("%s", body)
	}
	if status.Stale {
		t.Error("nothing is stale")
	}
}

// The worst case is the sum of the terms. Without a measured run there is no promise.
func TestFreshness(t *testing.T) {
	t.Parallel()
	type body struct {
		Freshness struct {
			Typical *int `json:"typical_s"`
			Worst   *int `json:"worst_s"`
			Terms   []struct {
				Name    string
				Seconds int
			}
		}
	}
	read := func(s *service) (b body) {
		t.Helper()
		if err := json.Unmarshal([]byte(s.get("/api/cache/").body), &b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	if got := read(newService(t)).Freshness; got.Typical != nil || got.Worst != nil ||
		len(got.Terms) != 0 {
		t.Errorf("of an empty store: %+v", got)
	}
	s := serving(t)
	quick := nextRun(job.Incremental, "b", 10*time.Minute)
	quick.Finished = job.At(quick.Started.Add(4 * time.Second))
	slow := nextRun(job.Incremental, "c", 20*time.Minute)
	slow.Finished = job.At(slow.Started.Add(9500 * time.Millisecond))
	s.finish(quick)
	s.finish(slow)
	s.finish(failed(nextRun(job.Incremental, "d", 30*time.Minute)))
	got := read(s).Freshness
	sum := 0
	for _, term := range got.Terms {
		sum += term.Seconds
		if term.Name == "run" && term.Seconds != 10 {
			t.Errorf("a run takes %d s", term.Seconds)
		}
	}
	if got.Worst == nil || *got.Worst != sum || *got.Worst != 3600+10+15+1 ||
		*got.Typical < 1800 || *got.Typical > 1820 {
		t.Errorf("%+v", got)
	}
}

func TestSuccessClearsLastError(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.finish(failed(nextRun(job.Incremental, "b", 10*time.Minute)))
	if c := s.status().Cache; !strings.Contains(text(c.LastError), "make a new token") ||
		text(c.LastRunType) != "incremental" ||
		text(c.LastUpdate) != "2026-11-23T11:59:00.000Z" {
		t.Errorf(
			"after a failure: error %s, type %s, update %s", text(c.LastError), text(c.LastRunType),
			text(c.LastUpdate),
		)
	}
	s.finish(nextRun(job.Incremental, "c", 20*time.Minute))
	c := s.status().Cache
	if c.LastError != nil || text(c.LastUpdate) != "2026-11-23T12:19:00.000Z" || c.TotalRecords != 48 {
		t.Errorf(
			"after a success: error %s, update %s, %d records", text(c.LastError), text(c.LastUpdate),
			c.TotalRecords,
		)
	}
}

func TestStatusCountsServedRecords(t *testing.T) {
	t.Parallel()
	s := serving(t)
	run := failed(nextRun(job.Full, "b", time.Minute))
	run.Read, run.AirtableCalls = 7, 4
	s.finish(run)
	if status := s.status(); status.Cache.TotalRecords != 48 || status.Airtable.Calls != 7 {
		t.Errorf("%d records, %d calls", status.Cache.TotalRecords, status.Airtable.Calls)
	}
}

func TestWaitingRunIsNotRunning(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.refresher.active = []job.Run{{ID: "full-later", Mode: job.Full}}
	if running := s.status().Cache.Running; running != nil {
		t.Errorf("%+v", running)
	}
}

func TestStatusSchedules(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.finish(failed(nextRun(job.Incremental, "b", 10*time.Minute)))
	schedules := s.status().Schedule
	for name, want := range map[string][5]string{
		"full": {
			"cron(0 6 * * ? *)", "UTC", "2026-11-24T06:00:00.000Z", "2026-11-23T11:58:00.000Z",
			"2026-11-23T11:59:00.000Z",
		},
		"incremental": {
			"cron(0 * * * ? *)", "UTC", "2026-11-23T13:00:00.000Z", "2026-11-23T12:08:00.000Z",
			"2026-11-23T11:59:00.000Z",
		},
		"sweep": {"off", "null", "null", "2026-11-23T11:58:00.000Z", "2026-11-23T11:59:00.000Z"},
	} {
		s := schedules[name]
		if got := [5]string{
			s.Expression, text(s.Timezone), text(s.NextRun), text(s.LastRun), text(s.LastSuccess),
		}; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestStatusOfScheduleOff: the status promises no run that nothing starts.
func TestStatusOfScheduleOff(t *testing.T) {
	t.Parallel()
	s := serving(t, func(cfg *httpapi.Config) { cfg.Schedules.Off = true })
	status := s.status()
	for mode, plan := range status.Schedule {
		if plan.NextRun != nil || plan.Expression == "" {
			t.Errorf("%s: next at %s, of %q", mode, text(plan.NextRun), plan.Expression)
		}
	}
	if len(status.Warnings) != 1 || !strings.Contains(status.Warnings[0], "SCHEDULE is off") ||
		!strings.HasSuffix(status.Warnings[0], watch.ScheduleOff.Refer("")) {
		t.Errorf("warnings %q", status.Warnings)
	}
	s.get("/api/health").is(t, 200)
}

// TestPageAdvisesOnEachKind: the page says what to do about each heading that ends a warning or a
// reason.
func TestPageAdvisesOnEachKind(t *testing.T) {
	t.Parallel()
	file, _ := webui.Load().Find("status.js")
	for _, kind := range watch.Kinds() {
		if !strings.Contains(string(file.Body), "\n  \""+kind.Heading()+"\": \"") {
			t.Errorf("status.js has no advice for %q", kind.Heading())
		}
	}
}

func TestStatusActionsAreRoutes(t *testing.T) {
	t.Parallel()
	s := serving(t)
	var body struct{ Actions map[string]string }
	s.get("/api/cache/").decode(t, &body)
	if len(body.Actions) != 4 {
		t.Errorf("actions %v", body.Actions)
	}
	for name, path := range body.Actions {
		s.ask("PUT", path).has(t, "Allow", "POST, OPTIONS")
		if !strings.HasSuffix(path, name) {
			t.Errorf("%s is at %s", name, path)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		made    func(t *testing.T) *service
		status  int
		word    string
		reasons []string // a part of each
	}{
		{"fresh", func(t *testing.T) *service { return serving(t) }, 200, "ok", nil},
		{"empty", func(t *testing.T) *service { return newService(t) }, 503, "empty", []string{
			"first refresh",
		}},
		{"stale", func(t *testing.T) *service {
			s := serving(t)
			s.clock.Set(noon.Add(30 * time.Minute))
			return s
		}, 503, "degraded", []string{
			"the incremental refresh that was due at 2026-11-23T12:00:00Z has not succeeded",
		}},
		{"damaged snapshot", func(t *testing.T) *service {
			s := serving(t)
			s.publishDamaged(few(), nextRun(job.Full, "b", time.Second))
			return s
		}, 503, "degraded", []string{"older", "damaged"}},
		{"the only snapshot damaged", func(t *testing.T) *service {
			s := newService(t)
			s.publishDamaged(few(), fullRun())
			return s
		}, 503, "empty", []string{"warnings", "damaged"}},
		{"no store", func(t *testing.T) *service {
			s := newService(t)
			s.store.Inject(blobtest.Fault{Effect: blobtest.Refused})
			return s
		}, 503, "empty", []string{"warnings", "the store cannot be read"}},
		{"store lost while fresh", func(t *testing.T) *service {
			s := serving(t)
			s.store.Inject(blobtest.Fault{Effect: blobtest.Refused})
			s.status()
			return s
		}, 200, "ok", nil},
		{"store lost for long", func(t *testing.T) *service {
			s := serving(t)
			s.store.Inject(blobtest.Fault{Effect: blobtest.Refused})
			s.status()
			s.clock.Set(noon.Add(time.Hour))
			return s
		}, 503, "degraded", []string{"incremental", "the store cannot be read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.made(t)
			var body struct {
				Status  string
				Reasons []string
			}
			a := s.get("/api/health")
			a.decode(t, &body)
			if a.StatusCode != c.status || body.Status != c.word || len(body.Reasons) != len(c.reasons) {
				t.Fatalf("%d %s", a.StatusCode, a.body)
			}
			for i, part := range c.reasons {
				if !strings.Contains(body.Reasons[i], part) {
					t.Errorf("%q does not contain %q", body.Reasons[i], part)
				}
			}
			a.has(t, "Content-Type", "application/json", "Cache-Control", "no-store")
			s.get("/api/live").is(t, 200)
		})
	}
}

func TestLiveReadsNoStore(t *testing.T) {
	t.Parallel()
	s := newService(t, tokens)
	s.refresher.onActive = func() { t.Error("the refresher was asked") }
	a := s.get("/api/live")
	a.is(t, 200)
	if a.body != `{"status":"ok"}`+"\n" || len(s.store.Log()) != 0 {
		t.Errorf("%s after %v", a.body, s.store.Log())
	}
}

func TestStatusWithoutHTTP(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.publish(others(), nextRun(job.Full, "b", time.Second))
	var body cacheStatus
	a := answer{body: string(must(json.Marshal(s.Status(t.Context()))))}
	a.decode(t, &body)
	if body.Cache.TotalRecords != 50 {
		t.Errorf("%s", a.body)
	}
}

func TestStatusWarnings(t *testing.T) {
	t.Parallel()
	s := serving(t)
	run := nextRun(job.Incremental, "b", time.Minute)
	run.Warnings = []string{"a field was renamed"}
	s.finish(run)
	s.store.Inject(blobtest.Fault{Effect: blobtest.Refused})
	warnings := s.status().Warnings
	if len(warnings) != 2 || !strings.Contains(warnings[0], "injected") ||
		!slices.Contains(warnings, `a field was renamed (OPERATE.md, "Refresh warns")`) {
		t.Errorf("%q", warnings)
	}
}
