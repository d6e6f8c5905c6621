package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/schedule"
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

type snapshotBody struct {
	ID                  string   `json:"id"`
	Records             int      `json:"records"`
	Bytes               int64    `json:"bytes"`
	SHA256              string   `json:"sha256"`
	CreatedAt           job.Time `json:"created_at"`
	DataAsOf            job.Time `json:"data_as_of"`
	DeletesConfirmedAt  job.Time `json:"deletes_confirmed_at"`
	ComputedConfirmedAt job.Time `json:"computed_confirmed_at"`
}

type scheduleBody struct {
	Expression  string       `json:"expression"`
	Timezone    job.Nullable `json:"timezone"`
	NextRun     job.Time     `json:"next_run"`
	LastRun     job.Time     `json:"last_run"`
	LastSuccess job.Time     `json:"last_success"`
}

type airtableBody struct {
	CallsThisMonth int `json:"calls_this_month"`
	MonthlyCap     int `json:"monthly_cap"` // 0: none
	Forecast       int `json:"forecast"`    // calls of this store by the end of the UTC month
}

// actions are the routes that change something.
var actions = map[string]string{
	"update-full":        "/api/cache/update-full",
	"update-incremental": "/api/cache/update-incremental",
	"update-sweep":       "/api/cache/update-sweep",
	"rollback":           "/api/cache/rollback",
}

// Status is what GET /api/cache/ answers, for those who ask without HTTP. It looks at the store, and answers even if that does not.
func (a *API) Status(ctx context.Context) any {
	view, history, release := a.lookAtRuns(ctx)
	defer release()
	return a.describeCache(view, history)
}

func (a *API) status(w *response, r *request) error {
	return a.answer(w, r, http.StatusOK, a.Status(r.Context()))
}

func (a *API) describeCache(view replica.View, h history) statusBody {
	body := statusBody{
		Stale: a.stale(view.Manifest),
		Schedule: map[string]scheduleBody{
			"full":        a.describeSchedule(a.Schedules.Full, job.Full, h.finished),
			"incremental": a.describeSchedule(a.Schedules.Incremental, job.Incremental, h.finished),
			"sweep":       a.describeSchedule(a.Schedules.Sweep, job.Sweep, h.finished),
		},
		Airtable: a.describeCalls(view.Manifest),
		Warnings: append([]string{}, slices.Concat(storeWarnings(view), a.warnings(view.Manifest), a.Platform.warnings(view.File))...),
		Actions:  actions,
	}
	if view.File != nil {
		served := describeSnapshot(view.Snapshot)
		body.CacheStatus.TotalRecords, body.Snapshot = view.File.Records(), &served
	}
	body.CacheStatus.Running = h.running()
	if len(h.finished) > 0 {
		last := h.finished[0]
		body.CacheStatus.LastError, body.CacheStatus.LastRunType = last.Error, job.Nullable(last.Mode)
		body.Warnings = append(body.Warnings, last.Warnings...)
	}
	if i := slices.IndexFunc(h.finished, job.Run.Succeeded); i >= 0 {
		body.CacheStatus.LastUpdate = h.finished[i].Finished
	}
	return body
}

func describeSnapshot(s manifest.Snapshot) snapshotBody {
	return snapshotBody{s.ID, s.Records, s.Bytes, s.SHA256, s.CreatedAt, s.Watermark, s.DeletesConfirmedAt, s.ComputedConfirmedAt}
}

func (a *API) describeCalls(m manifest.Manifest) airtableBody {
	now := a.Now()
	return airtableBody{CallsThisMonth: m.CallsIn(now), MonthlyCap: a.MonthlyCalls, Forecast: m.Forecast(now, a.Due(now), m.Records(), a.Quota)}
}

// warnings are what an operator should know of although nothing has failed.
func (a *API) warnings(m manifest.Manifest) (warnings []string) {
	if m.Hold != nil {
		warnings = append(warnings, held(m.Hold))
	}
	if since := m.QuotaUsedUp(a.Now()); !since.IsZero() {
		warnings = append(warnings, fmt.Sprintf("Airtable refuses calls since %s, for the calls of the month are used up: scheduled refreshes try again once a day", since.UTC().Format(time.RFC3339)))
	}
	if calls := a.describeCalls(m); calls.MonthlyCap > 0 && calls.Forecast > calls.MonthlyCap {
		warnings = append(warnings, fmt.Sprintf("%d calls to Airtable are expected in this month, and AIRTABLE_MONTHLY_CALLS is %d: sweeps are left out, and refreshes will be", calls.Forecast, calls.MonthlyCap))
	}
	return warnings
}

func (a *API) describeSchedule(s schedule.Schedule, mode job.Mode, finished []job.Run) scheduleBody {
	body := scheduleBody{Expression: s.String(), Timezone: job.Nullable(s.Zone()), NextRun: job.At(s.Next(a.Now()))}
	for _, run := range finished {
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

// answer writes the body of a status route.
func (a *API) answer(w *response, r *request, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return w.send(r, status, append(text, '\n'))
}
