package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/telemetry"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func lines(t *testing.T, out *bytes.Buffer) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(out.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, fields)
	}
	return all
}

// TestRecorderLines: each line is in the form of Lambda's log, and has all of its keys.
func TestRecorderLines(t *testing.T) {
	var out bytes.Buffer
	r := telemetry.Recorder{Log: telemetry.NewLog(&out, slog.LevelInfo)}
	r.Request(t.Context(), telemetry.Request{})
	r.Run(t.Context(), telemetry.Run{Failed: true, Took: 1500 * time.Microsecond})
	telemetry.Recorder{}.Request(t.Context(), telemetry.Request{}) // does nothing
	all := lines(t, &out)
	for i, want := range [][]string{
		{"timestamp", "level", "message", "request", "method", "route", "status", "bytes", "ms",
			"cache"},
		{"timestamp", "level", "message", "run", "mode", "trigger", "outcome", "ms", "read", "added",
			"changed", "removed", "airtable_calls", "throttled", "retries", "snapshot_before",
			"snapshot_after", "final", "error"},
	} {
		for _, key := range want {
			if _, ok := all[i][key]; !ok {
				t.Errorf("the line lacks %s: %v", key, all[i])
			}
		}
		if len(all[i]) != len(want) {
			t.Errorf("the line has other keys: %v", all[i])
		}
	}
	if all[1]["level"] != "ERROR" || all[1]["ms"] != 1.5 {
		t.Errorf("%v", all[1])
	}
}

// TestEmbeddedFormat holds the lines to the schema of the embedded metric format (Amazon
// CloudWatch user guide, "Embedded metric format specification", 2026), and the number of metrics
// to what the free tier has.
func TestEmbeddedFormat(t *testing.T) {
	var out bytes.Buffer
	e := telemetry.Embedded{Log: telemetry.NewLog(&out, slog.LevelInfo), Store: "s3://bucket/app1",
		Now: func() time.Time { return noon }}
	e.Request(telemetry.Request{})
	e.Run(telemetry.Run{Calls: 7, Took: time.Second})
	e.State(telemetry.State{QuotaUsed: 0.5, Held: time.Hour})
	series := map[string]bool{}
	units := []string{"Seconds", "Count", "Percent"} // of those that the format has
	for _, line := range lines(t, &out) {
		about := line["_aws"].(map[string]any)
		if about["Timestamp"] != float64(noon.UnixMilli()) {
			t.Errorf("the timestamp is %v", about["Timestamp"])
		}
		for _, directive := range about["CloudWatchMetrics"].([]any) {
			d := directive.(map[string]any)
			if name := d["Namespace"].(string); name == "" || len(name) > 1024 {
				t.Errorf("namespace %q", name)
			}
			for _, set := range d["Dimensions"].([]any) {
				for _, dimension := range set.([]any) {
					if value, ok := line[dimension.(string)].(string); !ok || value == "" {
						t.Errorf("dimension %v is no text member", dimension)
					}
				}
				for _, definition := range d["Metrics"].([]any) {
					m := definition.(map[string]any)
					name := m["Name"].(string)
					if _, ok := line[name].(float64); !ok {
						t.Errorf("metric %s is no numeric member", name)
					}
					if unit := m["Unit"].(string); !slices.Contains(units, unit) {
						t.Errorf("metric %s has the unit %q", name, unit)
					}
					series[name] = true
				}
			}
		}
	}
	for _, name := range telemetry.Names() {
		if !series[name] {
			t.Errorf("%s is not written", name)
		}
	}
	if len(series) != len(telemetry.Names()) || len(series) > 10 {
		t.Errorf("%d metrics with one combination of dimensions: %v", len(series), series)
	}
}
