package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/replica"
)

type statusBody struct {
	CacheStatus cacheStatus             `json:"cache_status"`
	Snapshot    *snapshotBody           `json:"snapshot"`
	Stale       bool                    `json:"stale"`
	Schedule    map[string]scheduleBody `json:"schedule"`
	Airtable    airtableBody            `json:"airtable"`
	Warnings    []string                `json:"warnings"`
	Actions     map[string]string       `json:"actions"`
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
	body := statusBody{
		Stale: a.stale(view.Manifest),
		Schedule: map[string]scheduleBody{
			"full":        a.describeSchedule(job.Full, h),
			"incremental": a.describeSchedule(job.Incremental, h),
			"sweep":       a.describeSchedule(job.Sweep, h),
		},
		Airtable: a.describeCalls(view.Manifest),
		Warnings: a.warnings(view),
		Actions:  actions,
	}
	if view.File != nil {
		served := newSnapshotBody(view.Snapshot)
		body.CacheStatus.TotalRecords, body.Snapshot = view.File.Records(), &served
	}
	body.CacheStatus.Running = h.running()
	open := h.openErrors(a.Now())
	if len(open) > 0 {
		body.CacheStatus.LastError = job.Nullable(errorText(open[0]))
	}
	for _, run := range open {
		body.Warnings = append(body.Warnings, errorWarning(run))
	}
	if len(h.finished) > 0 {
		last := h.finished[0]
		body.CacheStatus.LastRunType = job.Nullable(last.Mode)
		body.Warnings = append(body.Warnings, last.Warnings...)
	}
	if i := slices.IndexFunc(h.finished, job.Run.Succeeded); i >= 0 {
		body.CacheStatus.LastUpdate = h.finished[i].Finished
	}
	return body
}

func (a *API) describeSchedule(mode job.Mode, h history) scheduleBody {
	s := a.Schedules.of(mode)
	body := scheduleBody{
		Expression: s.String(),
		Timezone:   job.Nullable(s.Zone()),
		NextRun:    job.At(s.Next(a.Now())),
	}
	for _, run := range h.openErrors(a.Now()) {
		if run.Mode == mode {
			body.LastError = job.Nullable(errorText(run))
		}
	}
	for _, run := range h.finished {
		if !run.Mode.Covers(mode) {
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

// warnings are what an operator should know besides the errors of runs.
func (a *API) warnings(view replica.View) []string {
	warnings := append([]string{}, storeWarnings(view)...)
	if hold := view.Manifest.Hold; hold != nil {
		warnings = append(warnings, holdWarning(hold, a.Now()))
	}
	if since := view.Manifest.QuotaUsedUp(a.Now()); !since.IsZero() {
		warnings = append(warnings, fmt.Sprintf("Airtable has rejected calls since %s because "+
			"the month's calls are used up: scheduled refreshes retry once a day",
			since.UTC().Format(time.RFC3339)))
	}
	if calls := a.describeCalls(view.Manifest); calls.MonthlyCap > 0 &&
		calls.Forecast > calls.MonthlyCap {
		warnings = append(warnings, fmt.Sprintf("%d Airtable calls are expected this month, "+
			"and AIRTABLE_MONTHLY_CALLS is %d: sweeps are skipped now, and refreshes will be",
			calls.Forecast, calls.MonthlyCap))
	}
	return append(warnings, a.Platform.warnings(view.File)...)
}

func (a *API) describeCalls(m manifest.Manifest) airtableBody {
	now := a.Now()
	return airtableBody{
		CallsThisMonth: m.CallsIn(now),
		MonthlyCap:     a.MonthlyCalls,
		Forecast:       m.Forecast(now, a.Due(now), m.Records(), a.Quota),
	}
}
