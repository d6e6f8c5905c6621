package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"voc/internal/catalog"
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
	LastUpdate   catalog.Time     `json:"last_update"`
	TotalRecords int              `json:"total_records"`
	LastError    catalog.Nullable `json:"last_error"`
	LastRunType  catalog.Nullable `json:"last_run_type"`
	Running      *runningBody     `json:"running"`
}

type runningBody struct {
	RunID   string       `json:"run_id"`
	Mode    catalog.Mode `json:"mode"`
	Started catalog.Time `json:"started"`
	Pages   int          `json:"pages"`
	Records int          `json:"records"`
}

type snapshotBody struct {
	ID                  string       `json:"id"`
	Records             int          `json:"records"`
	Bytes               int64        `json:"bytes"`
	SHA256              string       `json:"sha256"`
	CreatedAt           catalog.Time `json:"created_at"`
	DataAsOf            catalog.Time `json:"data_as_of"`
	DeletesConfirmedAt  catalog.Time `json:"deletes_confirmed_at"`
	ComputedConfirmedAt catalog.Time `json:"computed_confirmed_at"`
}

type scheduleBody struct {
	Expression  string           `json:"expression"`
	Timezone    catalog.Nullable `json:"timezone"`
	NextRun     catalog.Time     `json:"next_run"`
	LastRun     catalog.Time     `json:"last_run"`
	LastSuccess catalog.Time     `json:"last_success"`
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

func (a *API) describeCache(view catalog.View, h history) statusBody {
	body := statusBody{
		Stale: a.stale(view.Manifest),
		Schedule: map[string]scheduleBody{
			"full":        a.describeSchedule(a.Schedules.Full, catalog.Full, h.finished),
			"incremental": a.describeSchedule(a.Schedules.Incremental, catalog.Incremental, h.finished),
			"sweep":       a.describeSchedule(a.Schedules.Sweep, catalog.Sweep, h.finished),
		},
		Airtable: a.describeCalls(view.Manifest),
		Warnings: append([]string{}, slices.Concat(view.Warnings, a.warnings(view.Manifest), a.Platform.warnings(view.File))...),
		Actions:  actions,
	}
	if view.File != nil {
		served := describeSnapshot(view.Snapshot)
		body.CacheStatus.TotalRecords, body.Snapshot = view.File.Records(), &served
	}
	body.CacheStatus.Running = h.running()
	if len(h.finished) > 0 {
		last := h.finished[0]
		body.CacheStatus.LastError, body.CacheStatus.LastRunType = last.Error, catalog.Nullable(last.Mode)
		body.Warnings = append(body.Warnings, last.Warnings...)
	}
	if i := slices.IndexFunc(h.finished, catalog.Run.Succeeded); i >= 0 {
		body.CacheStatus.LastUpdate = h.finished[i].Finished
	}
	return body
}

func describeSnapshot(s catalog.Snapshot) snapshotBody {
	return snapshotBody{s.ID, s.Records, s.Bytes, s.SHA256, s.CreatedAt, s.Watermark, s.DeletesConfirmedAt, s.ComputedConfirmedAt}
}

func (a *API) describeCalls(m catalog.Manifest) airtableBody {
	now := a.Now()
	return airtableBody{CallsThisMonth: m.CallsIn(now), MonthlyCap: a.MonthlyCalls, Forecast: m.Forecast(now, a.Due(now))}
}

// warnings are what an operator should know of although nothing has failed.
func (a *API) warnings(m catalog.Manifest) (warnings []string) {
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

func (a *API) describeSchedule(s schedule.Schedule, mode catalog.Mode, finished []catalog.Run) scheduleBody {
	body := scheduleBody{Expression: s.String(), Timezone: catalog.Nullable(s.Zone()), NextRun: catalog.At(s.Next(a.Now()))}
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
