package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"voc/internal/job"
	"voc/internal/replica"
)

const (
	runsDefault = 50
	runsMost    = 200

	// pendingFor is how long an id that was given out may be without a run; clocks of hosts may differ by as much.
	pendingFor = 5 * time.Minute
)

// pending is the outcome of a run that was promised and has not begun.
const pending job.Nullable = "pending"

// history is what there is to tell of runs.
type history struct {
	active   []job.Run // promised and not finished, the one under way first
	finished []job.Run // newest first
}

// lookAtRuns gives the newest state of the store and of the runs. The refresher is asked first: asked last, a run that ended in between would be nowhere.
func (a *API) lookAtRuns(ctx context.Context) (replica.View, history, func()) {
	active, unrecorded := a.Refresher.Active()
	view, release := a.look(ctx)
	return view, newHistory(active, unrecorded, view), release
}

// newHistory counts a run whose receipt is in the store as running while its refresher has it: it is finished when its snapshot is served. A run of another host is known by
// its lease.
func newHistory(active, unrecorded []job.Run, view replica.View) history {
	h := history{active: active}
	lease, dead := view.Running()
	if dead {
		unrecorded = append(unrecorded, lease)
	} else if lease.ID != "" && !has(active, lease.ID) {
		h.active = slices.Insert(slices.Clone(active), 0, lease)
	}
	for _, run := range slices.Concat(view.Manifest.Runs, unrecorded) {
		if !has(h.active, run.ID) && !has(h.finished, run.ID) {
			h.finished = append(h.finished, run)
		}
	}
	slices.SortStableFunc(h.finished, func(a, b job.Run) int { return b.Started.Compare(a.Started.Time) })
	return h
}

func has(runs []job.Run, id string) bool {
	return slices.ContainsFunc(runs, func(run job.Run) bool { return run.ID == id })
}

// running is the run under way, or nil.
func (h history) running() *runningBody {
	if len(h.active) == 0 || h.active[0].Started.IsZero() {
		return nil
	}
	run := h.active[0]
	return &runningBody{run.ID, run.Mode, run.Started, run.Pages, run.Read}
}

// all lists the runs newest first; those that wait will be the newest.
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

// runs answers GET /api/cache/runs.
func (a *API) runs(w *response, r *request) error {
	limit, bad := r.limit(runsMost, runsDefault)
	if bad != nil {
		return bad
	}
	_, history, release := a.lookAtRuns(r.Context())
	defer release()
	all := history.all()
	return a.answer(w, r, http.StatusOK, all[:min(limit, len(all))])
}

// run answers GET /api/cache/runs/{id}.
func (a *API) run(w *response, r *request) error {
	_, history, release := a.lookAtRuns(r.Context())
	defer release()
	all := history.all()
	i := slices.IndexFunc(all, func(run job.Run) bool { return run.ID == r.name })
	if i >= 0 {
		return a.answer(w, r, http.StatusOK, all[i])
	}
	if run, ok := a.promised(r.name); ok {
		return a.answer(w, r, http.StatusOK, run)
	}
	return errNoRun
}

// promised is the run of an id that was given out so short a time ago that it may not have begun, perhaps by another host.
func (a *API) promised(id string) (job.Run, bool) {
	mode, at, ok := job.ParseRunID(id)
	age := a.Now().Sub(at)
	if !ok || age > pendingFor || age < -pendingFor {
		return job.Run{}, false
	}
	return job.Run{ID: id, Mode: mode, Trigger: job.TriggerAPI, Outcome: pending}, true
}
