package serverhost

import (
	"context"
	"fmt"
	"os"

	"voc/internal/config"
)

// emulator is the command that serves the Airtable emulator until it is stopped.
type emulator struct{}

// Run serves until ctx ends.
func (emulator) Run(ctx context.Context) error {
	cfg, err := config.LoadSim(os.Environ())
	if err != nil {
		return mistakes(err)
	}
	sim, err := listen(cfg)
	if err != nil {
		return err
	}
	fmt.Println(sim.banner)
	<-ctx.Done()
	sim.stop()
	return nil
}
