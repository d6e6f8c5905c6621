package httpapi

import (
	"errors"
	"net/http"
	"time"

	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/replica"
)

type healthBody struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons,omitempty"`
}

// health answers GET /api/health: whether the served data is as current as the schedule promises.
func (a *API) health(r *request) (respond.Answer, error) {
	active, unrecorded := a.Refresher.Active()
	view, release := a.cachedView(r.Context())
	r.pin(release)
	open := newHistory(active, unrecorded, view).openErrors(a.Now())
	body := healthBody{Status: "ok", Reasons: a.degradations(view, open)}
	if len(body.Reasons) == 0 {
		return respond.JSON(http.StatusOK, body)
	}
	body.Status = "degraded"
	if view.File == nil {
		body.Status = "empty"
	}
	return respond.JSON(http.StatusServiceUnavailable, body)
}

// heldFor is how long a hold is no reason: a rollback is made on purpose.
const heldFor = 24 * time.Hour

// degradations returns why the data is not as current as promised, without naming a place: anyone
// may read them.
func (a *API) degradations(view replica.View, open []job.Run) (reasons []string) {
	switch {
	case view.File == nil:
		reasons = append(reasons, unserved(view).Error())
	case view.Snapshot.ID != string(view.Manifest.Current):
		reasons = append(reasons, "an older snapshot than the current one is served")
	}
	hold, now := view.Manifest.Hold, a.Now()
	if hold != nil && now.Sub(hold.At.Time) >= heldFor {
		reasons = append(reasons, holdWarning(hold, now))
	}
	for _, late := range a.overdue(view.Manifest) {
		if hold == nil || late.staleAt().Before(hold.At.Time) { // otherwise it is held
			reasons = append(reasons, late.warning(open))
		}
	}
	if len(reasons) > 0 && len(view.Warnings) > 0 {
		reasons = append(reasons, storeFault(view.Warnings[0]))
	}
	return reasons
}

// storeFault describes a warning about the store without its places. The first warning of a view is
// the cause of those after it.
func storeFault(warning error) string {
	fault := "the store cannot be read"
	switch {
	case errors.Is(warning, manifest.ErrForeign):
		fault = "the store belongs to another base or table"
	case errors.Is(warning, manifest.ErrNewer):
		fault = "the manifest in the store was written by a newer version of voc"
	case errors.Is(warning, manifest.ErrDamaged):
		fault = "an object in the store is damaged"
	}
	return fault + ": see the warnings in /api/cache/"
}

// live answers GET /api/live: the process is running. It does not look at the data, because stale
// data must not cause a restart.
func (a *API) live(*request) (respond.Answer, error) {
	return respond.JSON(http.StatusOK, healthBody{Status: "ok"})
}
