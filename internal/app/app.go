package app

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"voc/internal/airtable"
	"voc/internal/blob"
	"voc/internal/blob/dirblob"
	"voc/internal/blob/s3blob"
	"voc/internal/catalog"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/refresh"
	"voc/internal/schedule"
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
	Work    *Workdir // for the files of this process
	Log     *slog.Logger
	Now     func() time.Time // the clock that all parts share

	// Token gives Airtable's key for each call; nil: that of Config.
	Token func(context.Context) (string, error)
}

func (p Parts) token(ctx context.Context) (string, error) {
	if p.Token != nil {
		return p.Token(ctx)
	}
	return p.Config.Airtable.Key.Reveal(), nil
}

// AWS gives the credentials and the region for a bucket. Where a host finds them is its own affair, and the libraries that know every place are large.
type AWS func(context.Context) (aws.Config, error)

// Open opens the store that cfg names; credentials are asked for only if that is a bucket. It asks the bucket nothing yet. The caller closes work.
func Open(ctx context.Context, cfg config.Config, credentials AWS, work *Workdir, log *slog.Logger) (Parts, error) {
	store, err := openStore(ctx, cfg.Store, credentials)
	if err != nil {
		return Parts{}, err
	}
	return Parts{Config: cfg, Catalog: catalog.New(store, cfg.Keep, log), Work: work, Log: log, Now: time.Now}, nil
}

func openStore(ctx context.Context, cfg config.Store, credentials AWS) (blob.Store, error) {
	if cfg.Bucket == "" {
		return dirblob.Open(cfg.Dir)
	}
	shared, err := credentials(ctx)
	if err != nil {
		return nil, err
	}
	return s3blob.Open(s3blob.Config{
		Bucket: cfg.Bucket, Prefix: cfg.Prefix, Endpoint: cfg.Endpoint, Setting: "SNAPSHOT_STORE",
	}, shared)
}

// NewRefresh makes the half that reads Airtable and publishes.
func NewRefresh(p Parts) *refresh.Engine {
	c := p.Config
	return &refresh.Engine{
		Airtable: airtable.New(airtable.Config{
			URL:       c.Airtable.URL,
			Base:      c.Airtable.BaseID,
			Token:     p.token,
			Log:       p.Log,
			UserAgent: Program(),
		}),
		Catalog: p.Catalog,
		Base:    c.Airtable.BaseID,
		Table:   c.Airtable.Table,
		Mapping: c.Mapping,
		Years:   c.Years,
		Dir:     p.Work.Path(),
		Program: Program(),
		Log:     p.Log,
		Now:     p.Now,

		MaxShrink:    c.MaxShrink,
		MonthlyCalls: c.MonthlyCalls,
		Due:          due(c.Schedule),
	}
}

// due counts the runs that the schedules bring in the rest of a UTC month.
func due(s config.Schedule) func(now time.Time) map[catalog.Mode]int {
	schedules := map[catalog.Mode]schedule.Schedule{catalog.Full: s.Full, catalog.Sweep: s.Sweep, catalog.Incremental: s.Incremental}
	return func(now time.Time) map[catalog.Mode]int {
		year, month, _ := now.UTC().Date()
		end := time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
		runs := map[catalog.Mode]int{}
		for mode, s := range schedules {
			for at := s.Next(now); !at.IsZero() && at.Before(end); at = s.Next(at) {
				runs[mode]++
			}
		}
		return runs
	}
}

// NewReplica makes what the API serves from: snapshots of the configured base alone.
func NewReplica(p Parts) *catalog.Replica {
	return catalog.NewReplica(p.Catalog, p.Work.Path(), p.Log).Of(p.Config.Airtable.BaseID)
}

// NewAPI makes the half that answers, on a platform. Refreshes that it is asked for are refresher's.
func NewAPI(p Parts, replica *catalog.Replica, refresher httpapi.Refresher, platform httpapi.Platform) *httpapi.API {
	c := p.Config
	return httpapi.New(httpapi.Config{
		Replica:   replica,
		Refresher: refresher,
		Access: httpapi.Access{
			Reads:       httpapi.ReadAccess(c.Access.Read),
			ReadTokens:  reveal(c.Access.ReadTokens),
			AdminTokens: reveal(c.Access.AdminTokens),
			Unread:      c.Access.Unread,
			Origins:     c.Access.Origins,
			Users:       users(c.Access.Users),
			UsersUnread: c.Access.UsersUnread,
		},
		Schedules:    httpapi.Schedules{Full: c.Schedule.Full, Incremental: c.Schedule.Incremental, Sweep: c.Schedule.Sweep},
		MonthlyCalls: c.MonthlyCalls,
		Due:          due(c.Schedule),
		Platform:     platform,
		Program:      Program(),
		Now:          p.Now,
		Log:          p.Log,
	})
}

func users(configured []config.User) (all []httpapi.User) {
	for _, u := range configured {
		all = append(all, httpapi.User{Email: u.Email, Name: u.Name, Role: u.Role, PasswordHash: u.PasswordHash.Reveal()})
	}
	return all
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
func (p InProcess) Ask(ctx context.Context, c httpapi.Command) (httpapi.Ticket, error) {
	request := refresh.Request{Mode: c.Mode, Trigger: catalog.TriggerAPI, Accept: c.Accept, To: c.To}
	ask := p.Runner.Ask
	if c.Mode == catalog.Rollback {
		ask = func(_ context.Context, q refresh.Request) (refresh.Ticket, error) { return p.Runner.Rollback(q) }
	}
	ticket, err := ask(ctx, request)
	if errors.Is(err, refresh.ErrStopped) {
		return httpapi.Ticket{}, httpapi.ErrStopping
	}
	return httpapi.Ticket{RunID: ticket.RunID, Mode: ticket.Mode, Joined: ticket.Joined}, err
}

// Nobody is the refresher of a program that only looks.
type Nobody struct{}

// Ask implements httpapi.Refresher.
func (Nobody) Ask(context.Context, httpapi.Command) (httpapi.Ticket, error) {
	return httpapi.Ticket{}, httpapi.ErrStopping
}

// Active implements httpapi.Refresher.
func (Nobody) Active() (active, unrecorded []catalog.Run) { return nil, nil }
