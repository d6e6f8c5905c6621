package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/schedule"
	"voc/internal/snapshot"
	"voc/internal/watch"
)

type healthBody struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons,omitempty"`
}

// health answers GET /api/health: whether the served data is as current as the schedule promises.
func (a *API) health(r *request) (respond.Answer, error) {
	active, unrecorded := a.Refresher.Active()
	view, release := a.checkedView(r.Context(), maxViewAge)
	r.pin(release)
	open := job.State{Runs: newHistory(active, unrecorded, view).finished}.OpenErrors(a.Now())
	body := healthBody{Status: "ok", Reasons: a.degradations(view, open)}
	if err := diskError(r.Context(), view); err != nil {
		body.Reasons = append(body.Reasons, diskReason(err))
	}
	if len(body.Reasons) == 0 {
		return respond.JSON(http.StatusOK, body)
	}
	body.Status = "degraded"
	if view.File == nil {
		body.Status = "empty"
	}
	return respond.JSON(http.StatusServiceUnavailable, body)
}

// diskError returns why temporary files cannot be written, or nil: those of a snapshot that was
// published, or those of the one that is served.
func diskError(ctx context.Context, view replica.View) error {
	for _, warning := range view.Warnings {
		if errors.Is(warning, snapshot.ErrDiskFull) {
			return warning
		}
	}
	if view.File == nil {
		return nil
	}
	return view.File.DiskError(ctx)
}

// diskReason describes an error of diskError without its place.
func diskReason(err error) string {
	if errors.Is(err, snapshot.ErrDiskFull) {
		return watch.DiskFull.Refer(snapshot.ErrDiskFull.Error() + ": see the warnings in /api/cache/")
	}
	return watch.DiskFull.Refer(
		"temporary files cannot be written: see the warnings in /api/cache/")
}

// heldFor is how long a hold is no reason: a rollback is made on purpose.
const heldFor = 24 * time.Hour

// degradations returns why the data is not as current as promised, without naming a place: anyone
// may read them.
func (a *API) degradations(view replica.View, open []job.Run) (reasons []string) {
	switch {
	case view.File == nil:
		kind := watch.Empty
		if len(view.Warnings) > 0 {
			kind = faultKind(view.Warnings[0])
		}
		reasons = append(reasons, kind.Refer(a.unserved(view).Error()))
	case view.Snapshot.ID != string(view.Manifest.Current):
		reasons = append(reasons,
			watch.Damaged.Refer("an older snapshot than the current one is served"))
	default:
		for _, warning := range view.Warnings {
			if _, ok := errors.AsType[*snapshot.PartError](warning); ok {
				reasons = append(reasons, faultKind(warning).Refer(errUnfetched.Error()))
				break
			}
		}
	}
	if since := view.Manifest.WatchdogSilent(); !since.IsZero() {
		reasons = append(reasons, silentWarning(since))
	}
	hold, now := view.Manifest.Hold, a.Now()
	if hold != nil && now.Sub(hold.At.Time) >= heldFor {
		reasons = append(reasons, watch.Held.Refer(holdWarning(hold, now)))
	}
	for _, late := range a.overdue(view.Manifest) {
		// A refresh that became late after the hold is late because of it.
		if hold == nil || late.due.Add(schedule.Grace).Before(hold.At.Time) {
			reasons = append(reasons, a.lateWarning(late, open))
		}
	}
	if len(view.Warnings) == 0 || view.Exposed() { // which the reasons say
		return reasons
	}
	fault := "the store cannot be read"
	cause := view.Warnings[0] // those after it follow from it
	kind := faultKind(cause)
	if len(reasons) == 0 && kind != watch.Damaged { // it may pass before a refresh is late
		return reasons
	}
	switch {
	case errors.Is(cause, manifest.ErrForeign):
		fault = "the store belongs to another base or table"
	case errors.Is(cause, manifest.ErrNewer):
		fault = "the manifest in the store was written by a newer version of voc"
	case errors.Is(cause, manifest.ErrDamaged):
		fault = "an object in the store is damaged"
	}
	return append(reasons, kind.Refer(fault+": see the warnings in /api/cache/"))
}

// live answers GET /api/live: the process is running. It does not look at the data, because stale
// data must not cause a restart.
func (a *API) live(*request) (respond.Answer, error) {
	return respond.JSON(http.StatusOK, healthBody{Status: "ok"})
}
