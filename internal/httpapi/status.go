package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/watch"
)

type statusBody struct {
	CacheStatus cacheStatus             `json:"cache_status"`
	Snapshot    *snapshotBody           `json:"snapshot"`
	Stale       bool                    `json:"stale"`
	Schedule    map[string]scheduleBody `json:"schedule"`
	Freshness   freshnessBody           `json:"freshness"`
	Airtable    airtableBody            `json:"airtable"`
	Proofs
	Warnings []string          `json:"warnings"`
	Actions  map[string]string `json:"actions"`
}

// Proofs is what shows that the served data is Airtable's, and that it can be restored.
type Proofs struct {
	Audit           Audit    `json:"audit"`
	RestoreProvenAt job.Time `json:"restore_proven_at"` // null: it was never tried with success

	Alerts []watch.Alert `json:"-"` // that are open
	Unsent []string      `json:"-"` // warnings about messages that were not delivered
}

// Audit is the last comparison of a few records with Airtable.
type Audit struct {
	Checked   int      `json:"checked"`
	Differing int      `json:"differing"`
	At        job.Time `json:"at"` // null: there was none
}

type cacheStatus struct {
	LastUpdate   job.Time     `json:"last_update"`
	TotalRecords int          `json:"total_records"`
	LastError    job.Nullable `json:"last_error"`
	LastRunType  job.Nullable `json:"last_run_type"`
	Running      *runningBody `json:"running"`
}

type runningBody struct {
	RunID   string   `json:"run_id"`
	Mode    job.Mode `json:"mode"`
	Started job.Time `json:"started"`
	Pages   int      `json:"pages"`
	Records int      `json:"records"`
}

type scheduleBody struct {
	Expression  string       `json:"expression"`
	Timezone    job.Nullable `json:"timezone"`
	NextRun     job.Time     `json:"next_run"`
	LastRun     job.Time     `json:"last_run"`
	LastSuccess job.Time     `json:"last_success"`
	LastError   job.Nullable `json:"last_error"`
}

type airtableBody struct {
	CallsThisMonth int `json:"calls_this_month"`
	MonthlyCap     int `json:"monthly_cap"` // 0: none
	Forecast       int `json:"forecast"`    // calls of this store by the end of the UTC month
}

// actions are the routes that change the store.
var actions = map[string]string{
	"update-full":        "/api/cache/update-full",
	"update-incremental": "/api/cache/update-incremental",
	"update-sweep":       "/api/cache/update-sweep",
	"rollback":           "/api/cache/rollback",
}

// status answers GET /api/cache/.
func (a *API) status(r *request) (respond.Answer, error) {
	return respond.JSON(http.StatusOK, a.Status(r.Context()))
}

// Status returns the body of GET /api/cache/, for callers without HTTP. It reads the store, and
// returns a body even if that fails.
func (a *API) Status(ctx context.Context) any {
	view, h, release := a.currentRuns(ctx)
	defer release()
	now := a.Now()
	body := statusBody{
		Stale:     len(a.overdue(view.Manifest)) > 0,
		Schedule:  map[string]scheduleBody{},
		Freshness: a.freshness(view, h),
		Airtable: airtableBody{
			CallsThisMonth: view.Manifest.CallsIn(now),
			MonthlyCap:     a.MonthlyCalls,
			Forecast: view.Manifest.Forecast(
				now, a.Due(now), view.Manifest.Records(), a.Quota),
		},
		Actions: actions,
	}
	body.Warnings = a.warnings(view, body.Airtable)
	proofs, more := a.readProofs(ctx)
	body.Proofs, body.Warnings = proofs, append(body.Warnings, more...)
	body.Warnings = append(body.Warnings, watchdogWarnings(proofs.Alerts, body.Warnings)...)
	if view.File != nil {
		served := newSnapshotBody(view.Snapshot)
		body.CacheStatus.TotalRecords, body.Snapshot = view.File.Records(), &served
	}
	if len(h.active) > 0 && !h.active[0].Started.IsZero() {
		run := h.active[0]
		body.CacheStatus.Running = &runningBody{run.ID, run.Mode, run.Started, run.Pages, run.Read}
	}
	open := job.State{Runs: h.finished}.OpenErrors(now)
	if len(open) > 0 {
		body.CacheStatus.LastError = job.Nullable(errorText(open[0]))
	}
	for _, run := range open {
		body.Warnings = append(body.Warnings, errorKind(run).Refer(fmt.Sprintf(
			"%s refresh failed at %s: %s", run.Mode, run.Finished.UTC().Format(time.RFC3339),
			errorText(run))))
	}
	for i := range a.deadlines {
		d := &a.deadlines[i]
		body.Schedule[string(d.mode)] = a.describeSchedule(d, h, open, now)
	}
	if len(h.finished) > 0 {
		last := h.finished[0]
		body.CacheStatus.LastRunType = job.Nullable(last.Mode)
		for _, warning := range last.Warnings {
			kind := watch.Warned
			if job.IsRename(warning) {
				kind = watch.Renamed
			}
			body.Warnings = append(body.Warnings, kind.Refer(warning))
		}
	}
	if i := slices.IndexFunc(h.finished, job.Run.Succeeded); i >= 0 {
		body.CacheStatus.LastUpdate = h.finished[i].Finished
	}
	return body
}

// readProofs returns the proofs, and what is wrong with them.
func (a *API) readProofs(ctx context.Context) (p Proofs, warnings []string) {
	if a.Proofs == nil {
		return p, nil
	}
	p, err := a.Proofs(ctx)
	if err != nil {
		warnings = append(warnings, watch.Unreadable.Refer(err.Error()))
	}
	warnings = append(warnings, p.Unsent...)
	if audit := p.Audit; audit.Differing > 0 {
		warnings = append(warnings, watch.Differs.Refer(fmt.Sprintf("%d of %d records differed from "+
			"Airtable at %s", audit.Differing, audit.Checked, audit.At.UTC().Format(time.RFC3339))))
	}
	return p, warnings
}

// watchdogWarnings words the alerts about the store that only the watchdog finds: this host serves
// what it has open, whatever happened to the object since.
func watchdogWarnings(alerts []watch.Alert, warnings []string) (more []string) {
	for _, alert := range alerts {
		switch alert.Kind {
		case watch.Damaged, watch.Unreadable, watch.DrillFailed:
		default:
			continue
		}
		said := slices.ContainsFunc(warnings, func(text string) bool {
			return strings.HasSuffix(text, alert.Kind.Refer(""))
		})
		if !said {
			more = append(more, alert.Kind.Refer(fmt.Sprintf("the watchdog has found since %s: %s",
				alert.Since.UTC().Format(time.RFC3339), alert.Cause)))
		}
	}
	return more
}

// describeSchedule describes a schedule with the runs that count for it. open are the runs whose
// errors are open.
func (a *API) describeSchedule(
	d *deadline, h history, open []job.Run, now time.Time,
) scheduleBody {
	body := scheduleBody{
		Expression: d.schedule.String(),
		Timezone:   job.Nullable(d.schedule.Zone()),
	}
	if !a.Schedules.Off { // else no run starts by itself
		body.NextRun = job.At(d.schedule.Next(now))
	}
	for _, run := range open {
		if run.Mode == d.mode {
			body.LastError = job.Nullable(errorText(run))
		}
	}
	for _, run := range h.finished {
		if !run.Mode.Covers(d.mode) {
			continue
		}
		if body.LastRun.IsZero() {
			body.LastRun = run.Started
		}
		if run.Succeeded() {
			body.LastSuccess = run.Finished
			break
		}
	}
	return body
}
