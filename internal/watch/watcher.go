package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"voc/internal/blob"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/schedule"
	"voc/internal/telemetry"
)

// LookEvery is how often the watchdog looks.
const LookEvery = 15 * time.Minute

// Config is what a Watcher works with. All fields but Webhook, Secrets, Link and Telemetry are
// required.
type Config struct {
	Store     *manifest.Store
	Blobs     blob.Store // of Store, for the watcher's memory
	Base      string     // that the store must be of
	Dir       string     // for snapshots that are verified
	Calendar  Calendar
	Webhook   *Webhook // nil: alerts are only logged
	Secrets   []string // that no message may contain
	Link      string   // where an operator looks first
	Log       *slog.Logger
	Now       func() time.Time
	Telemetry telemetry.Recorder
}

// Watcher looks at a store. It is safe for concurrent use.
type Watcher struct {
	Config
	mu     sync.Mutex
	memory State // as last read or written, for when the store cannot be read
}

// New returns a Watcher.
func New(cfg Config) *Watcher { return &Watcher{Config: cfg} }

// Report is what a look found.
type Report struct {
	Alerts   []Alert     `json:"alerts"`
	CatchUp  job.Request `json:"-"` // the run to start; zero: none
	DrillDue bool        `json:"-"` // there was no drill for a week
}

// Look looks as the watchdog: it finds what is wrong, announces what has changed, and returns the
// run to start.
func (w *Watcher) Look(ctx context.Context) Report {
	r, m, s := w.look(ctx, true)
	if errors.Is(ctx.Err(), context.Canceled) {
		return r
	}
	now := w.Now()
	w.Log.InfoContext(ctx, "watched", "alerts", len(r.Alerts), "schedule", w.Calendar.On)
	w.Telemetry.State(w.measure(m, s, r.Alerts))
	isKnown := m.Generation > 0 || !contains(r.Alerts, Unreadable) && !contains(r.Alerts, Damaged)
	if w.Calendar.On && isKnown {
		r.CatchUp, _ = w.Calendar.CatchUp(m, now, schedule.Grace)
	}
	const week, day = 7 * 24 * time.Hour, 24 * time.Hour
	r.DrillDue = m.Current != "" && now.Sub(s.Drill.ProvenAt.Time) >= week &&
		now.Sub(s.Drill.TriedAt.Time) >= day
	return r
}

// Begin notes that a watchdog watches from now on, before the first run of its host: else that run
// would find that it was silent while the host was down.
func (w *Watcher) Begin(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, err := ReadState(ctx, w.Blobs); err == nil && s.Format > 0 {
		now := job.At(w.Now())
		w.change(ctx, true, func(s *State) { s.LookedAt = now })
	}
}

// AfterRun looks after a run that has ended. It also finds whether the watchdog is silent.
func (w *Watcher) AfterRun(ctx context.Context) Report {
	r, _, _ := w.look(ctx, false)
	return r
}

// Promote returns the run to do in place of a scheduled one: see Calendar. If the store does not
// respond soon, it returns r: the run itself reports that.
func (w *Watcher) Promote(ctx context.Context, r job.Request) job.Request {
	ctx, cancel := briefly(ctx)
	defer cancel()
	if m, err := w.Store.Load(ctx); err == nil {
		return w.Calendar.Promote(r, m, w.Now())
	}
	return r
}

// LookedAt returns when the watchdog looked last; zero if it never did, or if the store does not
// say so soon.
func (w *Watcher) LookedAt(ctx context.Context) time.Time {
	ctx, cancel := briefly(ctx)
	defer cancel()
	s, err := ReadState(ctx, w.Blobs)
	if err != nil {
		return time.Time{}
	}
	return s.LookedAt.Time
}

// briefly bounds a look at the store that a run can do without.
func briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := 5 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/8)
	}
	return context.WithTimeout(ctx, limit)
}

// look finds and announces nothing if ctx is canceled: then its process stops, and what cannot be
// read is not the store's fault.
func (w *Watcher) look(ctx context.Context, watchdog bool) (Report, manifest.Manifest, State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.Now()
	if s, err := ReadState(ctx, w.Blobs); err == nil && s.Format > 0 {
		s.Open = append(s.Open, w.onlyHere(s)...)
		w.memory = s
	}
	m, fault := w.Store.Load(ctx)
	verified := w.memory.Verified
	if fault == nil {
		fault = m.Belongs(w.Base)
	}
	// An empty store stays empty, and that of another base is not ours.
	stored := m.Generation > 0 && fault == nil || w.memory.Format > 0
	if fault == nil {
		verified, fault = w.verify(ctx, m)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return Report{}, manifest.Manifest{}, w.memory
	}
	found := w.Calendar.Find(Facts{
		Manifest: m, Fault: fault, Memory: w.memory, Now: now, Watchdog: watchdog,
	})
	var messages []Open
	w.change(ctx, stored, func(s *State) {
		if watchdog {
			s.LookedAt = job.At(now)
		}
		s.Verified = verified
		s.Open = append(s.Open, w.onlyHere(*s)...)
		messages = s.merge(found, now, w.Webhook != nil)
	})
	var sent []Open
	for _, message := range messages {
		if err := w.announce(ctx, message); err != nil {
			w.Log.WarnContext(ctx, "a notification could not be sent; the next look retries",
				"alert", message.Kind, "error", err)
			continue
		}
		sent = append(sent, message)
	}
	if len(sent) > 0 {
		// If the process dies here, the messages are sent a second time.
		w.change(ctx, stored, func(s *State) { s.announced(sent) })
	}
	return Report{Alerts: append([]Alert{}, found...)}, m, w.memory
}

// onlyHere returns the alert about an unreadable store, which only this process remembers.
func (w *Watcher) onlyHere(s State) []Open {
	i := w.memory.index(Unreadable)
	if i < 0 || s.index(Unreadable) >= 0 {
		return nil
	}
	return []Open{w.memory.Open[i]}
}

// change changes what the watcher remembers, in the store if it is stored, and here.
func (w *Watcher) change(ctx context.Context, stored bool, change func(*State)) {
	if !stored {
		change(&w.memory)
		return
	}
	s, err := update(ctx, w.Blobs, change)
	if err != nil {
		w.Log.WarnContext(ctx, "the watcher's memory is not stored", "error", err)
		change(&w.memory)
		return
	}
	w.memory = s
}

// verify checks that the parts of the current snapshot are in the store. It reads them whole if
// they are not those that were verified before. Error: manifest.ErrDamaged.
func (w *Watcher) verify(ctx context.Context, m manifest.Manifest) (Verified, error) {
	current, err := m.CurrentSnapshot()
	if err != nil {
		return Verified{}, nil //nolint:nilerr // there is none
	}
	seen := Verified{Snapshot: current.ID}
	for _, key := range current.Keys() {
		info, err := w.Blobs.Stat(ctx, key)
		if errors.Is(err, blob.ErrNotExist) {
			return Verified{}, fmt.Errorf("snapshot %s is %w: %s is missing",
				current.ID, manifest.ErrDamaged, key)
		}
		if err != nil {
			return w.memory.Verified, err
		}
		seen.Version += info.Version + "\n"
	}
	if seen == w.memory.Verified {
		return seen, nil
	}
	for _, part := range current.Parts {
		local, err := w.Store.Fetch(ctx, current, part.Kind, w.Dir)
		if err == nil {
			err = os.Remove(local.Path)
		}
		if err != nil {
			return Verified{}, err
		}
	}
	return seen, nil
}

// announce logs a message and sends it.
func (w *Watcher) announce(ctx context.Context, o Open) error {
	level := slog.LevelWarn
	if o.Pending == Over {
		level = slog.LevelInfo
	}
	w.Log.Log(ctx, level, "alert", "alert", o.Kind, "is", o.Pending,
		"since", o.Since, "cause", w.redact(o.Cause))
	if w.Webhook == nil && o.Claimed.IsZero() {
		return errNoWebhook
	}
	if w.Webhook == nil {
		return nil
	}
	return w.Webhook.Send(ctx, w.redact(w.text(o)))
}

var errNoWebhook = errors.New("this process has no NOTIFY_WEBHOOK_URL, and another one of this " +
	"store has: that one sends it")

// text words a message: cause, since when, what still works, what to do, and where to look.
func (w *Watcher) text(o Open) string {
	since := o.Since.UTC().Format(time.RFC3339)
	if o.Pending == Over {
		return fmt.Sprintf("voc: over: %s, since %s.\n%s", o.Kind.Heading(), since, w.Link)
	}
	return fmt.Sprintf("voc: %s, since %s.\nCause: %s.\nStill works: %s.\nDo: %s.\n"+
		"Runbook: OPERATE.md, %q\n%s", o.Kind.Heading(), since, o.Cause, stillWorks[o.Kind],
		advice[o.Kind], o.Kind.Heading(), w.Link)
}

func (w *Watcher) redact(text string) string {
	for _, secret := range w.Secrets {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	return text
}

// measure returns the values of the watchdog's metrics.
func (w *Watcher) measure(m manifest.Manifest, s State, alerts []Alert) telemetry.State {
	now := w.Now()
	values := telemetry.State{
		OpenErrors:     len(m.OpenErrors(now)),
		OverdueRuns:    len(w.Calendar.Overdue(m, now)),
		AuditDiffering: s.Audit.Differing,
		QuotaUsed:      w.Calendar.QuotaUsed(m, now),
	}
	values.Warnings = len(m.LastSuccess().Warnings)
	if current, err := m.CurrentSnapshot(); err == nil {
		values.SnapshotAge = now.Sub(current.Watermark.Time)
	}
	if m.Hold != nil {
		values.Held = max(now.Sub(m.Hold.At.Time), 0)
	}
	for _, alert := range alerts {
		switch alert.Kind {
		case Damaged, Unreadable, DrillFailed:
			values.DamagedObjects++
			values.OpenErrors++
		case Overdue, ScheduleOff, Held:
			values.OverdueRuns = max(values.OverdueRuns, 1)
		}
	}
	return values
}
