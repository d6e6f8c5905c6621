package telemetry

import (
	"log/slog"
	"math"
	"time"
)

const (
	// Namespace is that of all metrics in CloudWatch.
	Namespace = "voc"
	// Dimension is the one dimension of all metrics: the address of the store, which all
	// functions of a stack share.
	Dimension = "Store"
)

// The names of the metrics in CloudWatch. Those of a run come from the function that does it, the
// others from the watchdog.
const (
	RunSeconds         = "RunSeconds"
	AirtableCalls      = "AirtableCalls"
	OpenErrors         = "OpenErrors"
	OverdueRuns        = "OverdueRuns"
	DamagedObjects     = "DamagedObjects"
	AuditDiffering     = "AuditDiffering"
	SnapshotAgeSeconds = "SnapshotAgeSeconds"
	HoldSeconds        = "HoldSeconds"
	QuotaPercent       = "QuotaPercent"
	RunWarnings        = "RunWarnings"
)

// Names returns the names of all metrics in CloudWatch. AWS's free tier holds ten (Amazon
// CloudWatch pricing, November 2026).
func Names() []string {
	return []string{RunSeconds, AirtableCalls, OpenErrors, OverdueRuns, DamagedObjects,
		AuditDiffering, SnapshotAgeSeconds, HoldSeconds, QuotaPercent, RunWarnings}
}

// Embedded writes metrics in CloudWatch's embedded metric format (Amazon CloudWatch user guide,
// "Specification: Embedded metric format", 2026). API Gateway measures the requests, so it writes
// none for them.
type Embedded struct {
	Log   *slog.Logger // must write JSON at the level Info
	Store string       // the value of Dimension
	Now   func() time.Time
}

// Request does nothing.
func (Embedded) Request(Request) {}

// Run writes the metrics of a run.
func (e Embedded) Run(run Run) {
	e.write([]metric{
		{RunSeconds, "Seconds", run.Took.Seconds()},
		{AirtableCalls, "Count", float64(run.Calls)},
	})
}

// State writes the metrics of the watchdog.
func (e Embedded) State(s State) {
	e.write([]metric{
		{OpenErrors, "Count", float64(s.OpenErrors)},
		{OverdueRuns, "Count", float64(s.OverdueRuns)},
		{DamagedObjects, "Count", float64(s.DamagedObjects)},
		{AuditDiffering, "Count", float64(s.AuditDiffering)},
		{SnapshotAgeSeconds, "Seconds", s.SnapshotAge.Seconds()},
		{HoldSeconds, "Seconds", s.Held.Seconds()},
		{QuotaPercent, "Percent", math.Round(s.QuotaUsed*1000) / 10},
		{RunWarnings, "Count", float64(s.Warnings)},
	})
}

type metric struct {
	name, unit string
	value      float64
}

// directive tells CloudWatch which members of a line are metrics.
type directive struct {
	Namespace  string       `json:"Namespace"`
	Dimensions [][]string   `json:"Dimensions"`
	Metrics    []definition `json:"Metrics"`
}

type definition struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

func (e Embedded) write(metrics []metric) {
	about := directive{Namespace: Namespace, Dimensions: [][]string{{Dimension}}}
	attrs := []any{slog.String(Dimension, e.Store)}
	for _, m := range metrics {
		about.Metrics = append(about.Metrics, definition{m.name, m.unit})
		attrs = append(attrs, slog.Float64(m.name, m.value))
	}
	e.Log.Info("metrics", append(attrs, slog.Group("_aws",
		slog.Int64("Timestamp", e.Now().UnixMilli()),
		slog.Any("CloudWatchMetrics", []directive{about})))...)
}
