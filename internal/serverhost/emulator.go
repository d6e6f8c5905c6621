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

// emulatorCmd is the command that serves the Airtable emulator until it is stopped.
type emulatorCmd struct{}

// Run serves until ctx ends.
func (emulatorCmd) Run(ctx context.Context, p *Program) error {
	cfg, err := config.LoadSim(p.Environ)
	if err != nil {
		return mistakes(err)
	}
	sim, err := p.startEmulator(cfg)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, sim.banner)
	<-ctx.Done()
	sim.stop()
	return nil
}

// running is an emulator that listens.
type running struct {
	airtable config.Airtable
	banner   string
	stop     func()
}

// startEmulator starts an emulator.
func (p *Program) startEmulator(cfg config.Sim) (*running, error) {
	base := airtablesim.Sample(p.now())
	data := "built-in sample data"
	if cfg.Data != "" {
		var err error
		if base, err = airtablesim.Load(cfg.Data); err != nil {
			return nil, mistakes(fmt.Errorf("AIRTABLE_SIM_DATA: %w", err))
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
	server := &http.Server{Handler: sim, ReadHeaderTimeout: headerTimeout}
	go func() { _ = server.Serve(listener) }() // ends with stop
	r := &running{stop: func() { _ = server.Close() }}
	r.airtable = config.Airtable{
		Key: access.NewSecret(airtablesim.DemoToken), BaseID: base.ID(), Table: cfg.Table, URL: "http://" + listener.Addr().String(),
	}
	r.banner = strings.Join([]string{
		"Airtable emulator with " + data,
		"  URL    " + r.airtable.URL,
		"  base   " + r.airtable.BaseID,
		"  table  " + r.airtable.Table,
		"  token  " + airtablesim.DemoToken,
	}, "\n")
	return r, nil
}
