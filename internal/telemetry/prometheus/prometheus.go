package prometheus

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"voc/internal/telemetry"
)

// Metrics implements telemetry.Metrics.
type Metrics struct {
	registry *prometheus.Registry

	requests, bytes *prometheus.CounterVec
	seconds         *prometheus.HistogramVec

	runs       *prometheus.CounterVec
	calls      prometheus.Counter
	runSeconds *prometheus.HistogramVec

	state map[string]prometheus.Gauge // by the name in CloudWatch
}

// New returns metrics that have counted nothing. Those of the watchdog are 0 until its first look.
func New() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("voc_requests_total", "Responses.", "method", "route", "status", "cache"),
		bytes:    counter("voc_response_bytes_total", "Bytes of bodies, as sent.", "route"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "voc_request_seconds", Help: "Time to answer a request.",
			Buckets: []float64{.0001, .001, .01, .1, 1, 10}}, []string{"route"}),
		runs: counter("voc_runs_total", "Runs that have ended.", "mode", "outcome"),
		calls: prometheus.NewCounter(prometheus.CounterOpts{Name: "voc_airtable_calls_total",
			Help: "Calls to Airtable, retries included."}),
		runSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "voc_run_seconds", Help: "Time that a run took.",
			Buckets: []float64{1, 5, 15, 60, 300, 900, 3600}}, []string{"mode"}),
		state: map[string]prometheus.Gauge{},
	}
	m.registry.MustRegister(m.requests, m.bytes, m.seconds, m.runs, m.calls, m.runSeconds,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, g := range []struct{ as, name, help string }{
		{telemetry.OpenErrors, "voc_open_errors", "Modes whose last run failed, and damaged objects."},
		{telemetry.OverdueRuns, "voc_overdue_runs",
			"Modes whose data is older than their schedule promises; at least 1 once a rollback has " +
				"held refreshes for a day."},
		{telemetry.DamagedObjects, "voc_damaged_objects",
			"Objects of the store that are damaged, missing or unreadable."},
		{telemetry.AuditDiffering, "voc_audit_differing_records",
			"Records that differ from Airtable, by the last audit."},
		{telemetry.SnapshotAgeSeconds, "voc_snapshot_age_seconds",
			"Time since the served data was confirmed against Airtable."},
		{telemetry.HoldSeconds, "voc_hold_seconds",
			"Time since the rollback that holds scheduled refreshes."},
		{telemetry.QuotaPercent, "voc_quota_used_ratio",
			"Airtable calls forecast for the month, as a share of the cap."},
		{telemetry.RunWarnings, "voc_run_warnings", "Warnings of the last refresh that succeeded."},
	} {
		m.state[g.as] = prometheus.NewGauge(prometheus.GaugeOpts{Name: g.name, Help: g.help})
		m.registry.MustRegister(m.state[g.as])
	}
	return m
}

// Request counts a response.
func (m *Metrics) Request(q telemetry.Request) {
	m.requests.WithLabelValues(q.Method, q.Route, strconv.Itoa(q.Status), q.Cache).Inc()
	m.bytes.WithLabelValues(q.Route).Add(float64(q.Bytes))
	m.seconds.WithLabelValues(q.Route).Observe(q.Took.Seconds())
}

// Run counts a run.
func (m *Metrics) Run(run telemetry.Run) {
	m.runs.WithLabelValues(run.Mode, run.Outcome).Inc()
	m.calls.Add(float64(run.Calls))
	m.runSeconds.WithLabelValues(run.Mode).Observe(run.Took.Seconds())
}

// State sets what the watchdog found.
func (m *Metrics) State(s telemetry.State) {
	m.state[telemetry.OpenErrors].Set(float64(s.OpenErrors))
	m.state[telemetry.OverdueRuns].Set(float64(s.OverdueRuns))
	m.state[telemetry.DamagedObjects].Set(float64(s.DamagedObjects))
	m.state[telemetry.AuditDiffering].Set(float64(s.AuditDiffering))
	m.state[telemetry.SnapshotAgeSeconds].Set(s.SnapshotAge.Seconds())
	m.state[telemetry.HoldSeconds].Set(s.Held.Seconds())
	m.state[telemetry.QuotaPercent].Set(s.QuotaUsed)
	m.state[telemetry.RunWarnings].Set(float64(s.Warnings))
}

// Handler serves the metrics as text.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Gatherer returns what collects the metrics, for tests.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }
