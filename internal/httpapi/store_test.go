package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/replica"
)

// publishDamaged publishes a snapshot whose object is garbage.
func (s *service) publishDamaged(file fixture, run job.Run) {
	s.t.Helper()
	s.store.Inject(
		blobtest.Fault{
			Kind: blobtest.Replace,
			Key:  "manifest.json",
			N:    2,
			Effect: blobtest.Before(func() {
				for info, err := range s.store.List(s.t.Context(), "snapshots/") {
					if strings.Contains(info.Key, run.ID) && err == nil {
						s.damage(info.Key)
					}
				}
			}),
		},
	)
	s.publish(file, run)
}

func TestEmptyStore(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, target := range []string{"/api/feedback/", "/api/feedback/?team=a", "/api/feedback/rec1"} {
		a := s.get(target)
		a.is(t, 503)
		detail := a.problem(t).Detail
		if a.Header.Get("Retry-After") == "" || !strings.Contains(detail, "POST /api/cache/update-full") {
			t.Errorf("%s: Retry-After %q, %s", target, a.Header.Get("Retry-After"), detail)
		}
	}
	for target, status := range map[string]int{
		"/api/cache/": 200, "/api/cache/runs": 200, "/api/cache/runs/full-1": 404, "/api/health": 503,
		"/api/live": 200,
	} {
		if a := s.get(target); a.StatusCode != status {
			t.Errorf("%s: %d %s", target, a.StatusCode, a.body)
		}
	}
}

func TestUnreadableStoreIsNotEmpty(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.store.Inject(blobtest.Fault{Effect: blobtest.Refused})
	a := s.get("/api/feedback/")
	a.is(t, 503)
	if detail := a.problem(t).Detail; strings.Contains(detail, "published") ||
		!strings.Contains(detail, "/api/cache/") ||
		a.Header.Get("Retry-After") == "" {
		t.Errorf("%s", detail)
	}
	warnings := s.status().Warnings
	if len(warnings) != 1 || !strings.Contains(warnings[0], "injected") {
		t.Errorf("%q", warnings)
	}
}

func TestDataServedWhileStoreIsDown(t *testing.T) {
	t.Parallel()
	s := serving(t)
	before := s.get("/api/feedback/")
	s.store.Inject(blobtest.Fault{Effect: blobtest.Refused})
	status := s.status()
	if len(status.Warnings) != 1 || !strings.Contains(status.Warnings[0], "injected") ||
		status.Cache.TotalRecords != 48 {
		t.Errorf("%+v", status)
	}
	for _, target := range dataTargets {
		s.get(target).is(t, 200)
	}
	a := s.get("/api/feedback/")
	if a.body != before.body || a.Header.Get("ETag") != before.Header.Get("ETag") {
		t.Errorf("%.100q", a.body)
	}
	if len(s.runs("")) != 1 {
		t.Error("no runs")
	}
	if alerts := s.log.alerts(); len(alerts) == 0 || !strings.Contains(alerts[0], "level=WARN") {
		t.Errorf("logged %q", alerts)
	}
}

func TestStoreWarningClears(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.store.Inject(blobtest.Fault{N: 1, Effect: blobtest.Refused})
	if warnings := s.status().Warnings; len(warnings) != 1 {
		t.Errorf("%q", warnings)
	}
	if warnings := s.status().Warnings; len(warnings) != 0 {
		t.Errorf("%q", warnings)
	}
}

func TestDamagedManifestIsReported(t *testing.T) {
	t.Parallel()
	s := serving(t)
	before := s.get("/api/feedback/")
	s.damage("manifest.json")
	status := s.status()
	if len(status.Warnings) == 0 || !strings.Contains(status.Warnings[0], "manifest.json") ||
		!strings.Contains(status.Warnings[0], "damaged") {
		t.Errorf("%q", status.Warnings)
	}
	if a := s.get("/api/feedback/"); a.StatusCode != 200 || a.body != before.body {
		t.Errorf("%d %.100q", a.StatusCode, a.body)
	}
	if a := s.get("/api/health"); a.StatusCode != 503 || !strings.Contains(a.body, "damaged") {
		t.Errorf("health while the data is fresh: %d %s", a.StatusCode, a.body)
	}
	s.clock.Set(noon.Add(time.Hour)) // nothing can be published meanwhile
	if a := s.get("/api/health"); a.StatusCode != 503 || !strings.Contains(a.body, "damaged") {
		t.Errorf("health: %d %s", a.StatusCode, a.body)
	}
}

func TestDamagedSnapshotServesOlder(t *testing.T) {
	t.Parallel()
	s := serving(t)
	older := s.get("/api/feedback/")
	s.publishDamaged(others(), nextRun(job.Full, "b", time.Second))
	status := s.status()
	if len(status.Warnings) == 0 || !strings.Contains(status.Warnings[0], "damaged") ||
		status.Cache.TotalRecords != 48 ||
		status.Snapshot.ID != older.Header.Get("X-Snapshot") {
		t.Errorf("%+v", status)
	}
	a := s.get("/api/feedback/")
	if a.body != older.body || a.Header.Get("ETag") != older.Header.Get("ETag") {
		t.Errorf("%.100q", a.body)
	}
	if a := s.get("/api/health"); a.StatusCode != 503 {
		t.Errorf("health: %d %s", a.StatusCode, a.body)
	}
}

func TestEmptiedStoreIsReported(t *testing.T) {
	t.Parallel()
	s := serving(t)
	before := s.get("/api/feedback/")
	for info, err := range s.store.List(t.Context(), "") {
		if err == nil {
			err = s.store.Delete(t.Context(), info.Key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	status := s.status()
	if len(status.Warnings) == 0 || status.Cache.TotalRecords != 48 || status.Stale {
		t.Errorf("%+v", status)
	}
	if a := s.get("/api/feedback/"); a.StatusCode != 200 || a.body != before.body {
		t.Errorf("%d %.100q", a.StatusCode, a.body)
	}
	if a := s.get("/api/health"); a.StatusCode != 503 || !strings.Contains(a.body, "degraded") {
		t.Errorf("health: %d %s", a.StatusCode, a.body)
	}
}

func TestNoValidSnapshot(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publishDamaged(few(), fullRun())
	status := s.status()
	if status.Cache.TotalRecords != 0 || status.Snapshot != nil || len(status.Warnings) == 0 ||
		!strings.Contains(status.Warnings[0], "damaged") {
		t.Errorf("%+v", status)
	}
	a := s.get("/api/feedback/")
	if a.is(t, 503); strings.Contains(a.problem(t).Detail, "published") {
		t.Errorf("%s", a.body)
	}
}

// TestAnswerIsFromOneSnapshot publishes another snapshot while a response is sent.
func TestAnswerIsFromOneSnapshot(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"/api/feedback/", "/api/feedback/?limit=47",
		"/api/feedback/?environment=kiosk&environment=cw%201.0", "/api/feedback/rec00000000000001",
	} {
		for _, encoding := range []string{"identity", "gzip", "br"} {
			s := serving(t)
			whole := s.get(target)
			r := httptest.NewRequest("GET", target, nil)
			r.Header.Set("Accept-Encoding", encoding)
			w := &hooked{ResponseRecorder: httptest.NewRecorder()}
			w.onWrite = func() error {
				w.onWrite = func() error { return nil }
				s.publish(others(), nextRun(job.Full, "b", time.Second))
				return nil
			}
			s.ServeHTTP(w, r)
			a := answer{w.Result(), w.Body.String()}
			if a.decoded(t) != whole.body || a.Header.Get("X-Snapshot") != whole.Header.Get("X-Snapshot") {
				t.Errorf("%s as %s: %.100q", target, encoding, a.decoded(t))
			}
			if next := s.get(target); next.Header.Get("X-Snapshot") != s.current().ID ||
				!strings.Contains(next.body, "second") && !strings.Contains(next.body, "short") {
				t.Errorf("%s, then: %.100q", target, next.body)
			}
		}
	}
}

// TestReadersDuringPublish reads while two snapshots are published in turn.
func TestReadersDuringPublish(t *testing.T) {
	t.Parallel()
	s := serving(t)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for _, target := range []string{
		"/api/feedback/", "/api/feedback/?limit=1000",
		"/api/feedback/?environment=kiosk&environment=cw+1.0&environment=cw+2.0&priority=low",
		"/api/cache/",
	} {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				a := s.get(target, "Accept-Encoding", "gzip")
				body := a.decoded(t)
				if a.StatusCode != 200 ||
					strings.Contains(body, "first <b>") && strings.Contains(body, "second <b>") {
					t.Errorf("%s: %d %.100q", target, a.StatusCode, body)
				}
				if total := a.Header.Get("X-Total-Count"); !strings.Contains(target, "priority") &&
					(total == "48" && strings.Contains(
						body, "second <b>",
					) || total == "50" && strings.Contains(body, "first <b>")) {
					t.Errorf("%s: the count of the other snapshot", target)
				}
			}
		})
	}
	for i := range 6 {
		s.publish(
			[]fixture{others(), few()}[i%2],
			nextRun(job.Full, fmt.Sprint(i), time.Duration(i+1)*time.Second),
		)
	}
	close(stop)
	readers.Wait()
	if alerts := s.log.alerts(); alerts != nil {
		t.Errorf("logged %q", alerts)
	}
}

// TestStoreReadsPerRequest counts reads of the manifest over time.
func TestStoreReadsPerRequest(t *testing.T) {
	t.Parallel()
	few() // outside the bubble
	synctest.Test(t, func(t *testing.T) {
		s := serving(t)
		defer s.replica.Close()
		looks := func(target string) int {
			before := len(s.store.Log())
			s.get(target)
			return len(s.store.Log()) - before
		}
		for _, target := range []string{"/api/cache/", "/api/cache/runs", "/api/cache/runs/full-1"} {
			if n := looks(target); n != 1 {
				t.Errorf("%s read the store %d times", target, n)
			}
		}
		for _, target := range append(slices.Clone(dataTargets), "/api/health") {
			time.Sleep(15*time.Second - time.Millisecond)
			if n := looks(target); n != 0 {
				t.Errorf("%s read the store after less than 15 s", target)
			}
			time.Sleep(time.Millisecond)
			if n := looks(target); n != 1 {
				t.Errorf("%s read the store %d times after 15 s", target, n)
			}
		}
		for _, target := range []string{"/api/live", "/nowhere", "/api/feedback/?x=1"} {
			time.Sleep(time.Minute)
			if n := looks(target); n != 0 {
				t.Errorf("%s read the store", target)
			}
		}
	})
}

func TestOtherProcessServedWithin15Seconds(t *testing.T) {
	t.Parallel()
	few()
	others()
	synctest.Test(t, func(t *testing.T) {
		s := serving(t)
		defer s.replica.Close()
		elsewhere := replica.New(s.manifests, t.TempDir(), nil)
		here := s.replica
		s.replica = elsewhere // whose publisher is another process
		next := s.publish(others(), nextRun(job.Full, "b", time.Second))
		s.replica = here
		elsewhere.Close()
		time.Sleep(15 * time.Second)
		s.get("/api/feedback/").has(t, "X-Snapshot", next.ID, "X-Total-Count", "50")
	})
}
