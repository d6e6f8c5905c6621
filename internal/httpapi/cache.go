package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"voc/internal/catalog"
	"voc/internal/schedule"
)

const (
	runsDefault = 50
	runsMost    = 200

	// commandLimit bounds the body of a POST, in bytes.
	commandLimit = 4 << 10
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
	CallsThisMonth int  `json:"calls_this_month"`
	MonthlyCap     int  `json:"monthly_cap"` // 0: none
	Forecast       *int `json:"forecast"`    // null: this version makes none
}

// actions are the routes that change something.
var actions = map[string]string{
	"update-full":        "/api/cache/update-full",
	"update-incremental": "/api/cache/update-incremental",
}

// Status is what GET /api/cache/ answers, for those who ask without HTTP. It looks at the store, and answers even if that does not.
func (a *API) Status(ctx context.Context) any {
	view, release := a.look(ctx)
	defer release()
	return a.describeCache(view)
}

func (a *API) status(w *response, r *request) error {
	return a.answer(w, http.StatusOK, a.Status(r.Context()))
}

// look gives the newest state. A store that can not be read is among the view's warnings.
func (a *API) look(ctx context.Context) (catalog.View, func()) {
	if err := a.Replica.Sync(ctx); err != nil {
		a.Log.WarnContext(ctx, "the store can not be read", "error", err)
	}
	return a.Replica.Acquire()
}

func (a *API) describeCache(view catalog.View) statusBody {
	active, unrecorded := a.Refresher.Active()
	finished := append(unrecorded, view.Manifest.Runs...)
	body := statusBody{
		Stale: a.stale(view.Manifest),
		Schedule: map[string]scheduleBody{
			"full":        a.describeSchedule(a.Schedules.Full, catalog.Full, finished),
			"incremental": a.describeSchedule(a.Schedules.Incremental, catalog.Incremental, finished),
			"sweep":       {Expression: schedule.Schedule{}.String()}, // this version has no sweep
		},
		Airtable: airtableBody{CallsThisMonth: view.Manifest.CallsIn(a.Now())},
		Warnings: append([]string{}, view.Warnings...),
		Actions:  actions,
	}
	if view.File != nil {
		s := view.Snapshot
		body.CacheStatus.TotalRecords = view.File.Records()
		body.Snapshot = &snapshotBody{s.ID, s.Records, s.Bytes, s.SHA256, s.CreatedAt, s.Watermark, s.DeletesConfirmedAt, s.ComputedConfirmedAt}
	}
	if len(active) > 0 && !active[0].Started.IsZero() {
		run := active[0]
		body.CacheStatus.Running = &runningBody{run.ID, run.Mode, run.Started, run.Pages, run.Read}
	}
	if len(finished) > 0 {
		last := finished[0]
		body.CacheStatus.LastError, body.CacheStatus.LastRunType = last.Error, catalog.Nullable(last.Mode)
		body.Warnings = append(body.Warnings, last.Warnings...)
	}
	if i := slices.IndexFunc(finished, catalog.Run.Succeeded); i >= 0 {
		body.CacheStatus.LastUpdate = finished[i].Finished
	}
	return body
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

// runs answers GET /api/cache/runs: those under way first.
func (a *API) runs(w *response, r *request) error {
	limit, err := r.limit(runsMost, runsDefault)
	if err != nil {
		return err
	}
	view, release := a.look(r.Context())
	defer release()
	all := a.allRuns(view)
	return a.answer(w, http.StatusOK, all[:min(limit, len(all))])
}

// run answers GET /api/cache/runs/{id}.
func (a *API) run(w *response, r *request) error {
	view, release := a.look(r.Context())
	defer release()
	all := a.allRuns(view)
	i := slices.IndexFunc(all, func(run catalog.Run) bool { return run.ID == r.name })
	if i < 0 {
		return errNoRun
	}
	return a.answer(w, http.StatusOK, all[i])
}

// pending is the outcome of a run that was promised and has not begun.
const pending catalog.Nullable = "pending"

// allRuns are the promised, the running and the finished runs. One that is in the store already, but not yet over here, counts as running:
// it is finished when its snapshot is served.
func (a *API) allRuns(view catalog.View) []catalog.Run {
	active, unrecorded := a.Refresher.Active()
	all := make([]catalog.Run, 0, len(active)+len(view.Manifest.Runs)+1)
	for _, run := range slices.Backward(active) {
		if run.Started.IsZero() {
			run.Outcome = pending
		}
		all = append(all, run)
	}
	for _, run := range append(unrecorded, view.Manifest.Runs...) {
		if !slices.ContainsFunc(all, func(other catalog.Run) bool { return other.ID == run.ID }) {
			all = append(all, run)
		}
	}
	return all
}

type updateBody struct {
	Message   string       `json:"message"`
	Type      catalog.Mode `json:"type"`
	RunID     string       `json:"run_id"`
	Timestamp catalog.Time `json:"timestamp"`
	Joined    bool         `json:"joined"`
}

// update answers the POSTs that start a refresh.
func (a *API) update(mode catalog.Mode) func(*response, *request) error {
	return func(w *response, r *request) error {
		if err := readCommand(r); err != nil {
			return err
		}
		ticket, err := a.Refresher.Ask(r.Context(), mode)
		if err != nil {
			return err
		}
		message := fmt.Sprintf("a refresh (%s) was started", ticket.Mode)
		if ticket.Joined {
			message = fmt.Sprintf("a refresh (%s) that does as much is under way", ticket.Mode)
		}
		w.Header().Set("Location", "/api/cache/runs/"+ticket.RunID)
		return a.answer(w, http.StatusAccepted, updateBody{message, ticket.Mode, ticket.RunID, catalog.At(a.Now()), ticket.Joined})
	}
}

// readCommand checks a POST's body, {"accept": true} or nothing. There is no gate yet that accept would open, so any value it may have is as good.
func readCommand(r *request) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, commandLimit))
	decoder.DisallowUnknownFields()
	var command struct {
		Accept bool `json:"accept"`
	}
	err := decoder.Decode(&command)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil || decoder.Decode(&struct{}{}) != io.EOF {
		return badRequest{{"(body)", `must be empty or {"accept": true}`}}
	}
	return nil
}

// answer writes the body of a status route.
func (a *API) answer(w *response, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err = w.Write(append(text, '\n'))
	return err
}
