package serverhost

import (
	"context"
	"encoding/json"
	"os"

	"voc/internal/app"
	"voc/internal/httpapi"
)

// status is the command that prints what the store holds.
type status struct{}

// Run prints the answer of GET /api/cache/, for people.
func (status) Run(ctx context.Context) error {
	s, err := start(ctx, os.Stderr)
	if err != nil {
		return err
	}
	defer s.close()
	replica := app.NewReplica(s.Parts)
	defer replica.Close()
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(app.NewAPI(s.Parts, replica, app.Nobody{}, httpapi.Platform{}).Status(ctx))
}
