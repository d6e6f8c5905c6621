package app

import (
	"context"
	"time"

	"voc/internal/access"
	"voc/internal/job"
	"voc/internal/telemetry"
	"voc/internal/watch"
)

// NewWatcher returns what looks at the store. link is where an operator looks first.
func NewWatcher(p Parts, link string) *watch.Watcher {
	c := p.Config
	w := watch.New(watch.Config{
		Store: p.Store,
		Blobs: p.Blobs,
		Base:  c.Airtable.BaseID,
		Dir:   p.Work.Path,
		Calendar: watch.Calendar{
			Full: c.Schedule.Full, Sweep: c.Schedule.Sweep, Incremental: c.Schedule.Incremental,
			On: c.Schedule.On, MonthlyCalls: c.MonthlyCalls, Quota: quota, Due: due(c.Schedule),
		},
		Link:      link,
		Log:       p.Log,
		Now:       p.Now,
		Telemetry: telemetry.Recorder{Log: p.Log, Metrics: p.Metrics},
	})
	SetSecrets(w, p)
	return w
}

// SetSecrets gives the current secrets of p to a watcher, which must not be looking meanwhile.
func SetSecrets(w *watch.Watcher, p Parts) {
	c := p.Config
	w.Webhook, w.Secrets = nil, nil
	for _, secret := range append([]access.Secret{c.Airtable.Key, c.Webhook, c.Heartbeat},
		append(c.Access.ReadTokens, c.Access.AdminTokens...)...) {
		if text := secret.Reveal(); text != "" {
			w.Secrets = append(w.Secrets, text)
		}
	}
	if address := c.Webhook.Reveal(); address != "" {
		w.Webhook = &watch.Webhook{URL: address}
	}
}

// afterTimeout bounds what follows a run, and afterMargin is what is left for it before the
// deadline of the host.
const (
	afterTimeout = time.Minute
	afterMargin  = 5 * time.Second
)

// AfterRun does what follows a run in every host: it audits after the day's last incremental,
// tells the monitor how the run ended, and lets the watcher look. Nothing of it changes the run.
func AfterRun(ctx context.Context, p Parts, q job.Request, run job.Run) {
	limit := afterTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)-afterMargin)
	}
	if limit <= 0 || q.DryRun {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if run.Succeeded() && q.Mode == job.Incremental && !q.Trigger.ByPerson() &&
		p.Watcher.Calendar.LastOfDay(p.Now()) {
		audit(ctx, p)
	}
	failed := run.Outcome == job.Nullable(job.Failed) || run.Outcome == job.Nullable(job.Refused)
	if address := p.Config.Heartbeat.Reveal(); address != "" && run.Mode != job.Rollback &&
		(failed || run.Succeeded()) {
		heartbeat := watch.Heartbeat{URL: address}
		if err := heartbeat.Ping(ctx, run.Succeeded()); err != nil {
			p.Log.WarnContext(ctx, "the monitor of HEARTBEAT_URL does not take it", "error", err)
		}
	}
	p.Watcher.AfterRun(ctx)
}

// audit compares a few records with Airtable, by an engine of its own.
func audit(ctx context.Context, p Parts) {
	engine, err := NewRefresh(p)
	if err == nil {
		var checked, differing int
		checked, differing, err = engine.Audit(ctx)
		if err == nil {
			p.Watcher.Audited(ctx, checked, differing)
			p.Log.InfoContext(ctx, "audited", "checked", checked, "differing", differing)
			return
		}
	}
	p.Log.WarnContext(ctx, "the audit did not end; the next day's does", "error", err)
}
