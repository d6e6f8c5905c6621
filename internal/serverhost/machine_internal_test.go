package serverhost

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"voc/internal/airtable"
	"voc/internal/airtablesim"
	"voc/internal/app"
	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/refresh"
	"voc/internal/telemetry"
	"voc/internal/voctest"
)

// dataToken is a token that Airtable accepts, and that cannot read the schema.
const dataToken = "patReadsRecords"

// door leads to a store, or to another one.
type door struct{ blob.Store }

// machine is a server whose clock the test moves, with an Airtable, a store, a webhook and a
// monitor. The clock is that of all of them.
type machine struct {
	*serving
	t         *testing.T
	scheduler *scheduler
	sim       *airtablesim.Server
	memory    *blobtest.Memory
	door      *door // of memory
	api       *httpapi.API
	token     string // that the server has
	unwatched bool   // the watchdog does not look
	reasons   string // that health had before each look
	asks      bool   // lines is collected
	lines     string // that voc status printed before each look
	front     string // URL of api

	mu       sync.Mutex
	time     time.Time
	messages []string
	pings    map[string]int // by path
	last     telemetry.State
	usual    telemetry.State // of the first look
	measured time.Time       // when last was

	served, after atomic.Int64 // runs
}

func (m *machine) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.time
}

// Request, Run and State implement telemetry.Metrics.
func (m *machine) Request(telemetry.Request) {}
func (m *machine) Run(telemetry.Run)         {}
func (m *machine) State(s telemetry.State)   { m.last, m.measured = s, m.now() }

// ServeHTTP is the webhook and the monitor.
func (m *machine) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Method == http.MethodGet {
		m.pings[r.URL.Path]++
		return
	}
	var message struct{ Text string }
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		m.t.Error(err)
	}
	m.messages = append(m.messages, message.Text)
}

// newMachine returns a server at a local time that has loaded the base and looked once.
func newMachine(t *testing.T, local string, variables ...string) *machine {
	t.Helper()
	m := &machine{t: t, time: at(t, local), token: airtablesim.DemoToken, pings: map[string]int{}}
	base, err := airtablesim.Load(voctest.File(t, 60, nil))
	if err != nil {
		t.Fatal(err)
	}
	m.sim = airtablesim.New(base,
		airtablesim.Config{Rate: -1, Clock: m.now, DataToken: dataToken})
	api := httptest.NewServer(m.sim)
	t.Cleanup(api.Close)
	others := httptest.NewServer(m)
	t.Cleanup(others.Close)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.api.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	m.front = front.URL
	cfg, err := config.Load(append([]string{
		"AIRTABLE_API_URL=" + api.URL, "AIRTABLE_BASE_ID=" + base.ID(), "FEEDBACK_YEARS=all",
		"AIRTABLE_API_KEY=" + airtablesim.DemoToken, "SNAPSHOT_STORE=file://" + t.TempDir(),
		"NOTIFY_WEBHOOK_URL=" + others.URL + "/hook", "HEARTBEAT_URL=" + others.URL + "/beat",
		"MAX_SHRINK_PERCENT=100",
	}, variables...))
	if err != nil {
		t.Fatal(err)
	}
	m.memory = blobtest.NewMemory(m.now)
	m.door = &door{m.memory}
	program := &Program{Stdout: io.Discard, Now: m.now}
	m.serving = &serving{session: &session{}, program: program}
	m.Config = cfg
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	m.open(ctx)
	m.scheduler = newScheduler(cfg.Schedule, func(r job.Request) error {
		_, err := m.start(ctx, m.Watcher.Promote(ctx, r))
		return err
	}, m.now, m.Log)
	m.scheduler.plan(m.now())
	if _, err := m.start(ctx, job.Request{Mode: job.Full, Trigger: job.TriggerStart}); err != nil {
		t.Fatal(err)
	}
	m.wait()
	m.look(ctx)
	m.usual = m.last
	return m
}

// open opens the parts, as a new process does.
func (m *machine) open(ctx context.Context) {
	m.t.Helper()
	work, err := app.NewWorkdir(m.t.TempDir())
	if err != nil {
		m.t.Fatal(err)
	}
	log := telemetry.NewLog(io.Discard, 0)
	m.Parts = app.Parts{
		Config: m.Config, Blobs: m.door, Work: work, Log: log, Now: m.now, Metrics: m,
		Store: manifest.New(m.door, 30,
			job.Quota{PageSize: airtable.PageSize, PerSecond: airtable.RequestsPerSecond}, log),
		Pacer: airtable.NewPacer(math.Inf(1)),
		Token: func(context.Context) (string, error) { return m.token, nil },
	}
	m.Watcher = app.NewWatcher(m.Parts, "http://127.0.0.1:8080/api/cache/")
	engine, err := app.NewRefresh(m.Parts)
	if err != nil {
		m.t.Fatal(err)
	}
	m.replica = app.NewReplica(m.Parts)
	m.t.Cleanup(m.replica.Close)
	if m.runner != nil {
		m.runner.Stop()
	}
	m.runner = refresh.NewRunner(engine, func(ctx context.Context) error {
		m.served.Add(1)
		return m.replica.Sync(ctx)
	}, nil)
	m.runner.After(func(ctx context.Context, q job.Request, run job.Run) {
		app.AfterRun(ctx, m.Parts, q, run)
		m.after.Add(1)
	})
	m.api = app.NewAPI(m.Parts, m.replica, m.runner, httpapi.Platform{})
	_ = m.replica.Sync(ctx) // an empty store has nothing to serve
}

// wait waits until all runs have ended, with what follows them.
func (m *machine) wait() {
	m.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		active, _ := m.runner.Active()
		if len(active) == 0 && m.served.Load() == m.after.Load() {
			return
		}
		if time.Now().After(deadline) {
			m.t.Fatal("a run does not end")
		}
	}
}

// until lets the machine run until a local time, minute by minute.
func (m *machine) until(local string) {
	m.t.Helper()
	for end := at(m.t, local); m.now().Before(end); {
		m.mu.Lock()
		m.time = m.time.Truncate(time.Minute).Add(time.Minute)
		m.mu.Unlock()
		m.scheduler.tick(m.now())
		m.wait()
		if m.now().Minute()%15 == 0 && !m.unwatched {
			m.reasons += m.health()
			if m.asks {
				m.lines += m.status()
			}
			m.look(m.t.Context())
			m.wait()
		}
	}
}

// received returns the messages since the last call.
func (m *machine) received() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	messages := m.messages
	m.messages = nil
	return messages
}

// status returns what voc status prints of the machine, in one line. The table fits 80 columns.
func (m *machine) status() string {
	m.t.Helper()
	var out strings.Builder
	command := statusCmd{URL: m.front}
	err := command.Run(m.t.Context(), &Program{Stdout: &out, Now: m.now})
	if err != nil && !errors.Is(err, errPrinted) {
		m.t.Error(err)
	}
	for line := range strings.Lines(out.String()) {
		if utf8.RuneCountInString(line) > tableWidth+1 {
			m.t.Errorf("wider than a terminal: %s", line)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ") + "\n"
}

// health returns the reasons of GET /api/health, in one text.
func (m *machine) health() string {
	m.t.Helper()
	_ = m.replica.Sync(m.t.Context()) // it says why it cannot
	answer := httptest.NewRecorder()
	m.api.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/api/health", nil))
	var body struct{ Reasons []string }
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		m.t.Fatal(err)
	}
	if (answer.Code == http.StatusOK) != (len(body.Reasons) == 0) {
		m.t.Errorf("%d with %q", answer.Code, body.Reasons)
	}
	return strings.Join(body.Reasons, "\n")
}
