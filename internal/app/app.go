package app

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"voc/internal/airtable"
	"voc/internal/blob"
	"voc/internal/blob/dirblob"
	"voc/internal/blob/s3blob"
	"voc/internal/config"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/refresh"
	"voc/internal/replica"
	"voc/internal/schedule"
)

// quota has Airtable's limits, for those who do not know its client.
var quota = job.Quota{PageSize: airtable.PageSize, PerSecond: airtable.RequestsPerSecond}

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
	Config config.Config
	Store  *manifest.Store
	Work   *Workdir // for the files of this process
	Log    *slog.Logger
	Now    func() time.Time // the clock that all parts share

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
	return Parts{
		Config: cfg, Store: manifest.New(store, cfg.Keep, quota, log),
		Work: work, Log: log, Now: time.Now,
	}, nil
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
		Store:   p.Store,
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
func due(s config.Schedule) func(now time.Time) map[job.Mode]int {
	schedules := map[job.Mode]schedule.Schedule{job.Full: s.Full, job.Sweep: s.Sweep, job.Incremental: s.Incremental}
	return func(now time.Time) map[job.Mode]int {
		year, month, _ := now.UTC().Date()
		end := time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
		runs := map[job.Mode]int{}
		for mode, s := range schedules {
			for at := s.Next(now); !at.IsZero() && at.Before(end); at = s.Next(at) {
				runs[mode]++
			}
		}
		return runs
	}
}

// NewReplica makes what the API serves from: snapshots of the configured base alone.
func NewReplica(p Parts) *replica.Replica {
	return replica.New(p.Store, p.Work.Path(), p.Log).Of(p.Config.Airtable.BaseID)
}

// NewAPI makes the half that answers, on a platform. Refreshes that it is asked for are refresher's.
func NewAPI(p Parts, replica *replica.Replica, refresher httpapi.Refresher, platform httpapi.Platform) *httpapi.API {
	c := p.Config
	return httpapi.New(httpapi.Config{
		Replica:      replica,
		Refresher:    refresher,
		Access:       c.Access,
		Schedules:    httpapi.Schedules{Full: c.Schedule.Full, Incremental: c.Schedule.Incremental, Sweep: c.Schedule.Sweep},
		MonthlyCalls: c.MonthlyCalls,
		Quota:        quota,
		Due:          due(c.Schedule),
		Platform:     platform,
		Program:      Program(),
		Now:          p.Now,
		Log:          p.Log,
	})
}

// Nobody is the refresher of a program that only looks.
type Nobody struct{}

// Ask implements httpapi.Refresher.
func (Nobody) Ask(context.Context, job.Request) (job.Ticket, error) {
	return job.Ticket{}, job.ErrStopped
}

// Active implements httpapi.Refresher.
func (Nobody) Active() (active, unrecorded []job.Run) { return nil, nil }
