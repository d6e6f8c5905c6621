package telemetry

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// Request describes a response.
type Request struct {
	ID     string // as in X-Request-Id
	Method string // one of HTTP's, or "other"
	Route  string // the path with its parameters' names, or "none"
	Status int    // 0: the connection was cut before a status
	Bytes  int64  // of the body, as it was sent
	Cache  string // an outcome of the response cache, see package respond
	Took   time.Duration
}

// Run describes a run that has ended.
type Run struct {
	ID, Mode, Trigger, Outcome, Error string

	Read, Added, Changed, Removed int // records
	Calls, Throttled, Retries     int // of Airtable
	SnapshotBefore, SnapshotAfter string
	Took                          time.Duration
	Failed                        bool // it opens an error
	Final                         bool // no retry repairs it
}

// State is what the watchdog found.
type State struct {
	OpenErrors int // modes whose last run failed, and DamagedObjects
	// OverdueRuns are the modes whose data is older than scheduled; at least 1 once a rollback has
	// held refreshes for a day.
	OverdueRuns    int
	DamagedObjects int // objects of the store that are damaged, missing or unreadable
	AuditDiffering int // records that the last audit found to differ from Airtable
	Warnings       int // of the last refresh that succeeded
	SnapshotAge    time.Duration
	Held           time.Duration // since the rollback that holds scheduled runs; 0: none does
	QuotaUsed      float64       // calls forecast for the month, as a share of the cap; 0: no cap
}

// Metrics receives what happens. Its methods may be called concurrently.
type Metrics interface {
	Request(Request)
	Run(Run)
	State(State)
}

// Recorder writes log lines and passes the values on. The zero Recorder does nothing.
type Recorder struct {
	Log     *slog.Logger // nil: no lines
	Metrics Metrics      // nil: none
}

// Request records a response.
func (r Recorder) Request(ctx context.Context, q Request) {
	if r.Log != nil {
		r.Log.LogAttrs(ctx, slog.LevelInfo, "request",
			slog.String("request", q.ID), slog.String("method", q.Method),
			slog.String("route", q.Route), slog.Int("status", q.Status),
			slog.Int64("bytes", q.Bytes), slog.Float64("ms", milliseconds(q.Took)),
			slog.String("cache", q.Cache))
	}
	if r.Metrics != nil {
		r.Metrics.Request(q)
	}
}

// Run records the end of a run.
func (r Recorder) Run(ctx context.Context, run Run) {
	if r.Log != nil {
		level := slog.LevelInfo
		if run.Failed {
			level = slog.LevelError
		}
		r.Log.LogAttrs(ctx, level, "run ended",
			slog.String("run", run.ID), slog.String("mode", run.Mode),
			slog.String("trigger", run.Trigger), slog.String("outcome", run.Outcome),
			slog.Float64("ms", milliseconds(run.Took)), slog.Int("read", run.Read),
			slog.Int("added", run.Added), slog.Int("changed", run.Changed),
			slog.Int("removed", run.Removed), slog.Int("airtable_calls", run.Calls),
			slog.Int("throttled", run.Throttled), slog.Int("retries", run.Retries),
			slog.String("snapshot_before", run.SnapshotBefore),
			slog.String("snapshot_after", run.SnapshotAfter), slog.Bool("final", run.Final),
			slog.String("error", run.Error))
	}
	if r.Metrics != nil {
		r.Metrics.Run(run)
	}
}

// State records what the watchdog found.
func (r Recorder) State(s State) {
	if r.Metrics != nil {
		r.Metrics.State(s)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// NewLog returns a log of JSON lines, in the form that Lambda's log expects.
func NewLog(out io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
			switch {
			case len(groups) > 0:
			case attr.Key == slog.TimeKey:
				attr.Key = "timestamp"
			case attr.Key == slog.MessageKey:
				attr.Key = "message"
			}
			return attr
		},
	}))
}
