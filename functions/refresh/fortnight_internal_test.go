package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"voc/internal/airtable"
	"voc/internal/airtablesim"
	"voc/internal/app"
	"voc/internal/blob/blobtest"
	"voc/internal/config"
	"voc/internal/job"
	"voc/internal/lambdahost"
	"voc/internal/manifest"
	"voc/internal/schedule"
	"voc/internal/telemetry"
	"voc/internal/voctest"
)

// stack has the functions of template.yaml as the template deploys them, with its schedules, over
// one store. The test moves the clock of all of them.
type stack struct {
	t         *testing.T
	functions map[string]*host
	events    []event
	sim       *airtablesim.Server
	memory    *blobtest.Memory
	log       bytes.Buffer
	token     string
	silent    bool // the schedules of the watch function are off

	mu       sync.Mutex
	time     time.Time
	messages []string
	pings    map[string]int
}

// event is a schedule of a function.
type event struct {
	function, input string
	schedule.Schedule
}

// resource is the part of a function in the template that the test reads.
type resource struct {
	Type       string     `yaml:"Type"`
	Properties properties `yaml:"Properties"`
}

type properties struct {
	Environment struct {
		Variables map[string]yaml.Node `yaml:"Variables"`
	} `yaml:"Environment"`
	Events map[string]struct {
		Properties struct {
			ScheduleExpression yaml.Node `yaml:"ScheduleExpression"`
			Input              string    `yaml:"Input"`
		} `yaml:"Properties"`
	} `yaml:"Events"`
}

// document is the part of the template that the test reads.
type document struct {
	Parameters map[string]struct {
		Default string `yaml:"Default"`
	} `yaml:"Parameters"`
	Resources map[string]yaml.Node `yaml:"Resources"`
}

// value returns what a value of the template is with the defaults of its parameters; "" for what
// only a stack knows.
func (d document) value(node yaml.Node) string {
	switch node.Tag {
	case "!Ref":
		return d.Parameters[node.Value].Default
	case "!If":
		return d.value(*node.Content[1])
	}
	return node.Value
}

func (s *stack) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.time
}

// ServeHTTP is the webhook and the monitor.
func (s *stack) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pings[r.Method+" "+r.URL.Path]++
	if r.Method == http.MethodPost {
		text, _ := io.ReadAll(r.Body)
		s.messages = append(s.messages, string(text))
	}
}

func newStack(t *testing.T, begin time.Time) *stack {
	t.Helper()
	s := &stack{t: t, time: begin, functions: map[string]*host{}, pings: map[string]int{},
		token: airtablesim.DemoToken}
	base, err := airtablesim.Load(voctest.File(t, 60, nil))
	if err != nil {
		t.Fatal(err)
	}
	s.sim = airtablesim.New(base, airtablesim.Config{Rate: -1, Clock: s.now})
	api, others := httptest.NewServer(s.sim), httptest.NewServer(s)
	t.Cleanup(func() { api.Close(); others.Close() })
	s.memory = blobtest.NewMemory(s.now)
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := yaml.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	given := map[string]string{
		"AIRTABLE_API_URL": api.URL, "AIRTABLE_BASE_ID": base.ID(), "FEEDBACK_YEARS": "all",
		"SNAPSHOT_STORE": "s3://bucket/" + base.ID(), "AIRTABLE_API_KEY": airtablesim.DemoToken,
		"AIRTABLE_API_KEY_PARAMETER": "", "NOTIFY_WEBHOOK_URL": others.URL + "/hook",
		"HEARTBEAT_URL": others.URL + "/beat", "REFRESH_FULL_FUNCTION": "RefreshFullFunction",
		"REFRESH_INCREMENTAL_FUNCTION": "RefreshIncrementalFunction",
	}
	zone, err := time.LoadLocation(d.Parameters["ScheduleTimezone"].Default)
	if err != nil {
		t.Fatal(err)
	}
	for name, node := range d.Resources {
		var r resource
		_ = node.Decode(&r) // other resources have other shapes
		mode := d.value(r.Properties.Environment.Variables["REFRESH_MODE"])
		if r.Type != "AWS::Serverless::Function" || mode == "" {
			continue
		}
		var environ []string
		for variable, value := range r.Properties.Environment.Variables {
			text, ours := given[variable]
			if !ours {
				text = d.value(value)
			}
			environ = append(environ, variable+"="+text)
		}
		for _, shared := range []string{"AIRTABLE_BASE_ID", "SNAPSHOT_STORE"} {
			environ = append(environ, shared+"="+given[shared])
		}
		s.functions[name] = s.function(mode, environ)
		for _, e := range r.Properties.Events {
			due, err := schedule.Parse(d.value(e.Properties.ScheduleExpression), zone)
			if err != nil {
				t.Fatal(err)
			}
			s.events = append(s.events, event{name, e.Properties.Input, due})
		}
	}
	return s
}

// function returns a function over the shared store.
func (s *stack) function(mode string, environ []string) *host {
	s.t.Helper()
	kind, log := config.Refresh, telemetry.NewLog(&s.log, 0)
	if mode == config.WatchMode {
		kind = config.Watch
	}
	settings, err := lambdahost.NewSettings(s.t.Context(), kind, environ, log)
	if err != nil {
		s.t.Fatal(err)
	}
	work, err := app.NewWorkdir(s.t.TempDir())
	if err != nil {
		s.t.Fatal(err)
	}
	h := &host{settings: settings, parts: app.Parts{
		Config: settings.WithoutSecrets(), Blobs: s.memory, Work: work, Log: log, Now: s.now,
		Store: manifest.New(s.memory, 30,
			job.Quota{PageSize: airtable.PageSize, PerSecond: airtable.RequestsPerSecond}, log),
		Metrics: telemetry.Embedded{Log: log, Store: "s3://bucket/app", Now: s.now},
		Pacer:   airtable.NewPacer(math.Inf(1)),
		Token: func(context.Context) (string, error) {
			if s.token == "" {
				return "", errors.New("SSM does not respond") // which may pass
			}
			return s.token, nil
		},
	}}
	h.parts.Watcher = app.NewWatcher(h.parts, lambdahost.ConsoleURL())
	if kind == config.Watch {
		h.start = s.invoke
	}
	return h
}

// invoke is what the watchdog invokes: the function of a mode, as package invocation does.
func (s *stack) invoke(_ context.Context, r job.Request) error {
	payload, err := json.Marshal(
		lambdahost.Event{Mode: string(r.Mode), RunID: r.ID, Trigger: r.Trigger})
	name := "RefreshIncrementalFunction"
	if r.Mode != job.Incremental {
		name = "RefreshFullFunction"
	}
	s.send(name, payload)
	return err
}

// send delivers an event as Lambda does: it is retried twice, after one minute and two more.
func (s *stack) send(function string, payload []byte) {
	s.t.Helper()
	begun := s.now()
	for _, delay := range []time.Duration{0, time.Minute, 3 * time.Minute} {
		s.set(begun.Add(delay))
		if _, err := s.functions[function].handle(s.t.Context(), payload); err == nil {
			break
		}
	}
	s.set(begun)
}

func (s *stack) set(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time = t
}

// until delivers the events that are due until a time, in their order.
func (s *stack) until(end time.Time) {
	s.t.Helper()
	for {
		next := end
		var due []event
		for _, e := range s.events {
			if s.silent && e.function == "WatchFunction" {
				continue
			}
			switch at := e.Next(s.now()); {
			case at.IsZero() || at.After(next):
			case at.Before(next):
				next, due = at, []event{e}
			default:
				due = append(due, e)
			}
		}
		s.set(next)
		for _, e := range due {
			input := strings.ReplaceAll(e.input, "<aws.scheduler.scheduled-time>",
				next.UTC().Format(time.RFC3339))
			s.send(e.function, []byte(input))
		}
		if !next.Before(end) {
			return
		}
	}
}

func (s *stack) runs() []job.Run {
	s.t.Helper()
	m, err := s.functions["WatchFunction"].parts.Store.Load(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return m.Runs
}

// received returns the messages since the last call.
func (s *stack) received() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(s.messages, "\n")
	s.messages = nil
	return text
}

// metric returns the last value of a metric in the log.
func (s *stack) metric(name string) float64 {
	s.t.Helper()
	for _, line := range slices.Backward(strings.Split(s.log.String(), "\n")) {
		var fields map[string]any
		if strings.Contains(line, `"`+name+`"`) && json.Unmarshal([]byte(line), &fields) == nil {
			value, _ := fields[name].(float64)
			return value
		}
	}
	s.t.Errorf("no metric %s", name)
	return 0
}

func local(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation(time.DateTime, text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestFortnightOfFunctions: through two weeks with a change of daylight saving, the functions of
// the template do every due run once and have nothing to say. Nothing but the watchdog starts the
// first full.
func TestFortnightOfFunctions(t *testing.T) {
	t.Parallel()
	begin, end := "2026-10-26 00:00:30", "2026-11-09 00:15:00"
	want := map[job.Mode]int{job.Full: 2, job.Sweep: 10, job.Incremental: 130}
	if testing.Short() { // the weekend of the change
		begin, end = "2026-10-30 00:00:30", "2026-11-02 00:15:00"
		want = map[job.Mode]int{job.Full: 1, job.Sweep: 1, job.Incremental: 13}
	}
	runs := want[job.Full] + want[job.Sweep] + want[job.Incremental] + 1 // the first full
	s := newStack(t, local(t, begin))
	if names := slices.Sorted(maps.Keys(s.functions)); len(names) != 3 || len(s.events) != 5 {
		t.Fatalf("%v with %d schedules", names, len(s.events))
	}
	s.until(local(t, end))
	done := map[job.Mode]int{}
	ids := map[string]bool{}
	for _, run := range s.runs() {
		if !run.Succeeded() {
			t.Errorf("%+v", run)
		}
		ids[run.ID] = true
		if run.Trigger == job.TriggerSchedule {
			done[run.Mode]++
		} else if run.Trigger != job.TriggerCatchUp || run.Mode != job.Full {
			t.Errorf("%+v", run)
		}
	}
	if !maps.Equal(done, want) || len(ids) != runs {
		t.Errorf("%d runs, by schedule %v", len(ids), done)
	}
	if messages := s.received(); messages != "" {
		t.Error(messages)
	}
	if s.pings["GET /beat"] != runs || s.pings["GET /beat/fail"] != 0 {
		t.Errorf("the monitor heard %v", s.pings)
	}
}

// TestWeeklyFullIsCaughtUp: a weekly full that fails beyond its retries is done once more within
// the hour, or in place of the next run that is due.
func TestWeeklyFullIsCaughtUp(t *testing.T) {
	t.Parallel()
	s := newStack(t, local(t, "2026-11-08 12:00:00"))
	s.until(local(t, "2026-11-08 23:58:00"))
	s.received()
	s.token = ""
	s.until(local(t, "2026-11-09 00:16:00"))
	if s.metric(telemetry.OpenErrors) != 1 {
		t.Error("the failed full is no metric")
	}
	s.token = airtablesim.DemoToken
	s.until(local(t, "2026-11-09 00:46:00"))
	run := s.runs()[0]
	if run.Trigger != job.TriggerCatchUp || run.Mode != job.Full || !run.Succeeded() ||
		run.ID != "full-20261109T045900Z-sched" {
		t.Errorf("%+v", run)
	}
	messages := s.received()
	if strings.Count(messages, `voc: Refresh failed`) != 1 ||
		strings.Count(messages, "over: Refresh failed") != 1 ||
		s.metric(telemetry.OpenErrors) != 0 {
		t.Error(messages)
	}
	s.silent = true // no watchdog: the next run that is due becomes the full
	s.until(local(t, "2026-11-15 23:58:00"))
	s.token = ""
	s.until(local(t, "2026-11-16 00:16:00"))
	s.token = airtablesim.DemoToken
	s.until(local(t, "2026-11-16 06:31:00"))
	if run := s.runs()[0]; run.Mode != job.Full || run.Trigger != job.TriggerCatchUp ||
		run.ID != "full-20261116T045900Z-sched" ||
		!run.Started.Equal(local(t, "2026-11-16 06:30:00")) {
		t.Errorf("%+v", run)
	}
}

// TestRevokedTokenOfFunctions: one message for a day of failures, and one when it is over.
func TestRevokedTokenOfFunctions(t *testing.T) {
	t.Parallel()
	s := newStack(t, local(t, "2026-11-10 08:00:00"))
	s.until(local(t, "2026-11-10 09:50:00"))
	s.token = "patRevoked"
	s.until(local(t, "2026-11-10 21:20:00"))
	messages := s.received()
	if strings.Count(messages, "voc: Refresh failed") != 1 || strings.Contains(messages, "over") ||
		!strings.Contains(messages, "AIRTABLE_API_KEY") || s.metric(telemetry.OpenErrors) != 1 {
		t.Error(messages)
	}
	s.token = airtablesim.DemoToken
	s.until(local(t, "2026-11-11 09:16:00"))
	if messages := s.received(); strings.Count(messages, "over: Refresh failed") != 1 ||
		s.metric(telemetry.OpenErrors) != 0 {
		t.Error(messages)
	}
}
