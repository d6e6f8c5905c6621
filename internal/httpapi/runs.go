package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/replica"
)

const (
	defaultRuns = 50
	maxRuns     = 200

	// pendingFor is how long a run may not have started after its id was returned. The clocks of
	// two hosts may differ by as much.
	pendingFor = 5 * time.Minute
)

// pending is the outcome of a run that has been accepted and has not started.
const pending job.Nullable = "pending"

// runs answers GET /api/cache/runs.
func (a *API) runs(r *request) (respond.Answer, error) {
	limit, bad := r.number("limit", maxRuns, defaultRuns)
	if bad != nil {
		return respond.Answer{}, bad
	}
	_, history, release := a.currentRuns(r.Context())
	r.pin(release)
	all := history.all()
	return respond.JSON(http.StatusOK, all[:min(limit, len(all))])
}

// run answers GET /api/cache/runs/{id}.
func (a *API) run(r *request) (respond.Answer, error) {
	_, history, release := a.currentRuns(r.Context())
	r.pin(release)
	id := r.PathValue("id")
	for _, run := range history.all() {
		if run.ID == id {
			return respond.JSON(http.StatusOK, run)
		}
	}
	// The id may have been returned so recently, perhaps by another host, that its run has not
	// started.
	mode, at, ok := job.ParseRunID(id)
	if age := a.Now().Sub(at); !ok || age > pendingFor || age < -pendingFor {
		return respond.Answer{}, errNoRun
	}
	run := job.Run{ID: id, Mode: mode, Trigger: job.TriggerAPI, Outcome: pending}
	return respond.JSON(http.StatusOK, run)
}

// currentRuns returns the newest view of the store and of the runs. The refresher is asked first:
// otherwise a run that finishes in between would be in neither.
func (a *API) currentRuns(ctx context.Context) (replica.View, history, func()) {
	active, unrecorded := a.Refresher.Active()
	view, release := a.checkedView(ctx, 0)
	return view, newHistory(active, unrecorded, view), release
}

// history lists the known runs.
type history struct {
	active   []job.Run // accepted and not finished, the current one first
	finished []job.Run // newest first, with receipts that the store did not accept
}

// newHistory treats a run as active until its refresher has released it, even if its receipt is in
// the store: it has finished when its snapshot is served. The lease shows a run of another host.
func newHistory(active, unrecorded []job.Run, view replica.View) history {
	h := history{active: active}
	lease, expired := view.Running()
	if expired {
		unrecorded = append(unrecorded, lease)
	} else if lease.ID != "" && !contains(active, lease.ID) {
		h.active = slices.Insert(slices.Clone(active), 0, lease)
	}
	for _, run := range slices.Concat(view.Manifest.Runs, unrecorded) {
		if !contains(h.active, run.ID) && !contains(h.finished, run.ID) {
			h.finished = append(h.finished, run)
		}
	}
	slices.SortStableFunc(h.finished, func(a, b job.Run) int {
		return b.Started.Compare(a.Started.Time)
	})
	return h
}

func contains(runs []job.Run, id string) bool {
	return slices.ContainsFunc(runs, func(run job.Run) bool { return run.ID == id })
}

// all lists the runs newest first. The waiting ones are the newest.
func (h history) all() []job.Run {
	all := make([]job.Run, 0, len(h.active)+len(h.finished))
	for _, run := range slices.Backward(h.active) {
		if run.Started.IsZero() {
			run.Outcome = pending
		}
		all = append(all, run)
	}
	return append(all, h.finished...)
}
