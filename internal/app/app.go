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
	"voc/internal/telemetry"
	"voc/internal/watch"
)

// quota holds Airtable's limits, for the packages that do not know its client.
var quota = job.Quota{PageSize: airtable.PageSize, PerSecond: airtable.RequestsPerSecond}

// AWS returns the credentials and the region for a bucket. Each host has its own,
// because the libraries that search every possible source are large.
type AWS func(context.Context) (aws.Config, error)

// Host is what the parts need from the process that runs them.
type Host struct {
	Credentials AWS    // called only if the store is a bucket
	TempDir     string // parent of the Workdir; "" for os.TempDir()
	Log         *slog.Logger
}

// Parts are the parts that a refresh and an API share.
type Parts struct {
	Config config.Config
	Store  *manifest.Store
	Blobs  blob.Store // of Store, for what the watcher remembers
	Work   *Workdir   // for the files of this process
	Log    *slog.Logger
	Now    func() time.Time // the clock of all parts

	Metrics telemetry.Metrics // nil: none
	Watcher *watch.Watcher    // nil: receipts do not say when it looked

	// Token returns Airtable's key, for each call; nil uses the key of Config.
	Token func(context.Context) (string, error)

	// Accept is how an operator accepts what the publish gate rejects: see refresh.Config.
	Accept string

	// Pacer spaces the calls to Airtable; nil keeps to Airtable's rate limit.
	Pacer *airtable.Pacer
}

// Open opens the store that cfg names and makes a Workdir, which the caller closes. It makes no
// request to a bucket.
func Open(ctx context.Context, cfg config.Config, host Host) (Parts, error) {
	store, err := openStore(ctx, cfg.Store, host.Credentials)
	if err != nil {
		return Parts{}, err
	}
	work, err := NewWorkdir(host.TempDir)
	if err != nil {
		return Parts{}, err
	}
	return Parts{
		Config: cfg, Blobs: store,
		Store: manifest.New(store, cfg.Keep, quota, host.Log).Hiding(cfg.Privacy),
		Work:  work, Log: host.Log, Now: time.Now,
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

// NewRefresh returns the engine that reads Airtable and publishes.
func NewRefresh(p Parts) (*refresh.Engine, error) {
	c := p.Config
	token := p.Token
	if token == nil {
		token = func(context.Context) (string, error) { return c.Airtable.Key.Reveal(), nil }
	}
	var watched func(context.Context) time.Time
	if p.Watcher != nil {
		watched = p.Watcher.LookedAt
	}
	return refresh.New(refresh.Config{
		Airtable: airtable.New(airtable.Config{
			URL:       c.Airtable.URL,
			Base:      c.Airtable.BaseID,
			Token:     token,
			Log:       p.Log,
			Now:       p.Now,
			UserAgent: Program(),
			Pacer:     p.Pacer,
		}),
		Store:   p.Store,
		Base:    c.Airtable.BaseID,
		Table:   c.Airtable.Table,
		Mapping: c.Mapping,
		Privacy: c.Privacy,
		Years:   c.Years,
		Dir:     p.Work.Path,
		Program: Program(),
		Log:     p.Log,
		Now:     p.Now,

		FreeDisk:  freeDisk,
		Watched:   watched,
		Telemetry: telemetry.Recorder{Log: p.Log, Metrics: p.Metrics},

		MaxShrink:    c.MaxShrink,
		MonthlyCalls: c.MonthlyCalls,
		Accept:       p.Accept,
		Due:          due(c.Schedule),
	})
}

// NewReplica returns what the API serves from. It opens only snapshots of the configured base that
// show no more than the configuration allows.
func NewReplica(p Parts) *replica.Replica {
	return replica.New(p.Store, p.Work.Path, p.Log).
		OfBase(p.Config.Airtable.BaseID).Hiding(p.Config.Privacy)
}

// NewAPI returns the API for a platform. It passes requests for a refresh to refresher.
func NewAPI(
	p Parts, replica *replica.Replica, refresher httpapi.Refresher, platform httpapi.Platform,
) *httpapi.API {
	c := p.Config
	return httpapi.New(httpapi.Config{
		Replica:   replica,
		Refresher: refresher,
		Access:    c.Access,
		Privacy:   c.Privacy,
		Schedules: httpapi.Schedules{
			Full: c.Schedule.Full, Incremental: c.Schedule.Incremental, Sweep: c.Schedule.Sweep,
			Off: !c.Schedule.On,
		},
		MonthlyCalls: c.MonthlyCalls,
		Quota:        quota,
		Due:          due(c.Schedule),
		Platform:     platform,
		Program:      Program(),
		Now:          p.Now,
		Log:          p.Log,
		Telemetry:    telemetry.Recorder{Log: p.Log, Metrics: p.Metrics},
		Proofs: func(ctx context.Context) (httpapi.Proofs, error) {
			s, err := watch.ReadState(ctx, p.Blobs)
			proofs := httpapi.Proofs{
				Audit: httpapi.Audit{
					Checked: s.Audit.Checked, Differing: s.Audit.Differing, At: s.Audit.At,
				},
				RestoreProvenAt: s.Drill.ProvenAt,
				Unsent:          s.Unsent(p.Now()),
			}
			for _, open := range s.Open {
				if open.Pending != watch.Over {
					proofs.Alerts = append(proofs.Alerts, open.Alert)
				}
			}
			return proofs, err
		},
	})
}

// due returns a function that counts the scheduled runs in the rest of a UTC month.
func due(s config.Schedule) func(now time.Time) map[job.Mode]int {
	schedules := map[job.Mode]schedule.Schedule{
		job.Full: s.Full, job.Sweep: s.Sweep, job.Incremental: s.Incremental,
	}
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

// version is set by the Makefile's build.
var version string

// Program returns the name and version of this program, for snapshots, validators and Airtable.
func Program() string {
	if version != "" {
		return "voc/" + version
	}
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return "voc/" + info.Main.Version
	}
	return "voc/devel"
}

// NoRefresher is the refresher of a program that only reads.
type NoRefresher struct{}

// Ask returns job.ErrStopped.
func (NoRefresher) Ask(context.Context, job.Request) (job.Ticket, error) {
	return job.Ticket{}, job.ErrStopped
}

// Active returns no runs.
func (NoRefresher) Active() (active, unrecorded []job.Run) { return nil, nil }
