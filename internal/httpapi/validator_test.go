package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/schedule"
)

var dataTargets = []string{
	"/api/feedback/",
	"/api/feedback/?team=beta",
	"/api/feedback/?team=nobody",
	"/api/feedback/?limit=3",
	"/api/feedback/rec00000000000001",
	"/api/feedback/?format=csv",
	"/api/feedback/?q=first&sort=relevance&limit=2",
	"/api/feedback/facets",
	"/api/feedback/facets?priority=high",
	"/api/reports/response-times",
	"/api/reports/response-times?environment=Kiosk",
	"/api/reports/environments",
	"/api/customer-pulse/",
}

func (s *service) tag(target string, headers ...string) string {
	s.t.Helper()
	a := s.get(target, headers...)
	a.is(s.t, 200)
	return a.Header.Get("ETag")
}

func TestDataRouteHeaders(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, target := range dataTargets {
		kind := "application/json"
		if strings.Contains(target, "csv") {
			kind = "text/csv; charset=utf-8; header=present"
		}
		s.get(target).
			has(
				t, "Content-Type", kind, "Cache-Control", "no-cache", "Last-Modified",
				"Mon, 23 Nov 2026 11:59:00 GMT",
				"X-Data-As-Of", "2026-11-23T11:58:00.000Z", "X-Snapshot", s.current().ID, "X-Data-Stale", "")
	}
	s.get("/api/feedback/recNobody").
		has(
			t, "X-Data-As-Of", "2026-11-23T11:58:00.000Z", "X-Snapshot", s.current().ID, "ETag", "",
			"Last-Modified", "",
		)
}

func TestStatusRouteHeaders(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, target := range []string{
		"/api/cache/", "/api/cache/runs", "/api/cache/runs/" + fullRun().ID, "/api/health", "/api/live",
	} {
		a := s.get(target, "If-None-Match", "*")
		a.is(t, 200)
		a.has(
			t, "Content-Type", "application/json", "Cache-Control", "no-store", "ETag", "", "Last-Modified",
			"",
		)
	}
}

func TestETagIsWeak(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^W/"[0-9a-f]{16,}"$`)
	s := serving(t)
	for _, target := range append(dataTargets, "/api/feedback/?team=a,b") {
		if tag := s.tag(target); !form.MatchString(tag) {
			t.Errorf("%s: %s", target, tag)
		}
	}
}

func TestETagDiffers(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	note := func(what, tag string) {
		if other, ok := seen[tag]; ok {
			t.Errorf("%s has the ETag of %s", what, other)
		}
		seen[tag] = what
	}
	s := serving(t)
	for _, target := range append(
		dataTargets, "/api/feedback/rec00000000000002", "/api/feedback/?team=Alpha",
		"/api/feedback/?team=beta&team=Alpha",
		"/api/feedback/?priority=beta", "/api/feedback/?team=beta&limit=3", "/api/feedback/?limit=4",
		"/api/feedback/?team=",
	) {
		note(target, s.tag(target))
	}
	newer := serving(t, func(c *httpapi.Config) { c.Program = "voc/newer" })
	note("another program", newer.tag("/api/feedback/"))
	s.publish(others(), nextRun(job.Full, "b", time.Second))
	note("another snapshot", s.tag("/api/feedback/"))
	note("its record", s.tag("/api/feedback/rec00000000000001"))
	s.publish(others(), nextRun(job.Full, "c", 2*time.Second))
	note("a third of the same content", s.tag("/api/feedback/"))
}

func TestETagIgnoresSpelling(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, same := range [][]string{
		{"/api/feedback/", "/api/feedback", "/api/feedback/?", "/api/feedback/?t=1", "/api/feedbac" +
			"k?_=5&t=2", "/api/feedback/?&"},
		{"/api/feedback/?team=a&priority=b&limit=3", "/api/feedback?limit=3&priority=b&team=a", "/" +
			"api/feedback/?t=9&team=%61&limit=3&priority=b"},
		{"/api/feedback/?team=a&team=b", "/api/feedback/?team=b&team=a"},
		{"/api/feedback/?team=CW+2.0", "/api/feedback/?team=CW%202.0"},
		{"/api/feedback/rec00000000000001", "/api/feedback/rec00000000000001/?t=1", "/api/feedback" +
			"/%72ec00000000000001"},
	} {
		want := s.tag(same[0])
		for _, target := range same {
			for _, encoding := range []string{"identity", "gzip", "br", "gzip, br;q=0"} {
				if tag := s.tag(target, "Accept-Encoding", encoding, "Origin", page); tag != want {
					t.Errorf("%s, %s: %s, want %s", target, encoding, tag, want)
				}
			}
			if tag := s.ask("HEAD", target).Header.Get("ETag"); tag != want {
				t.Errorf("HEAD %s: %s, want %s", target, tag, want)
			}
		}
	}
}

func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	s := serving(t)
	tag := s.tag("/api/feedback/?team=beta")
	strong := strings.TrimPrefix(tag, "W/")
	for _, c := range []struct {
		name   string
		given  []string
		status int
	}{
		{"its own", []string{tag}, 304},
		{"the strong form", []string{strong}, 304},
		{"any", []string{"*"}, 304},
		{"the second of a list", []string{`W/"a", ` + tag}, 304},
		{"in a list of strong ones", []string{`"a","b",` + strong + `,"c"`}, 304},
		{"in a list with odd spaces", []string{" \t" + `"a" ,  ` + tag + " , "}, 304},
		{"after a tag with a comma", []string{`"a,b", ` + tag}, 304},
		{"on a second line", []string{`"a"`, tag}, 304},
		{"absent", nil, 200},
		{"empty", []string{""}, 200},
		{"another", []string{`W/"abc"`}, 200},
		{"another's", []string{s.tag("/api/feedback/")}, 200},
		{"without quotes", []string{strings.Trim(strong, `"`)}, 200},
		{"a part of it", []string{tag[:len(tag)-2] + `"`}, 200},
		{"a lower-case w", []string{"w/" + strong}, 200},
		{"garbage", []string{`,,",W/`}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/api/feedback/?team=beta", nil)
			r.Header["If-None-Match"] = c.given
			if a := s.send(r); a.StatusCode != c.status || c.status == 304 && a.body != "" {
				t.Errorf("status %d, want %d", a.StatusCode, c.status)
			}
		})
	}
}

func TestNotModifiedHeaders(t *testing.T) {
	t.Parallel()
	s := serving(t, origins(page))
	s.clock.Set(noon.Add(time.Hour)) // stale
	server := httptest.NewServer(s)
	defer server.Close()
	for _, target := range dataTargets {
		for _, method := range []string{"GET", "HEAD"} {
			whole := fetch(t, server, "GET", target, "gzip", "Origin", page)
			a := fetch(
				t, server, method, target, "gzip", "Origin", page, "If-None-Match", whole.Header.Get("ETag"),
			)
			if a.StatusCode != http.StatusNotModified || a.body != "" {
				t.Errorf("%s %s: %d %q", method, target, a.StatusCode, a.body)
			}
			want := comparable(whole.Header)
			for _, ofBody := range []string{"Content-Type", "Content-Length", "Content-Encoding"} {
				want.Del(ofBody)
			}
			if diff := cmp.Diff(want, comparable(a.Header)); diff != "" {
				t.Errorf("%s %s (-200 +304):\n%s", method, target, diff)
			}
		}
	}
}

// TestNotModifiedReplaces200Only checks that errors ignore conditions (RFC 9110 §13.2.1).
func TestNotModifiedReplaces200Only(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for target, status := range map[string]int{
		"/api/feedback/recNobody": 404, "/api/feedback/?limit=0": 400, "/api/feedback/?x=1": 400,
		"/nowhere": 404,
	} {
		s.get(target, "If-None-Match", "*").is(t, status)
	}
	newService(t).get("/api/feedback/", "If-None-Match", "*").is(t, 503)
}

func TestDateConditionsAreIgnored(t *testing.T) {
	t.Parallel()
	s := serving(t)
	later := noon.Add(24 * time.Hour).Format(http.TimeFormat)
	for _, target := range dataTargets {
		s.get(target, "If-Modified-Since", later).is(t, 200)
		s.get(target, "If-Modified-Since", later, "If-None-Match", `"other"`).is(t, 200)
		s.get(target, "If-Unmodified-Since", noon.Add(-24*time.Hour).Format(http.TimeFormat)).is(t, 200)
		s.get(
			target, "If-None-Match", s.tag(target), "If-Modified-Since",
			noon.Add(-24*time.Hour).Format(http.TimeFormat),
		).
			is(t, 304)
	}
}

func TestUnchangedRunKeepsETag(t *testing.T) {
	t.Parallel()
	s := serving(t)
	tag := s.tag("/api/feedback/")
	confirmed := manifest.Confirmation{Snapshot: s.current().ID, Watermark: noon.Add(time.Minute)}
	_, run, err := s.acquire(nextRun(job.Incremental, "b", 3*time.Minute))
	if err == nil {
		_, err = s.manifests.Confirm(t.Context(), run, confirmed)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.get("/api/cache/") // looks at the store
	a := s.get("/api/feedback/", "If-None-Match", tag)
	a.is(t, 304)
	a.has(
		t, "ETag", tag, "X-Data-As-Of", "2026-11-23T12:01:00.000Z", "Last-Modified",
		"Mon, 23 Nov 2026 11:59:00 GMT",
	)
}

func TestDataIgnoresClock(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, target := range dataTargets {
		s.clock.Set(noon)
		before := s.get(target)
		s.clock.Set(noon.AddDate(1, 0, 0))
		after := s.get(target)
		if after.body != before.body || after.Header.Get("ETag") != before.Header.Get("ETag") {
			t.Errorf("%s: %.100q, then %.100q", target, before.body, after.body)
		}
	}
}

// TestStaleAfter30Minutes moves the clock to the millisecond.
func TestStaleAfter30Minutes(t *testing.T) {
	t.Parallel()
	at := func(clock string) time.Time {
		return must(time.Parse("2 Jan 15:04:05.000 2006", clock+" 2026"))
	}
	full, incremental := "cron(0 6 * * ? *)", "cron(0 * * * ? *)"
	for _, c := range []struct {
		name              string
		full, incremental string
		runs              []job.Run // after fullRun, oldest first
		stale             time.Time
	}{
		{"the incremental is missing", full, incremental, nil, at("23 Nov 12:30:00.000")},
		{"the full is missing", full, "", nil, at("24 Nov 06:30:00.000")},
		{"an incremental came", full, incremental, []job.Run{
			nextRun(job.Incremental, "b", 10*time.Minute),
		}, at("23 Nov 13:30:00.000")},
		{"an incremental is no full", full, "", []job.Run{
			nextRun(job.Incremental, "b", 24*time.Hour),
		}, at("24 Nov 06:30:00.000")},
		{"a full is an incremental", full, incremental, []job.Run{
			nextRun(job.Full, "b", 10*time.Minute),
		}, at("23 Nov 13:30:00.000")},
		{"one that ended at the due time is none after it", "", incremental, []job.Run{
			nextRun(job.Full, "b", time.Minute),
		}, at("23 Nov 13:30:00.000")},
		{"a failure is no success", full, incremental, []job.Run{
			failed(nextRun(job.Incremental, "b", 10*time.Minute)),
		}, at("23 Nov 12:30:00.000")},
		{"nothing is ever due", "", "", nil, time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serving(t, func(cfg *httpapi.Config) {
				cfg.Schedules = httpapi.Schedules{Full: maybe(t, c.full), Incremental: maybe(t, c.incremental)}
			})
			for _, run := range c.runs {
				s.finish(run)
			}
			for _, moment := range []struct {
				now   time.Time
				stale string
			}{{c.stale.Add(-time.Millisecond), ""}, {c.stale, "true"}, {c.stale.AddDate(1, 0, 0), "true"}} {
				if c.stale.IsZero() {
					moment.now, moment.stale = noon.AddDate(10, 0, 0), ""
				}
				s.clock.Set(moment.now)
				for _, target := range dataTargets {
					s.get(target).has(t, "X-Data-Stale", moment.stale)
				}
				if got := s.status().Stale; got != (moment.stale != "") {
					t.Errorf("%s: the status has stale %t", moment.now, got)
				}
			}
		})
	}
}

func TestSuccessClearsStale(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for i, stale := range []string{"", "true", "", "true"} {
		s.clock.Set(noon.Add(time.Duration(i) * 30 * time.Minute))
		if i == 2 {
			s.finish(nextRun(job.Incremental, "b", time.Hour))
		}
		s.get("/api/feedback/").has(t, "X-Data-Stale", stale)
	}
}

func maybe(t *testing.T, expression string) schedule.Schedule {
	if expression == "" {
		return schedule.Schedule{}
	}
	return cron(t, expression)
}

func failed(run job.Run) job.Run {
	run.Outcome, run.Error = job.Nullable(
		job.Failed,
	), "Airtable answers 401 AUTHENTICATION_REQUIRED: make a new token"
	return run
}

// finish records the receipt of a failed run, or of one that found nothing new.
func (s *service) finish(run job.Run) {
	s.t.Helper()
	var err error
	if run.Outcome != "" {
		_, err = s.manifests.Record(s.t.Context(), run)
	} else {
		if _, run, err = s.acquire(run); err != nil {
			s.t.Fatal(err)
		}
		_, err = s.manifests.Confirm(
			s.t.Context(), run, manifest.Confirmation{Snapshot: s.current().ID, Watermark: run.Started.Time},
		)
	}
	if err == nil {
		err = s.replica.Sync(s.t.Context())
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// FuzzIfNoneMatch checks that a 304 requires the tag or a star.
func FuzzIfNoneMatch(f *testing.F) {
	s := serving(f)
	tag := s.tag("/api/feedback/")
	for _, seed := range []string{
		"", "*", tag, `"a", ` + tag, strings.TrimPrefix(tag, "W/"), "W/" + tag, tag + "x", `"` + tag,
		"W/*",
	} {
		f.Add(seed)
	}
	opaque := strings.TrimPrefix(tag, "W/")
	f.Fuzz(func(t *testing.T, header string) {
		s.t = t
		a := s.get("/api/feedback/", "If-None-Match", header)
		named := strings.Contains(header, opaque) || strings.Contains(header, "*")
		if a.StatusCode == 304 && !named || a.StatusCode != 304 && a.StatusCode != 200 {
			t.Errorf("%q: %d", header, a.StatusCode)
		}
	})
}
