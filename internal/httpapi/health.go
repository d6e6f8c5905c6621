package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"voc/internal/job"
	"voc/internal/replica"
)

type healthBody struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons,omitempty"`
}

// health answers GET /api/health: whether what is served is what the schedule promises.
func (a *API) health(w *response, r *request) error {
	view, release := a.glance(r.Context())
	defer release()
	body := healthBody{Status: "ok", Reasons: a.reasons(view)}
	if len(body.Reasons) == 0 {
		return a.answer(w, r, http.StatusOK, body)
	}
	body.Status = "degraded"
	if view.File == nil {
		body.Status = "empty"
	}
	return a.answer(w, r, http.StatusServiceUnavailable, body)
}

func (a *API) reasons(view replica.View) (reasons []string) {
	switch {
	case view.File == nil:
		reasons = append(reasons, unserved(view).Error())
	case view.Snapshot.ID != string(view.Manifest.Current):
		reasons = append(reasons, "an older snapshot than the current one is served")
	}
	if hold := view.Manifest.Hold; hold != nil {
		reasons = append(reasons, held(hold))
	}
	if a.stale(view.Manifest) {
		reasons = append(reasons, "a refresh that was due has not succeeded: see last_error in /api/cache/")
	}
	if len(reasons) > 0 {
		reasons = append(reasons, storeWarnings(view)...)
	}
	return reasons
}

// held words what a rollback leaves.
func held(hold *job.Hold) string {
	return fmt.Sprintf("rolled back to snapshot %s at %s: scheduled refreshes are held until a person starts one", hold.Snapshot, hold.At.UTC().Format(time.RFC3339))
}

// live answers GET /api/live: the process does. It asks nobody, since a stale copy must not cause a restart.
func (a *API) live(w *response, r *request) error {
	return a.answer(w, r, http.StatusOK, healthBody{Status: "ok"})
}
