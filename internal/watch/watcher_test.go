package watch_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest/manifesttest"
	"voc/internal/snapshot"
	"voc/internal/telemetry"
	"voc/internal/watch"
)

// hook collects the messages that a webhook receives.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	texts  []string
	broken int // of the requests to come, so many get a 404
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.broken > 0 {
			h.broken--
			http.Error(w, "no such hook", http.StatusNotFound)
			return
		}
		body, _ := io.ReadAll(r.Body)
		var message struct{ Text string }
		if err := json.Unmarshal(body, &message); err != nil {
			t.Errorf("%v in %s", err, body)
		}
		h.texts = append(h.texts, message.Text)
	}))
	t.Cleanup(h.Close)
	return h
}

// received returns the messages since the last call.
func (h *hook) received() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	texts := h.texts
	h.texts = nil
	return texts
}

// measured has the last State.
type measured struct{ last telemetry.State }

func (*measured) Request(telemetry.Request) {}
func (*measured) Run(telemetry.Run)         {}
func (m *measured) State(s telemetry.State) { m.last = s }

// world is a store with a snapshot, and a watcher of it. Runs and looks share its clock, which
// begins on a Monday at 7:00 in New York.
type world struct {
	*watch.Watcher
	t      *testing.T
	memory *blobtest.Memory
	clock  *manifesttest.Clock
	hook   *hook
	seen   measured
	log    bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, hook: newHook(t)}
	w.memory, w.clock = manifesttest.NewStore()
	w.Watcher = w.newWatcher()
	manifesttest.Publish(t, w.Store, manifesttest.Sealed(t, "first"), "first")
	return w
}

// newWatcher returns a watcher of another process.
func (w *world) newWatcher() *watch.Watcher {
	return watch.New(watch.Config{
		Store: manifesttest.Open(w.memory), Blobs: w.memory, Base: manifesttest.Base, Dir: w.t.TempDir(),
		Calendar: calendar(w.t), Webhook: &watch.Webhook{URL: w.hook.URL + "/services/secret"},
		Secrets: []string{"pat-secret"}, Link: "https://voc.example.com/api/cache/",
		Log: telemetry.NewLog(&w.log, slog.LevelInfo), Now: w.clock.Now,
		Telemetry: telemetry.Recorder{Metrics: &w.seen},
	})
}

// reads has the watcher use the store with faults, as when a role loses its rights.
func (w *world) reads(faults ...blobtest.Fault) {
	faulty := blobtest.NewFaulty(w.memory)
	faulty.Inject(faults...)
	w.Store, w.Blobs = manifesttest.Open(faulty), faulty
}

// run records a run of a mode that ends now.
func (w *world) run(mode job.Mode, outcome job.Outcome, reason string, warnings ...string) {
	w.t.Helper()
	now := w.clock.Now()
	run := job.Run{
		ID: job.NewRunID(mode, now), Mode: mode, Trigger: job.TriggerSchedule,
		Attempt: job.NewRunID(mode, now), Started: job.At(now), Finished: job.At(now),
		Outcome: job.Nullable(outcome), Error: job.Nullable(reason), Warnings: warnings,
	}
	if _, err := w.Store.Record(w.t.Context(), run); err != nil {
		w.t.Fatal(err)
	}
}

// says checks that the messages since the last call are as many as parts, each with all of its
// words, which a bar separates.
func (w *world) says(parts ...string) {
	w.t.Helper()
	texts := w.hook.received()
	if len(texts) != len(parts) {
		w.t.Fatalf("%d messages, want %d: %q", len(texts), len(parts), texts)
	}
	for i, text := range texts {
		for word := range strings.SplitSeq(parts[i], "|") {
			if !strings.Contains(text, word) {
				w.t.Errorf("the message %q lacks %q", text, word)
			}
		}
		if strings.Contains(text, "secret") {
			w.t.Errorf("the message has a secret: %s", text)
		}
	}
}

// look is a look of the watchdog, some time after the last.
func (w *world) look(after time.Duration) watch.Report {
	w.clock.Advance(after)
	return w.Look(w.t.Context())
}

// TestOneMessageEach: one message when refreshes break, and one when it is over, however many
// runs fail in between and whichever process looks.
func TestOneMessageEach(t *testing.T) {
	w := newWorld(t)
	w.look(0)
	w.says()
	w.look(105 * time.Minute)
	w.clock.Advance(15 * time.Minute)
	w.run(job.Incremental, job.Failed, "401 with pat-secret; check AIRTABLE_API_KEY")
	w.AfterRun(t.Context())
	w.says("Refresh failed|since 2026-11-23T14:00:00Z|Cause: the incremental refresh failed: 401 " +
		"with [redacted]; check AIRTABLE_API_KEY|Still works: the last|Do: correct the cause|" +
		`OPERATE.md, "Refresh failed"|https://voc.example.com/api/cache/`)
	for range 5 {
		w.run(job.Incremental, job.Failed, "401")
		w.AfterRun(t.Context())
		w.look(15 * time.Minute)
		w.newWatcher().Look(t.Context())
		w.run(job.Sweep, job.Failed, "401")
	}
	w.says()
	if w.seen.last.OpenErrors != 2 {
		t.Errorf("%+v", w.seen.last)
	}
	w.run(job.Sweep, job.Unchanged, "")
	w.look(time.Minute)
	w.says("over: Refresh failed|since 2026-11-23T14:00:00Z")
	w.look(15 * time.Minute)
	w.says()
	if w.seen.last.OpenErrors != 0 {
		t.Errorf("%+v", w.seen.last)
	}
}

// TestQuietAtNight: nights and weekends are no failures, and a missed weekly full is.
func TestQuietAtNight(t *testing.T) {
	w := newWorld(t)
	w.clock.Advance(at(t, "2026-11-27 21:00:05").Sub(w.clock.Now())) // a Friday
	w.run(job.Sweep, job.Unchanged, "")
	for w.clock.Now().Before(at(t, "2026-11-29 23:58:00")) {
		w.look(15 * time.Minute)
	}
	w.says()
	w.clock.Advance(at(t, "2026-11-30 00:30:00").Sub(w.clock.Now()))
	report := w.look(0)
	w.says("Refresh overdue|the full refresh that was due at 2026-11-30T04:59:00Z")
	if report.CatchUp.ID != "full-20261130T045900Z-sched" || w.seen.last.OverdueRuns != 1 {
		t.Errorf("%+v %+v", report.CatchUp, w.seen.last)
	}
	w.run(job.Full, job.Unchanged, "")
	w.look(time.Minute)
	w.says("over: Refresh overdue")
}

// TestGreaterFailureExplains: an incremental that became a full and failed is one alert. A full
// that failed before an incremental was due does not explain that.
func TestGreaterFailureExplains(t *testing.T) {
	w := newWorld(t)
	w.clock.Advance(at(t, "2026-11-23 09:00:05").Sub(w.clock.Now()))
	w.run(job.Full, job.Refused, "for a reason")
	w.look(45 * time.Minute)
	w.says("Refresh failed")
	w.run(job.Full, job.Unchanged, "")
	w.run(job.Full, job.Refused, "for a reason")
	w.look(90 * time.Minute)
	w.says("Refresh overdue|due at 2026-11-23T15:00:00Z")
}

// TestRenamedField: what a refresh followed is announced once, until FIELD_MAP has the new name.
func TestRenamedField(t *testing.T) {
	w := newWorld(t)
	followed := `field "Status" is called "State" ` + job.RenameMarker + ": rename it in FIELD_MAP"
	w.run(job.Incremental, job.Unchanged, "", "another warning", followed)
	w.look(0)
	w.says("Field renamed|Cause: " + followed + `|OPERATE.md, "Field renamed"`)
	w.run(job.Incremental, job.Unchanged, "", followed)
	w.look(0)
	w.says()
	if w.seen.last.Warnings != 1 {
		t.Errorf("%+v", w.seen.last)
	}
	w.run(job.Incremental, job.Unchanged, "")
	w.look(0)
	w.says("over: Field renamed")
}

// TestScheduleOff: the watchdog watches all the same, says so, and starts nothing.
func TestScheduleOff(t *testing.T) {
	w := newWorld(t)
	w.Calendar.On = false
	report := w.look(3 * time.Hour)
	w.says("Schedule off|SCHEDULE is off")
	if report.CatchUp.ID != "" {
		t.Errorf("it starts %+v", report.CatchUp)
	}
}

// TestUnreadableStore: what the store cannot remember, the process does. Other alerts stay open.
func TestUnreadableStore(t *testing.T) {
	w := newWorld(t)
	w.run(job.Full, job.Failed, "for a reason")
	w.look(0)
	w.says("Refresh failed")
	w.reads(blobtest.Fault{Effect: blobtest.Refused})
	w.look(15 * time.Minute)
	w.says("Store unreadable|SNAPSHOT_STORE")
	w.look(15 * time.Minute)
	w.says()
	if w.seen.last.DamagedObjects != 1 {
		t.Errorf("%+v", w.seen.last)
	}
	w.reads()
	w.look(15 * time.Minute)
	w.says("over: Store unreadable")
}

// TestDamagedSnapshot: a missing or changed object is found at the next look, which reads an
// object as a whole only if it is not the one that it has read.
func TestDamagedSnapshot(t *testing.T) {
	w := newWorld(t)
	current := manifesttest.Current(t, w.Store)
	key := current.Part(snapshot.Serve).Key
	w.look(0)
	counted := blobtest.NewFaulty(w.memory)
	w.Store, w.Blobs = manifesttest.Open(counted), counted
	w.look(15 * time.Minute)
	for _, op := range counted.Log() {
		if op.Kind == blobtest.Get && op.Key == key {
			t.Error("the snapshot was read again")
		}
	}
	info, err := w.memory.Stat(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.memory.Replace(t.Context(), key, []byte("x"), info.Version); err != nil {
		t.Fatal(err)
	}
	w.look(15 * time.Minute)
	w.says("Store damaged|" + current.ID)
	if err := w.memory.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	w.look(15 * time.Minute)
	w.says()
	manifesttest.Publish(t, w.Store, manifesttest.Sealed(t, "second"), "second")
	w.look(time.Minute)
	w.says("over: Store damaged")
}

// TestDamagedBase: a base is an object of each snapshot that is made of it.
func TestDamagedBase(t *testing.T) {
	w := newWorld(t)
	first := manifesttest.Sealed(t, "second")
	manifesttest.Publish(t, w.Store, first, "second")
	current := manifesttest.PublishEdit(t, w.Store, manifesttest.Edited(t, first, "third"), "third")
	w.look(0)
	w.says()
	base := current.Part(snapshot.Serve).Base.Key
	if err := w.memory.Delete(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	w.look(15 * time.Minute)
	w.says("Store damaged|" + current.ID + "|" + base + " is missing")
	if drill, err := w.Drill(t.Context()); err == nil || drill.Error == "" {
		t.Errorf("%+v, %v", drill, err)
	}
}

// TestHeld: a rollback's hold is an alert after a day, and what is late because of it is not.
func TestHeld(t *testing.T) {
	w := newWorld(t)
	first := manifesttest.Current(t, w.Store)
	manifesttest.Publish(t, w.Store, manifesttest.Sealed(t, "second"), "second")
	manifesttest.Rollback(t, w.Store, "back", first.ID)
	if report := w.look(23 * time.Hour); report.CatchUp.ID != "" {
		t.Errorf("it starts %+v", report.CatchUp)
	}
	w.says()
	w.look(2 * time.Hour)
	w.says("Refreshes held|" + first.ID)
	if w.seen.last.Held < 24*time.Hour {
		t.Errorf("%+v", w.seen.last)
	}
}

func TestQuotaHigh(t *testing.T) {
	w := newWorld(t)
	w.Calendar.MonthlyCalls = 10
	if err := w.Store.Count(t.Context(), manifesttest.Base, 2); err != nil { // after seven
		t.Fatal(err)
	}
	w.look(0)
	w.says("Quota high|9 calls|90 %")
	if w.seen.last.QuotaUsed != 0.9 {
		t.Errorf("%+v", w.seen.last)
	}
}

// TestSilentWatchdog: runs find that the watchdog does not look.
func TestSilentWatchdog(t *testing.T) {
	w := newWorld(t)
	w.look(0)
	w.clock.Advance(time.Hour)
	w.run(job.Sweep, job.Unchanged, "")
	w.AfterRun(t.Context())
	w.says("Watchdog silent|2026-11-23T12:00:00Z")
	w.look(time.Minute)
	w.says("over: Watchdog silent")
}

// TestAuditDiffers also covers the drill: what both found is remembered and announced.
func TestAuditDiffers(t *testing.T) {
	w := newWorld(t)
	w.Audited(t.Context(), 50, 2)
	drill, err := w.Drill(t.Context())
	if err != nil || drill.ProvenAt.Time != manifesttest.Noon {
		t.Fatalf("%+v, %v", drill, err)
	}
	w.look(0)
	w.says("Audit differs|2 of 50 records")
	if w.seen.last.AuditDiffering != 2 {
		t.Errorf("%+v", w.seen.last)
	}
	w.Audited(t.Context(), 50, 0)
	w.look(time.Minute)
	w.says("over: Audit differs")
	s, err := watch.ReadState(t.Context(), w.memory)
	if err != nil || s.Drill != drill || s.Audit.Checked != 50 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestDrillFails(t *testing.T) {
	w := newWorld(t)
	if report := w.look(0); !report.DrillDue {
		t.Error("a first drill is not due")
	}
	served := manifesttest.Current(t, w.Store).Part(snapshot.Serve)
	if err := w.memory.Delete(t.Context(), served.Key); err != nil {
		t.Fatal(err)
	}
	drill, err := w.Drill(t.Context())
	if err == nil || drill.Error == "" || !drill.ProvenAt.IsZero() {
		t.Errorf("%+v, %v", drill, err)
	}
	if report := w.look(time.Minute); report.DrillDue {
		t.Error("a drill that failed is due again at once")
	}
	w.says("Store damaged", "Drill failed")
}

// TestMessageIsRetried: a message that the webhook does not take is sent by a later look.
func TestMessageIsRetried(t *testing.T) {
	w := newWorld(t)
	w.hook.broken = 1
	w.run(job.Full, job.Failed, "for a reason")
	w.look(0)
	w.says()
	if log := w.log.String(); !strings.Contains(log, "404") || strings.Contains(log, "services") {
		t.Error(log)
	}
	w.look(time.Minute) // another process may be about to send it
	w.says()
	w.look(5 * time.Minute)
	w.says("Refresh failed")
}

// TestDeathBetweenMessages: a process that dies with a claimed message does not lose it.
func TestDeathBetweenMessages(t *testing.T) {
	w := newWorld(t)
	w.run(job.Full, job.Failed, "for a reason")
	w.reads(blobtest.Fault{Kind: blobtest.Replace, N: 1, Effect: blobtest.DiedAfter})
	w.Webhook = nil // it is dead
	w.look(0)
	w.Watcher = w.newWatcher()
	w.look(6 * time.Minute)
	w.says("Refresh failed")
}

// TestEmptyStoreStaysEmpty: nothing is written to a store without a manifest, nor to that of
// another base.
func TestEmptyStoreStaysEmpty(t *testing.T) {
	w := &world{t: t, hook: newHook(t)}
	w.memory, w.clock = manifesttest.NewStore()
	w.Watcher = w.newWatcher()
	if report := w.look(time.Minute); report.CatchUp.Mode != job.Full {
		t.Errorf("it starts %+v", report.CatchUp)
	}
	w.says()
	w.look(15 * time.Minute)
	w.says("Refresh overdue")
	for info, err := range w.memory.List(t.Context(), "") {
		t.Errorf("%s, %v", info.Key, err)
	}
	manifesttest.Publish(t, w.Store, manifesttest.Sealed(t, "first"), "first")
	w.Watcher = w.newWatcher()
	w.Base = "appOther00000001"
	w.look(15 * time.Minute)
	w.says("Store unreadable|belongs to another base")
	if _, err := w.memory.Stat(t.Context(), watch.Key); err == nil {
		t.Error("the store of another base was written to")
	}
}

// TestManifestIsNotWritten: looks, audits and drills write nothing but the watcher's own object.
func TestManifestIsNotWritten(t *testing.T) {
	w := newWorld(t)
	w.run(job.Full, job.Failed, "for a reason")
	counted := blobtest.NewFaulty(w.memory)
	w.Store, w.Blobs = manifesttest.Open(counted), counted
	w.look(0)
	w.Audited(t.Context(), 1, 1)
	if _, err := w.Drill(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.AfterRun(t.Context())
	for _, op := range counted.Log() {
		writes := op.Kind == blobtest.Replace || op.Kind == blobtest.PutNew ||
			op.Kind == blobtest.Delete
		if writes && op.Key != watch.Key {
			t.Error(op)
		}
	}
}
