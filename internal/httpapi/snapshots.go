package httpapi

import (
	"net/http"

	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/manifest"
)

// snapshotEntry is a snapshot to which the store can be rolled back.
type snapshotEntry struct {
	snapshotBody
	Run     string `json:"run"`
	Current bool   `json:"current"`
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

// snapshots answers GET /api/cache/snapshots, newest first.
func (a *API) snapshots(r *request) (respond.Answer, error) {
	view, release := a.view(r.Context(), 0)
	r.pin(release)
	entries := []snapshotEntry{}
	for _, s := range view.Manifest.Snapshots {
		if !a.Privacy.Allows(s.Private) {
			continue
		}
		isCurrent := s.ID == string(view.Manifest.Current)
		entries = append(entries, snapshotEntry{newSnapshotBody(s), s.Run, isCurrent})
	}
	return respond.JSON(http.StatusOK, entries)
}

func newSnapshotBody(s manifest.Snapshot) snapshotBody {
	return snapshotBody{
		s.ID, s.Records, s.Bytes, s.SHA256,
		s.CreatedAt, s.Watermark, s.DeletesConfirmedAt, s.ComputedConfirmedAt,
	}
}
