package watch_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/watch"
)

// newReader returns a watcher of a process without a webhook.
func (w *world) newReader() *watch.Watcher {
	reader := w.newWatcher()
	reader.Webhook = nil
	return reader
}

// logged returns how many alerts were logged as broken or over.
func (w *world) logged(message watch.Message) int {
	return strings.Count(w.log.String(), `"is":"`+string(message)+`"`)
}

// TestProcessWithoutWebhook: it leaves the messages to the process that has one.
func TestProcessWithoutWebhook(t *testing.T) {
	w := newWorld(t)
	w.look(0)
	reader := w.newReader()
	w.run(job.Full, job.Failed, "for a reason")
	reader.AfterRun(t.Context())
	reader.Look(t.Context())
	w.says()
	w.look(time.Minute)
	w.says("Refresh failed")
	w.run(job.Full, job.Unchanged, "")
	reader.AfterRun(t.Context())
	w.says()
	w.look(time.Minute)
	w.says("over: Refresh failed")
	reader.Look(t.Context())
	w.look(time.Minute)
	w.says()
}

// TestOnlyLogged: without any webhook an alert is logged once. A webhook that comes later gets what
// is open by then.
func TestOnlyLogged(t *testing.T) {
	w := newWorld(t)
	reader := w.newReader()
	w.run(job.Full, job.Failed, "for a reason")
	for range 3 {
		reader.Look(t.Context())
		w.clock.Advance(15 * time.Minute)
	}
	if w.logged(watch.Broken) != 1 {
		t.Error(w.log.String())
	}
	w.look(0)
	w.says("Refresh failed")
	w.clock.Advance(9 * 24 * time.Hour) // the webhook was given up
	w.run(job.Full, job.Unchanged, "")
	reader.Look(t.Context())
	reader.Look(t.Context())
	if w.logged(watch.Over) != 1 {
		t.Error(w.log.String())
	}
	w.look(time.Minute)
	w.says()
}

// TestUnreadWebhook: a webhook whose address could not be read is no process without one.
func TestUnreadWebhook(t *testing.T) {
	w := newWorld(t)
	known := w.Webhook
	w.Webhook = &watch.Webhook{}
	w.run(job.Full, job.Failed, "for a reason")
	w.look(0)
	w.says()
	w.Webhook = known
	w.look(15 * time.Minute)
	w.says("Refresh failed")
}

// TestScheduleOffOnOneHost: two hosts name one fact differently, which is one message.
func TestScheduleOffOnOneHost(t *testing.T) {
	w := newWorld(t)
	off := w.newWatcher()
	off.Calendar.On = false
	w.look(3 * time.Hour)
	w.says("Refresh overdue")
	for range 3 {
		off.Look(t.Context())
		w.look(15 * time.Minute)
	}
	w.says()
	w.run(job.Full, job.Unchanged, "")
	off.Look(t.Context())
	w.look(time.Minute)
	w.says("over: Refresh overdue")
}

// TestStoppedLook: a process that stops does not blame the store, and starts nothing.
func TestStoppedLook(t *testing.T) {
	w := newWorld(t)
	w.look(0)
	w.reads(blobtest.Fault{Effect: blobtest.Refused})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report := w.Look(ctx)
	after := w.AfterRun(ctx)
	if len(report.Alerts)+len(after.Alerts) > 0 || report.CatchUp.ID != "" || report.DrillDue ||
		w.logged(watch.Broken) > 0 {
		t.Errorf("%+v, %+v: %s", report, after, w.log.String())
	}
	w.reads()
	w.look(15 * time.Minute)
	w.says()
}

// TestUnsentMessage: the status warns of a message that no webhook takes, until one does.
func TestUnsentMessage(t *testing.T) {
	w := newWorld(t)
	unsent := func() string {
		s, err := watch.ReadState(t.Context(), w.memory)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(s.Unsent(w.clock.Now()), "; ")
	}
	w.hook.broken = 3
	w.run(job.Full, job.Failed, "for a reason")
	w.look(0)
	if text := unsent(); text != "" {
		t.Errorf("at once: %s", text)
	}
	w.look(15 * time.Minute)
	w.look(15 * time.Minute)
	if text := unsent(); !strings.Contains(text, "that this is broken has not been delivered since "+
		`2026-11-23T12:00:00Z: check NOTIFY_WEBHOOK_URL and the log (OPERATE.md, "Refresh failed")`) {
		t.Error(text)
	}
	w.look(15 * time.Minute)
	w.says("Refresh failed")
	w.clock.Advance(time.Hour)
	w.hook.broken = 1
	w.run(job.Full, job.Unchanged, "")
	w.look(0)
	if text := unsent(); text != "" {
		t.Errorf("sent: %s", text)
	}
}
