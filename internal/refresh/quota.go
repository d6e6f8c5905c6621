package refresh

import (
	"context"
	"fmt"
	"time"

	"voc/internal/airtable"
	"voc/internal/job"
)

// affordable ends a run if the month has no calls left for it, and bounds those that it may make. Errors: airtable.ErrBudget, airtable.ErrQuota, errSkipped.
func (r *run) affordable() error {
	m, now, mode := r.manifest, r.manifest.ReadAt, r.receipt.Mode
	if now.IsZero() {
		now = r.Now()
	}
	if since := m.QuotaUsedUp(now); !since.IsZero() && !r.receipt.ByPerson() {
		return fmt.Errorf("%w, Airtable said so at %s: the next try is a day later, or when a person starts a refresh", airtable.ErrQuota, since.UTC().Format(time.RFC3339))
	}
	if r.MonthlyCalls == 0 {
		r.Airtable.Allow(-1)
		return nil
	}
	made, needs := m.CallsIn(now), m.Estimate(mode, m.Records(), quota)
	if mode == job.Incremental {
		needs = quota.Least(mode, m.Records()) // how much was edited nobody knows: the last time tells nothing
	}
	sent := r.Airtable.Counts().Calls - r.before.Calls
	r.Airtable.Allow(max(r.MonthlyCalls-made-sent, 0))
	if made+needs > r.MonthlyCalls {
		return fmt.Errorf("%w: AIRTABLE_MONTHLY_CALLS is %d, %d were made in this month, and a refresh (%s) takes about %d", airtable.ErrBudget, r.MonthlyCalls, made, mode, needs)
	}
	if r.request.Mode == job.Sweep && !r.receipt.ByPerson() && r.Due != nil {
		if forecast := m.Forecast(now, r.Due(now), m.Records(), quota) + needs; forecast > r.MonthlyCalls {
			return fmt.Errorf("%w: with sweeps, %d calls would be made in this month, and AIRTABLE_MONTHLY_CALLS is %d: raise it, or set SCHEDULE_SWEEP=off", errSkipped, forecast, r.MonthlyCalls)
		}
	}
	return nil
}

// countDry counts the calls of a run that leaves no receipt.
func (r *run) countDry(ctx context.Context) error {
	if !r.request.DryRun {
		return nil
	}
	return r.Store.Count(ctx, r.Base, r.Airtable.Counts().Calls-r.before.Calls)
}
