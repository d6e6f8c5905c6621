package serverhost

import (
	"context"

	"voc/internal/app"
	"voc/internal/httpapi"
)

// statusCmd is the command that prints what the store holds.
type statusCmd struct{}

// Run prints the answer of GET /api/cache/, for people.
func (statusCmd) Run(ctx context.Context, p *Program) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	s, err := p.open(ctx, cfg, p.Stderr)
	if err != nil {
		return err
	}
	defer s.close()
	replica := app.NewReplica(s.Parts)
	defer replica.Close()
	return p.printJSON(app.NewAPI(s.Parts, replica, app.Nobody{}, httpapi.Platform{}).Status(ctx))
}
