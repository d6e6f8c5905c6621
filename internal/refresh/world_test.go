package refresh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtable"
	"voc/internal/airtablesim"
	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/refresh"
	"voc/internal/snapshot"
	"voc/internal/telemetry"
)

var (
	noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	quota = job.Quota{PageSize: airtable.PageSize, PerSecond: airtable.RequestsPerSecond}
)

// clock is Airtable's and the store's clock. A test advances it, or it follows that of a
// synctest bubble.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
	begun time.Time // zero: it stands still
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := noon.Add(c.ahead)
	if !c.begun.IsZero() {
		now = now.Add(time.Since(c.begun))
	}
	return now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// world is an Airtable, a store, and the configuration of a process between them.
type world struct {
	*airtablesim.Server
	t     testing.TB
	clock *clock
	http  http.RoundTripper
	store *blobtest.Memory

	token, base, table string
	fields, teams      string // FIELD_MAP, TEAM_MAP
	private            string // PRIVATE_FIELDS; "": none
	years              string
	pace               float64 // calls a second
	shrink             int     // MAX_SHRINK_PERCENT
	accept             bool    // every run may pass the gate
	cap                int     // AIRTABLE_MONTHLY_CALLS
	disk               int64   // free bytes; 0: unknown
	progress           func(refresh.Progress)
	log                bytes.Buffer
	logger             *slog.Logger // into log, for all processes: a handler locks only for itself

	runs   int
	unkept error // of the last run: why the store does not have its receipt
}

// newWorld returns a world with testdata/base.jsonl: three records of 2025 and one of 2024. A test
// that counts the calls of several pages is in a synctest bubble, where a page takes no time: a
// slow page would divide the listing.
func newWorld(t testing.TB, cfg airtablesim.Config) *world {
	t.Helper()
	data, err := airtablesim.Load("testdata/base.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: &clock{}, years: "2025-", table: "Lead Bugs", base: data.ID(),
		token: airtablesim.DemoToken, pace: math.Inf(1), shrink: 100}
	if cfg.Clock == nil {
		cfg.Clock = w.clock.Now
	}
	if cfg.Rate == 0 {
		cfg.Rate = -1
	}
	w.logger = slog.New(slog.NewTextHandler(&w.log, nil))
	w.Server = airtablesim.New(data, cfg)
	w.store = blobtest.NewMemory(w.clock.Now)
	client, end := w.Pipe()
	t.Cleanup(end)
	w.http = client.Transport
	return w
}

// newGoingWorld is newWorld in a synctest bubble, whose time the clock follows.
func newGoingWorld(t testing.TB, cfg airtablesim.Config) *world {
	t.Helper()
	w := newWorld(t, cfg)
	w.clock.begun = time.Now()
	return w
}

// engine returns an engine with the world's current configuration.
func (w *world) engine(store blob.Store) *refresh.Engine {
	w.t.Helper()
	return w.newEngine(w.config(store))
}

func (w *world) newEngine(cfg refresh.Config) *refresh.Engine {
	w.t.Helper()
	engine, err := refresh.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return engine
}

// config returns the configuration of an engine with a directory of its own.
func (w *world) config(store blob.Store) refresh.Config {
	w.t.Helper()
	mapping, err := feedback.NewMapping(w.fields, w.teams)
	if err != nil {
		w.t.Fatal(err)
	}
	years, err := feedback.ParseYears(w.years)
	if err != nil {
		w.t.Fatal(err)
	}
	privacy := feedback.Privacy{}
	if w.private != "" {
		if privacy, err = feedback.ParsePrivacy(w.private, mapping); err != nil {
			w.t.Fatal(err)
		}
	}
	log, token := w.logger, w.token
	return refresh.Config{
		Airtable: airtable.New(airtable.Config{
			URL: "http://airtable.test", Base: w.base, HTTP: w.http, Pacer: airtable.NewPacer(w.pace),
			Log: log, Now: w.clock.Now,
			Token: func(context.Context) (string, error) { return token, nil },
		}),
		Store: manifest.New(store, 3, quota, log).Hiding(privacy), Base: w.base, Table: w.table,
		Mapping: mapping, Privacy: privacy, Years: years,
		Dir: w.t.TempDir(), Program: "voc/test", Log: log, Now: w.clock.Now, MaxShrink: w.shrink,
		MonthlyCalls: w.cap, Telemetry: telemetry.Recorder{Log: log},
		FreeDisk: func(string) (int64, bool) { return w.disk, w.disk > 0 },
	}
}

// run does one refresh in a process of its own.
func (w *world) run(mode job.Mode) job.Run { return w.runOn(w.t.Context(), w.store, mode) }

func (w *world) runOn(ctx context.Context, store blob.Store, mode job.Mode) job.Run {
	w.t.Helper()
	w.runs++
	cfg := w.config(store)
	var receipt job.Run
	request := job.Request{ID: fmt.Sprintf("%s-%d", mode, w.runs), Mode: mode, Trigger: "cli",
		Accept: w.accept}
	receipt, w.unkept = w.newEngine(cfg).Run(ctx, request, w.progress)
	w.leaves(cfg.Dir)
	return receipt
}

// leaves checks that an engine's directory is empty.
func (w *world) leaves(dir string) {
	w.t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		w.t.Errorf("left behind: %q, %v", left, err)
	}
}

// must does one refresh, which must have the outcome.
func (w *world) must(mode job.Mode, outcome job.Outcome) job.Run {
	w.t.Helper()
	receipt := w.run(mode)
	if receipt.Outcome != job.Nullable(outcome) {
		w.t.Fatalf("%s is %s, want %s: %s", receipt.ID, receipt.Outcome, outcome, receipt.Error)
	}
	return receipt
}

// fails does one refresh, which must fail with all of the words and change nothing that
// is served.
func (w *world) fails(mode job.Mode, words ...string) job.Run {
	w.t.Helper()
	return w.changesNothing(mode, job.Failed, words...)
}

// refuses is fails for a refresh that the publish gate must reject.
func (w *world) refuses(mode job.Mode, words ...string) job.Run {
	w.t.Helper()
	return w.changesNothing(mode, job.Refused, append(words, "rejected by the publish gate",
		"accept")...)
}

func (w *world) changesNothing(mode job.Mode, outcome job.Outcome, words ...string) job.Run {
	w.t.Helper()
	before := w.current()
	receipt := w.must(mode, outcome)
	contains(w.t, string(receipt.Error), words...)
	if w.token != "" && strings.Contains(string(receipt.Error)+w.log.String(), w.token) {
		w.t.Errorf("the token is in the receipt or the log")
	}
	if after := w.current(); !cmp.Equal(after, before) {
		w.t.Errorf("a run that failed made %+v of %+v", after, before)
	}
	return receipt
}

func contains(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not contain %q", text, part)
		}
	}
}

func (w *world) manifests() *manifest.Store {
	return manifest.New(w.store, 3, quota, slog.New(slog.DiscardHandler))
}

func (w *world) manifest() manifest.Manifest {
	w.t.Helper()
	m, err := w.manifests().Load(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// current returns the snapshot that is served; zero if there is none.
func (w *world) current() manifest.Snapshot {
	w.t.Helper()
	s, _ := w.manifest().CurrentSnapshot()
	return s
}

// open opens the current snapshot of a store as readers do.
func (w *world) open(store blob.Store) *snapshot.File {
	w.t.Helper()
	m, err := manifest.New(store, 3, quota, slog.New(slog.DiscardHandler)).Load(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	file := snapshot.New(m.Records(), func(_ context.Context, kind snapshot.Kind) (string, error) {
		return w.fetch(store, kind), nil
	})
	w.t.Cleanup(func() { _ = file.Close() })
	return file
}

// parts fetches the parts of the current snapshot of a store.
func (w *world) parts(store blob.Store) map[snapshot.Kind]string {
	w.t.Helper()
	paths := map[snapshot.Kind]string{}
	for _, kind := range snapshot.Kinds() {
		paths[kind] = w.fetch(store, kind)
	}
	return paths
}

// originals opens the current snapshot of a store as a refresh does.
func (w *world) originals(store blob.Store) *snapshot.Originals {
	w.t.Helper()
	source, err := snapshot.OpenOriginals(w.fetch(store, snapshot.Sources))
	if err != nil {
		w.t.Fatal(err)
	}
	return source
}

func (w *world) fetch(store blob.Store, kind snapshot.Kind) string {
	w.t.Helper()
	c := manifest.New(store, 3, quota, slog.New(slog.DiscardHandler))
	m, err := c.Load(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := m.CurrentSnapshot()
	if err != nil {
		w.t.Fatal(err)
	}
	part, err := c.Fetch(w.t.Context(), s, kind, w.t.TempDir())
	if err != nil {
		w.t.Fatal(err)
	}
	return part.Path
}

// served returns all that can be read of a store: the list as it is sent, and each
// record's detail.
func (w *world) served(store blob.Store) []string {
	w.t.Helper()
	file := w.open(store)
	defer file.Close()
	body, _, err := file.Body(w.t.Context(), snapshot.Identity)
	if err != nil {
		w.t.Fatal(err)
	}
	defer body.Close()
	list, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatal(err)
	}
	all := []string{string(list)}
	sources := w.originals(store)
	defer sources.Close()
	for source, err := range sources.All(w.t.Context()) {
		if err != nil {
			w.t.Fatal(err)
		}
		packed, err := file.Detail(w.t.Context(), source.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		detail, err := packed.Text()
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, string(detail))
	}
	return all
}

// fresh returns what a full refresh of an empty store serves now.
func (w *world) fresh() []string {
	w.t.Helper()
	served, _ := w.freshly()
	return served
}

// freshly is fresh with the snapshot's description.
func (w *world) freshly() ([]string, snapshot.Meta) {
	w.t.Helper()
	store := blobtest.NewMemory(w.clock.Now)
	if receipt := w.runOn(w.t.Context(), store, job.Full); !receipt.Succeeded() {
		w.t.Fatalf("a fresh full: %s", receipt.Error)
	}
	sources := w.originals(store)
	defer sources.Close()
	return w.served(store), sources.Meta()
}

// converged checks that the store serves what a fresh full would.
func (w *world) converged() {
	w.t.Helper()
	w.convergedAs(w.fields)
}

// convergedAs is converged for a base with renamed fields: a first run must be configured
// with their names.
func (w *world) convergedAs(fields string) {
	w.t.Helper()
	given := w.fields
	w.fields = fields
	want := w.fresh()
	w.fields = given
	if diff := cmp.Diff(want, w.served(w.store)); diff != "" {
		w.t.Errorf("a fresh full (-) differs from the store (+):\n%s", diff)
	}
}

// detail returns the JSON that is served of one record; "" if it is not served.
func (w *world) detail(id string) string {
	w.t.Helper()
	file := w.open(w.store)
	defer file.Close()
	packed, err := file.Detail(w.t.Context(), id)
	if errors.Is(err, snapshot.ErrNoRecord) {
		return ""
	}
	text, damage := packed.Text()
	if err = errors.Join(err, damage); err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// calls returns how many calls of each kind do makes.
func (w *world) calls(do func()) map[airtablesim.Kind]int {
	before := w.Counters().Calls
	do()
	made := map[airtablesim.Kind]int{}
	for kind, n := range w.Counters().Calls {
		if n > before[kind] {
			made[kind] = n - before[kind]
		}
	}
	return made
}
