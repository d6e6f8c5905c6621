package repotest_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"voc/internal/telemetry"
	"voc/internal/telemetry/prometheus"
	"voc/internal/watch"
)

// alarm is the part of an alarm that the tests read.
type alarm struct {
	AlarmDescription, MetricName, Namespace, TreatMissingData string
	AlarmActions                                              []any
	Metrics                                                   []struct {
		MetricStat struct {
			Metric struct{ Namespace, MetricName string }
		}
	}
}

// metrics returns the names of the alarm's own metrics.
func (a alarm) metrics() (names []string) {
	if a.Namespace == telemetry.Namespace {
		names = append(names, a.MetricName)
	}
	for _, m := range a.Metrics {
		if m.MetricStat.Metric.Namespace == telemetry.Namespace {
			names = append(names, m.MetricStat.Metric.MetricName)
		}
	}
	return names
}

// TestAlarms: at most ten alarms, each with a topic, on metrics that the code has, and with the
// name of a heading of the runbook. A silent watchdog is an alarm too.
func TestAlarms(t *testing.T) {
	alarms := properties[alarm](t, readTemplate(t), "AWS::CloudWatch::Alarm")
	if len(alarms) != 10 {
		t.Errorf("%d alarms, want ten", len(alarms))
	}
	headings := anchors(string(read(t, "infra/OPERATE.md")))
	var onMissing []string
	watched := map[string]bool{}
	for name, a := range alarms {
		heading := regexp.MustCompile(`Runbook: OPERATE.md, "([^"]+)"\.`).
			FindStringSubmatch(a.AlarmDescription)
		if heading == nil || len(a.AlarmActions) != 1 ||
			!slices.Contains(headings, strings.ReplaceAll(strings.ToLower(heading[1]), " ", "-")) {
			t.Errorf("%s: no heading of the runbook in %q", name, a.AlarmDescription)
		}
		for _, metric := range a.metrics() {
			watched[metric] = true
			if !slices.Contains(telemetry.Names(), metric) {
				t.Errorf("%s: no metric %s", name, metric)
			}
		}
		if a.TreatMissingData == "breaching" {
			onMissing = append(onMissing, a.MetricName)
		}
	}
	if !slices.Equal(onMissing, []string{telemetry.OverdueRuns}) {
		t.Errorf("missing data is an alarm of %v", onMissing)
	}
	for _, metric := range []string{telemetry.OpenErrors, telemetry.OverdueRuns,
		telemetry.AuditDiffering, telemetry.HoldSeconds,
		telemetry.QuotaPercent, telemetry.RunSeconds} {
		if !watched[metric] {
			t.Errorf("no alarm on %s", metric)
		}
	}
}

// TestRunbook: every kind of alert has a section that says what it means, how to look, what to do
// and how to know that it is over.
func TestRunbook(t *testing.T) {
	page := string(read(t, "infra/OPERATE.md"))
	for _, kind := range watch.Kinds() {
		if !strings.Contains(page, "\n## "+kind.Heading()+"\n") ||
			!slices.Contains(anchors(page), string(kind)) {
			t.Errorf("no heading %q", kind.Heading())
		}
	}
	_, sections, _ := strings.Cut(page, "\n## ")
	for section := range strings.SplitSeq(sections, "\n## ") {
		for _, part := range []string{"\n- Look: ", "\n- Do: ", "\n- Over: "} {
			if strings.Count(section, part) != 1 {
				t.Errorf("section %.20q has no line %q", section, strings.TrimSpace(part))
			}
		}
	}
}

// TestDashboard: CloudWatch's dashboard is JSON, and shows every metric of ours.
func TestDashboard(t *testing.T) {
	type body struct {
		DashboardBody map[string]json.RawMessage
	}
	for _, d := range properties[body](t, readTemplate(t), "AWS::CloudWatch::Dashboard") {
		var parts []json.RawMessage
		var text string
		if err := json.Unmarshal(d.DashboardBody["Fn::Sub"], &parts); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(parts[0], &text); err != nil {
			t.Fatal(err)
		}
		var board struct {
			Widgets []struct {
				Properties struct{ Metrics [][]any }
			}
		}
		if err := json.Unmarshal([]byte(text), &board); err != nil {
			t.Fatal(err)
		}
		shown := []string{}
		for _, widget := range board.Widgets {
			for _, metric := range widget.Properties.Metrics {
				if metric[0] == telemetry.Namespace {
					shown = append(shown, fmt.Sprint(metric[1]))
				}
			}
		}
		expected := telemetry.Names()
		slices.Sort(shown)
		slices.Sort(expected)
		if !slices.Equal(shown, expected) {
			t.Errorf("the dashboard shows %v, there are %v", shown, expected)
		}
	}
}

// TestGrafana: the board queries metrics that the server has, and all of them that are voc's own.
func TestGrafana(t *testing.T) {
	m := prometheus.New()
	m.Request(telemetry.Request{})
	m.Run(telemetry.Run{})
	families, err := m.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, family := range families {
		if name := family.GetName(); strings.HasPrefix(name, "voc_") {
			known[name] = false
		}
	}
	board := read(t, "infra/grafana.json")
	if !json.Valid(board) {
		t.Fatal("infra/grafana.json is not JSON")
	}
	for _, name := range regexp.MustCompile(`voc_\w+`).FindAllString(string(board), -1) {
		for _, series := range []string{"_bucket", "_sum", "_count"} { // of a histogram
			name = strings.TrimSuffix(name, series)
		}
		if _, ok := known[name]; !ok {
			t.Errorf("the board queries %s, which the server does not have", name)
		}
		known[name] = true
	}
	for name, shown := range known {
		if !shown {
			t.Errorf("the board does not show %s", name)
		}
	}
}

// TestOperateErrors: the runbook has a row for the advice on every fault of Airtable, and each of
// its rows quotes words that the code has.
func TestOperateErrors(t *testing.T) {
	joined := regexp.MustCompile(`" \+\s*"`)
	code := joined.ReplaceAllString(string(read(t, "internal/refresh/advice.go")), "")
	advice := regexp.MustCompile(`airtable\.Fault\w+: +"([^"]+)"`).FindAllStringSubmatch(code, -1)
	if len(advice) < 13 {
		t.Fatalf("advice.go has advice on %d faults", len(advice))
	}
	_, table, _ := strings.Cut(string(read(t, "infra/OPERATE.md")), "| the error contains |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, words := range advice {
		if !strings.Contains(table, "| "+words[1]+" |") {
			t.Errorf("OPERATE.md has no row for %q", words[1])
		}
	}
	for _, path := range textFiles(t) {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			code += joined.ReplaceAllString(string(read(t, path)), "")
		}
	}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllStringSubmatch(table, -1) {
		if !strings.Contains(code, row[1]) {
			t.Errorf("no source has the words %q of OPERATE.md", row[1])
		}
	}
}
