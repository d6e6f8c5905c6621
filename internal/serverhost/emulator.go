package serverhost

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"voc/internal/access"
	"voc/internal/airtablesim"
	"voc/internal/bound"
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
	data := fmt.Sprintf("%d made-up records, 20 of them from before 2025", base.Len())
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
	e := &emulator{server: &http.Server{
		Handler: sim.WithControl(), ReadHeaderTimeout: bound.HeaderTime,
	}}
	go func() { _ = e.server.Serve(listener) }() // returns once e.server is closed
	e.airtable = config.Airtable{
		Key:    access.NewSecret(airtablesim.DemoToken),
		BaseID: base.ID(),
		Table:  cfg.Table,
		URL:    "http://" + listener.Addr().String(),
	}
	e.banner = bannerOf("Airtable emulator with "+data, e.airtable, sim)
	return e, nil
}

// bannerOf returns how to reach an emulator, with a command that edits its newest record and one
// that lists its failures.
func bannerOf(title string, at config.Airtable, sim *airtablesim.Server) string {
	lines := []string{
		title,
		"  URL    " + at.URL,
		"  base   " + at.BaseID,
		"  table  " + at.Table,
		"  token  " + airtablesim.DemoToken,
	}
	records := sim.Records()
	if sim.Base().FieldID(editedField) != "" && len(records) > 0 {
		lines = append(lines, fmt.Sprintf("  edit   curl -s -X PATCH -H 'Authorization: Bearer %s' "+
			`-H 'Content-Type: application/json' -d '{"fields":{"%s":"Edited by curl"}}' `+
			"'%s/v0/%s/%s/%s'", airtablesim.DemoToken, editedField, at.URL, at.BaseID,
			url.PathEscape(at.Table), records[len(records)-1].ID))
	}
	return strings.Join(append(lines,
		"  fail   curl -s "+at.URL+airtablesim.ControlPath), "\n")
}

// editedField is the field that the printed command edits: the first that a description is of.
const editedField = "Initial Description"

// rehearseCmd prints how to practise failures.
type rehearseCmd struct{}

// Run prints it.
func (rehearseCmd) Run(p *Program) error {
	fmt.Fprint(p.Stdout, "The Airtable emulator, which voc serve starts without a base and voc "+
		"emulator starts\nalone, can be made to fail. $sim is its URL. infra/REHEARSE.md says what "+
		"voc then reports.\n\n")
	airtablesim.WriteControlUsage(p.Stdout, "$sim")
	return nil
}
