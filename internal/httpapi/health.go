package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/replica"
)

type healthBody struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons,omitempty"`
}

// health answers GET /api/health: whether the served data is as current as the schedule promises.
func (a *API) health(r *request) (respond.Answer, error) {
	view, release := a.cachedView(r.Context())
	r.pin(release)
	body := healthBody{Status: "ok", Reasons: a.degradations(view)}
	if len(body.Reasons) == 0 {
		return respond.JSON(http.StatusOK, body)
	}
	body.Status = "degraded"
	if view.File == nil {
		body.Status = "empty"
	}
	return respond.JSON(http.StatusServiceUnavailable, body)
}

func (a *API) degradations(view replica.View) (reasons []string) {
	switch {
	case view.File == nil:
		reasons = append(reasons, unserved(view).Error())
	case view.Snapshot.ID != string(view.Manifest.Current):
		reasons = append(reasons, "an older snapshot than the current one is served")
	}
	if hold := view.Manifest.Hold; hold != nil {
		reasons = append(reasons, holdWarning(hold))
	}
	if a.stale(view.Manifest) {
		reasons = append(reasons,
			"a refresh that was due has not succeeded: see last_error in /api/cache/")
	}
	if len(reasons) > 0 {
		reasons = append(reasons, storeWarnings(view)...)
	}
	return reasons
}

// holdWarning describes the hold that a rollback leaves.
func holdWarning(hold *job.Hold) string {
	return fmt.Sprintf("rolled back to snapshot %s at %s: "+
		"scheduled refreshes are held until a person starts one",
		hold.Snapshot, hold.At.UTC().Format(time.RFC3339))
}

// live answers GET /api/live: the process is running. It does not look at the data, because stale
// data must not cause a restart.
func (a *API) live(*request) (respond.Answer, error) {
	return respond.JSON(http.StatusOK, healthBody{Status: "ok"})
}
