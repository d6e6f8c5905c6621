package prometheus_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"voc/internal/telemetry"
	"voc/internal/telemetry/prometheus"
)

// TestMetricsPassLinter: client_golang's own linter has no objection, and each value arrives.
func TestMetricsPassLinter(t *testing.T) {
	m := prometheus.New()
	m.Request(telemetry.Request{Method: "GET", Route: "/api/feedback", Status: 200, Bytes: 7,
		Cache: "hit", Took: time.Millisecond})
	m.Run(telemetry.Run{Mode: "full", Outcome: "published", Calls: 60, Took: time.Minute})
	m.State(telemetry.State{OpenErrors: 1, OverdueRuns: 2, DamagedObjects: 3, AuditDiffering: 4,
		SnapshotAge: 5 * time.Second, Held: 6 * time.Second, QuotaUsed: 0.7})
	problems, err := testutil.GatherAndLint(m.Gatherer())
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{
		`voc_requests_total{cache="hit",method="GET",route="/api/feedback",status="200"} 1`,
		`voc_response_bytes_total{route="/api/feedback"} 7`,
		`voc_request_seconds_count{route="/api/feedback"} 1`,
		`voc_runs_total{mode="full",outcome="published"} 1`,
		`voc_run_seconds_sum{mode="full"} 60`,
		`voc_airtable_calls_total 60`, `voc_open_errors 1`, `voc_overdue_runs 2`,
		`voc_damaged_objects 3`, `voc_audit_differing_records 4`, `voc_snapshot_age_seconds 5`,
		`voc_hold_seconds 6`, `voc_quota_used_ratio 0.7`,
	} {
		if !strings.Contains(answer.Body.String(), line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}
