package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/access"
	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/feedback"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/schedule"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

// scratch contains the sealed snapshots that tests share.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "httpapi-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

const base = "appFeedback000001"

// noon is the time of the tests, a Monday. The hourly incremental is due; the daily full was six
// hours ago.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func hourly(t testing.TB) httpapi.Schedules {
	t.Helper()
	return httpapi.Schedules{
		Full:        cron(t, "cron(0 6 * * ? *)"),
		Incremental: cron(t, "cron(0 * * * ? *)"),
	}
}

func cron(t testing.TB, expression string) schedule.Schedule {
	t.Helper()
	s, err := schedule.Parse(expression, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// quota has Airtable's limits (November 2026).
var quota = job.Quota{PageSize: 100, PerSecond: 5}

// fullRun is a run that finished before noon.
func fullRun() job.Run {
	return job.Run{
		ID: "full-20261123T115800Z-aaaaa", Mode: job.Full, Trigger: "schedule", Read: 48, Added: 48,
		Pages: 1, AirtableCalls: 3,
		Started: job.At(noon.Add(-2 * time.Minute)), Finished: job.At(noon.Add(-time.Minute)),
	}
}

// nextRun is fullRun with another id and later times.
func nextRun(mode job.Mode, name string, later time.Duration) job.Run {
	run := fullRun()
	run.ID, run.Mode = string(mode)+"-"+name, mode
	run.Started, run.Finished = job.At(run.Started.Add(later)), job.At(run.Finished.Add(later))
	return run
}

// service is an API with real parts: a store in memory, its manifest, a replica. The refresher is a
// fake.
type service struct {
	*httpapi.API
	t         testing.TB
	store     *blobtest.Faulty
	manifests *manifest.Store
	replica   *replica.Replica
	dir       string // of the replica
	refresher *refresher
	clock     *clock
	log       *logbook
}

// newService returns a service with an empty store. Anyone can read; there are no admins.
func newService(t testing.TB, options ...func(*httpapi.Config)) *service {
	t.Helper()
	now := &clock{now: noon}
	return newServiceOver(t, blobtest.NewMemory(now.Now), now, options...)
}

func newServiceOver(
	t testing.TB, store blob.Store, now *clock, options ...func(*httpapi.Config),
) *service {
	t.Helper()
	s := &service{
		t: t, store: blobtest.NewFaulty(store), dir: t.TempDir(),
		refresher: &refresher{
			ticket: job.Ticket{RunID: "full-1", Mode: job.Full},
		}, clock: now, log: &logbook{},
	}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.manifests = manifest.New(s.store, 5, quota, log)
	s.replica = replica.New(s.manifests, s.dir, log).FetchFirst()
	t.Cleanup(s.replica.Close)
	cfg := httpapi.Config{
		Replica: s.replica, Refresher: s.refresher, Schedules: hourly(t), Quota: quota,
		Due: func(time.Time) map[job.Mode]int { return nil }, Program: "voc/test", Now: s.clock.Now,
		Log:    log,
		Access: access.Policy{Reads: access.PublicReads},
	}
	for _, option := range options {
		option(&cfg)
	}
	s.API = httpapi.New(cfg)
	return s
}

// serving returns a service that serves the few records.
func serving(t testing.TB, options ...func(*httpapi.Config)) *service {
	t.Helper()
	s := newService(t, options...)
	s.publish(few(), fullRun())
	return s
}

// publish makes file current, and serves it.
func (s *service) publish(file fixture, run job.Run) manifest.Snapshot {
	s.t.Helper()
	if file.err != nil {
		s.t.Fatalf("make the snapshot of the test: %v", file.err)
	}
	before, run, err := s.acquire(run)
	if err == nil {
		_, err = s.manifests.Publish(s.t.Context(), manifest.Publication{
			Owner:  manifest.Owner{Base: base, TableID: "tblLeadBugs000001", TableName: "Lead Bugs"},
			Sealed: file.Sealed, Run: run, Dir: s.t.TempDir(),
			Snapshot: manifest.Snapshot{
				Parent: before.Current, CreatedAt: run.Finished, Watermark: run.Started,
				DeletesConfirmedAt: run.Started, ComputedConfirmedAt: run.Started,
			},
		})
	}
	if err == nil {
		err = s.replica.Sync(s.t.Context())
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return s.current()
}

// acquire acquires the lease for a run.
func (s *service) acquire(run job.Run) (manifest.Manifest, job.Run, error) {
	run.Attempt = run.ID
	return s.manifests.Acquire(s.t.Context(), base, job.Request{}, run)
}

// current returns the current snapshot of the manifest.
func (s *service) current() manifest.Snapshot {
	s.t.Helper()
	m, err := s.manifests.Load(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	current, err := m.CurrentSnapshot()
	if err != nil {
		s.t.Fatal(err)
	}
	return current
}

// damage replaces an object by garbage.
func (s *service) damage(key string) {
	s.t.Helper()
	info, err := s.store.Stat(s.t.Context(), key)
	if err == nil {
		_, err = s.store.Replace(s.t.Context(), key, []byte("garbage"), info.Version)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// answer is a response with its body.
type answer struct {
	*http.Response
	body string
}

// ask sends a request. headers are pairs of name and value.
func (s *service) ask(method, target string, headers ...string) answer {
	s.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Add(pair[0], pair[1])
	}
	return s.send(r)
}

func (s *service) get(target string, headers ...string) answer {
	s.t.Helper()
	return s.ask(http.MethodGet, target, headers...)
}

func (s *service) send(r *http.Request) answer {
	s.t.Helper()
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, r)
	a := answer{recorder.Result(), recorder.Body.String()}
	mustConform(s.t, r, a)
	return a
}

// status returns the body of GET /api/cache/.
func (s *service) status() (body cacheStatus) {
	s.t.Helper()
	s.get("/api/cache/").decode(s.t, &body)
	return body
}

func (a answer) decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		t.Fatalf("%v in %d %q", err, a.StatusCode, a.body)
	}
}

// is checks the status, and that an error is a problem.
func (a answer) is(t testing.TB, status int) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("status %d, want %d: %.300s", a.StatusCode, status, a.body)
	}
	if status >= 400 && a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("an error of type %q: %.300s", a.Header.Get("Content-Type"), a.body)
	}
}

// has checks headers, as pairs of name and value; "" means that the header must be missing.
func (a answer) has(t testing.TB, headers ...string) {
	t.Helper()
	for pair := range slices.Chunk(headers, 2) {
		if got := strings.Join(a.Header.Values(pair[0]), " | "); got != pair[1] {
			t.Errorf("%s: %q, want %q", pair[0], got, pair[1])
		}
	}
}

// refresher is a fake that a test configures.
type refresher struct {
	mu                 sync.Mutex
	active, unrecorded []job.Run
	ticket             job.Ticket
	err                error
	asked              []job.Request
	onActive           func()
}

func (r *refresher) Ask(_ context.Context, c job.Request) (job.Ticket, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, c)
	return r.ticket, r.err
}

func (r *refresher) Active() (active, unrecorded []job.Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.onActive != nil {
		defer r.onActive()
	}
	return slices.Clone(r.active), slices.Clone(r.unrecorded)
}

// clock is the clock of the API.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// logbook records the log, from debug on.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// alerts returns the lines of level WARN and ERROR.
func (l *logbook) alerts() (lines []string) {
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			lines = append(lines, line)
		}
	}
	return lines
}

// seal returns a sealed snapshot of records.
func seal(name string, all []feedback.Record) fixture {
	sealed, err := sealIn(filepath.Join(scratch, name), all)
	return fixture{sealed, err}
}

func sealIn(dir string, all []feedback.Record) (snapshot.Sealed, error) {
	m, err := newMapping()
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err != nil {
		return snapshot.Sealed{}, err
	}
	ctx := context.Background()
	draft, err := build.New(ctx, dir, nil)
	if err != nil {
		return snapshot.Sealed{}, err
	}
	for _, r := range all {
		fields, err := json.Marshal(r.Fields)
		if err != nil {
			return snapshot.Sealed{}, err
		}
		if err := draft.Put(ctx, build.Row{
			Feedback: m.Map(r), Cells: r.Fields, URL: "https://airtable.com/" + base + "/" + r.ID,
			Source: snapshot.Source{
				ID: r.ID, CreatedTime: r.CreatedTime, Fields: fields, Digest: fields, Computed: fields,
			},
		}); err != nil {
			return snapshot.Sealed{}, err
		}
	}
	return draft.Seal(ctx, snapshot.Meta{Base: base, Mapping: json.RawMessage("{}"), CreatedAt: noon})
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(fmt.Sprintf("build the fixture: %v", err))
	}
}

func readAll(t testing.TB, r io.Reader) string {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
