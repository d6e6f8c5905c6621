package serverhost

import (
	"context"

	"voc/internal/app"
	"voc/internal/httpapi"
)

// statusCmd prints the response of GET /api/cache/.
type statusCmd struct{}

// Run prints the status.
func (statusCmd) Run(ctx context.Context, p *Program) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	replica := app.NewReplica(s.Parts)
	defer replica.Close()
	api := app.NewAPI(s.Parts, replica, app.NoRefresher{}, httpapi.Platform{})
	return p.printJSON(api.Status(ctx))
}
