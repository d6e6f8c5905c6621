package app

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"voc/internal/airtable"
	"voc/internal/blob"
	"voc/internal/blob/dirblob"
	"voc/internal/catalog"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/refresh"
)

// version is set by the Makefile's build.
var version string

// Program is the name and the version of this program, as snapshots, validators and Airtable get to know it.
func Program() string {
	if version != "" {
		return "voc/" + version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return "voc/" + info.Main.Version
	}
	return "voc/devel"
}

// Parts are what both halves work with.
type Parts struct {
	Config  config.Config
	Catalog *catalog.Catalog
	Dir     string // private, for files of this process
	Log     *slog.Logger
}

// Open opens the store that cfg names.
func Open(cfg config.Config, dir string, log *slog.Logger) (Parts, error) {
	var store blob.Store
	store, err := dirblob.Open(cfg.Store.Dir)
	if err != nil {
		return Parts{}, err
	}
	return Parts{Config: cfg, Catalog: catalog.New(store, cfg.Keep, log), Dir: dir, Log: log}, nil
}

// NewRefresh makes the half that reads Airtable and publishes.
func NewRefresh(p Parts) *refresh.Engine {
	c := p.Config
	return &refresh.Engine{
		Airtable: airtable.New(airtable.Config{
			URL:       c.Airtable.URL,
			Base:      c.Airtable.BaseID,
			Token:     func(context.Context) (string, error) { return c.Airtable.Key.Reveal(), nil },
			Log:       p.Log,
			UserAgent: Program(),
		}),
		Catalog: p.Catalog,
		Base:    c.Airtable.BaseID,
		Table:   c.Airtable.Table,
		Mapping: c.Mapping,
		Years:   c.Years,
		Dir:     p.Dir,
		Program: Program(),
		Log:     p.Log,
	}
}

// NewReplica makes what the API serves from.
func NewReplica(p Parts) *catalog.Replica { return catalog.NewReplica(p.Catalog, p.Dir, p.Log) }

// NewAPI makes the half that answers. Refreshes that it is asked for are refresher's.
func NewAPI(p Parts, replica *catalog.Replica, refresher httpapi.Refresher) *httpapi.API {
	c := p.Config
	return httpapi.New(httpapi.Config{
		Replica:   replica,
		Refresher: refresher,
		Access: httpapi.Access{
			ReadNeedsToken: c.Access.Read != config.Public,
			ReadTokens:     reveal(c.Access.ReadTokens),
			AdminTokens:    reveal(c.Access.AdminTokens),
			Origins:        c.Access.Origins,
		},
		Schedules: httpapi.Schedules{Full: c.Schedule.Full, Incremental: c.Schedule.Incremental},
		Program:   Program(),
		Now:       time.Now,
		Log:       p.Log,
	})
}

func reveal(secrets []config.Secret) (texts []string) {
	for _, secret := range secrets {
		texts = append(texts, secret.Reveal())
	}
	return texts
}

// InProcess is the refresher of a host that refreshes by itself.
type InProcess struct{ *refresh.Runner }

// Ask implements httpapi.Refresher.
func (p InProcess) Ask(_ context.Context, mode catalog.Mode) (httpapi.Ticket, error) {
	ticket, err := p.Runner.Ask(mode, "api")
	if errors.Is(err, refresh.ErrStopped) {
		return httpapi.Ticket{}, httpapi.ErrStopping
	}
	return httpapi.Ticket{RunID: ticket.RunID, Mode: ticket.Mode, Joined: ticket.Joined}, err
}

// Nobody is the refresher of a program that only looks.
type Nobody struct{}

// Ask implements httpapi.Refresher.
func (Nobody) Ask(context.Context, catalog.Mode) (httpapi.Ticket, error) {
	return httpapi.Ticket{}, httpapi.ErrStopping
}

// Active implements httpapi.Refresher.
func (Nobody) Active() (active, unrecorded []catalog.Run) { return nil, nil }
