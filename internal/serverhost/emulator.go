package serverhost

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"voc/internal/access"
	"voc/internal/airtablesim"
	"voc/internal/config"
)

// emulatorCmd serves the Airtable emulator until it is stopped.
type emulatorCmd struct{}

// Run serves until ctx ends.
func (emulatorCmd) Run(ctx context.Context, p *Program) error {
	cfg, err := config.LoadSim(p.Environ)
	if err != nil {
		return errEnvironment(err)
	}
	e, err := p.startEmulator(cfg)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, e.banner)
	<-ctx.Done()
	_ = e.server.Close()
	return nil
}

// emulator is an Airtable emulator that listens.
type emulator struct {
	airtable config.Airtable // how to reach it
	banner   string
	server   *http.Server
}

func (p *Program) startEmulator(cfg config.Sim) (*emulator, error) {
	base := airtablesim.Sample(p.now())
	data := "built-in sample data"
	if cfg.Data != "" {
		var err error
		if base, err = airtablesim.Load(cfg.Data); err != nil {
			return nil, errEnvironment(fmt.Errorf("AIRTABLE_SIM_DATA: %w", err))
		}
		data = cfg.Data
	}
	listener, err := listen("AIRTABLE_SIM_ADDR", cfg.Addr)
	if err != nil {
		return nil, err
	}
	sim := airtablesim.New(base, airtablesim.Config{})
	if cfg.Table != base.TableName() {
		sim.RenameTable(cfg.Table)
	}
	e := &emulator{server: &http.Server{Handler: sim.WithControl(), ReadHeaderTimeout: headerTimeout}}
	go func() { _ = e.server.Serve(listener) }() // returns once e.server is closed
	e.airtable = config.Airtable{
		Key:    access.NewSecret(airtablesim.DemoToken),
		BaseID: base.ID(),
		Table:  cfg.Table,
		URL:    "http://" + listener.Addr().String(),
	}
	e.banner = strings.Join([]string{
		"Airtable emulator with " + data,
		"  URL    " + e.airtable.URL,
		"  base   " + e.airtable.BaseID,
		"  table  " + e.airtable.Table,
		"  token  " + airtablesim.DemoToken,
	}, "\n")
	return e, nil
}
