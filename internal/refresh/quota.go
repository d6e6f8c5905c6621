package refresh

import (
	"context"
	"fmt"
	"time"

	"voc/internal/airtable"
	"voc/internal/job"
	"voc/internal/manifest"
)

// checkQuota ends a run of a mode if the month has too few calls left for it, and limits
// the calls that it may make. Errors: airtable.ErrBudget, airtable.ErrQuota, errSkipped.
func (e *Engine) checkQuota(m manifest.Manifest, a attempt, mode job.Mode) error {
	now, limit, quota := m.ReadAt, e.cfg.MonthlyCalls, e.cfg.Store.Quota()
	if now.IsZero() {
		now = e.cfg.Now()
	}
	if mode == job.Remap { // which makes no calls
		return nil
	}
	byPerson := a.request.Trigger.ByPerson()
	if since := m.QuotaUsedUp(now); !since.IsZero() && !byPerson {
		return fmt.Errorf("%w, as Airtable responded at %s: %s. The next attempt is a day later, or "+
			"when a person starts a refresh", airtable.ErrQuota, since.UTC().Format(time.RFC3339),
			faultAdvice[airtable.FaultQuota])
	}
	if limit == 0 {
		e.cfg.Airtable.Allow(-1)
		return nil
	}
	made, needs := m.CallsIn(now), m.Estimate(mode, m.Records(), quota)
	if mode == job.Incremental { // the last ones do not tell how much was edited
		needs = quota.Least(mode, m.Records())
	}
	e.cfg.Airtable.Allow(max(limit-made-a.calls(), 0))
	if made+needs > limit {
		return fmt.Errorf("%w: AIRTABLE_MONTHLY_CALLS is %d, %d were made in this month, "+
			"and a refresh (%s) takes about %d", airtable.ErrBudget, limit, made, mode, needs)
	}
	if a.request.Mode != job.Sweep || byPerson || e.cfg.Due == nil {
		return nil
	}
	if forecast := m.Forecast(now, e.cfg.Due(now), m.Records(), quota) + needs; forecast > limit {
		return fmt.Errorf("%w: with sweeps, this month would take %d calls, and "+
			"AIRTABLE_MONTHLY_CALLS is %d: raise it, or set SCHEDULE_SWEEP=off",
			errSkipped, forecast, limit)
	}
	return nil
}

// countDryRun counts the calls of a run that writes no receipt.
func (e *Engine) countDryRun(ctx context.Context, a attempt) error {
	if !a.request.DryRun {
		return nil
	}
	return e.cfg.Store.Count(ctx, e.cfg.Base, a.calls())
}
