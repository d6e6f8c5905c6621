package repotest_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/schedule"
	"voc/internal/telemetry"
	"voc/internal/telemetry/prometheus"
	"voc/internal/watch"
)

// alarm is the part of an alarm that the tests read.
type alarm struct {
	AlarmDescription, MetricName, Namespace, TreatMissingData string
	Period, EvaluationPeriods                                 int // of own metrics
	AlarmActions                                              []any
	Metrics                                                   []struct {
		MetricStat struct {
			Metric struct{ Namespace, MetricName string }
		}
	}
}

// evaluated returns the metrics that the alarm evaluates, with their namespaces: AWS bills each of
// them, those of an expression too (Amazon CloudWatch pricing, November 2026).
func (a alarm) evaluated() (names []string) {
	if a.MetricName != "" {
		names = append(names, a.Namespace+"/"+a.MetricName)
	}
	for _, m := range a.Metrics {
		if of := m.MetricStat.Metric; of.MetricName != "" {
			names = append(names, of.Namespace+"/"+of.MetricName)
		}
	}
	return names
}

// TestAlarms: at most ten alarms on at most ten metrics, which is what the free tier has, each with
// a topic, on metrics that the code has. A silent watchdog is an alarm too. An overdue refresh is
// one within the hour: after the grace, the watchdog looks, and then the periods of the alarm end.
func TestAlarms(t *testing.T) {
	alarms := properties[alarm](t, readTemplate(t), "AWS::CloudWatch::Alarm")
	var onMissing, watched []string
	for name, a := range alarms {
		if len(a.AlarmActions) != 1 {
			t.Errorf("%s leads to %v", name, a.AlarmActions)
		}
		for _, metric := range a.evaluated() {
			watched = append(watched, metric)
			own, isOwn := strings.CutPrefix(metric, telemetry.Namespace+"/")
			if isOwn && !slices.Contains(telemetry.Names(), own) {
				t.Errorf("%s: no metric %s", name, own)
			}
		}
		if a.TreatMissingData == "breaching" {
			onMissing = append(onMissing, a.MetricName)
		}
		periods := time.Duration(a.Period*a.EvaluationPeriods) * time.Second
		if a.Namespace == telemetry.Namespace && (periods < watch.LookEvery ||
			schedule.Grace+watch.LookEvery+periods > time.Hour) {
			t.Errorf("%s evaluates %v", name, periods)
		}
	}
	if len(alarms) > 10 || len(watched) > 10 || len(telemetry.Names()) > 10 {
		t.Errorf("%d alarms on %d metrics, and %d metrics", len(alarms), len(watched),
			len(telemetry.Names()))
	}
	if !slices.Equal(onMissing, []string{telemetry.OverdueRuns}) {
		t.Errorf("missing data is an alarm of %v", onMissing)
	}
	for _, metric := range []string{"voc/" + telemetry.OpenErrors, "voc/" + telemetry.OverdueRuns,
		"voc/" + telemetry.AuditDiffering, "voc/" + telemetry.QuotaPercent,
		"voc/" + telemetry.RunSeconds, "AWS/SQS/ApproximateNumberOfMessagesVisible",
		"AWS/Lambda/Throttles", "AWS/Lambda/Errors", "AWS/ApiGateway/5xx", "AWS/ApiGateway/Count"} {
		if !slices.Contains(watched, metric) {
			t.Errorf("no alarm on %s", metric)
		}
	}
}

// TestRunbook: every section says what it means, how to look, what to do and how to know that it is
// over. Every heading is that of a kind or of an alarm, or of a dead server, which reports nothing;
// every kind has one, and every alert but a followed name, which harms nothing, is an alarm.
func TestRunbook(t *testing.T) {
	page := string(read(t, "infra/OPERATE.md"))
	var named, headings, known []string
	for name, a := range properties[alarm](t, readTemplate(t), "AWS::CloudWatch::Alarm") {
		_, runbook, _ := strings.Cut(a.AlarmDescription, "Runbook: OPERATE.md, ")
		found := regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(runbook, -1)
		if len(found) == 0 {
			t.Errorf("%s names no heading of the runbook: %q", name, a.AlarmDescription)
		}
		for _, heading := range found {
			named = append(named, heading[1])
		}
	}
	_, sections, _ := strings.Cut(page, "\n## ")
	for section := range strings.SplitSeq(sections, "\n## ") {
		heading, text, _ := strings.Cut(section, "\n")
		headings = append(headings, heading)
		for _, part := range []string{"\n- Look: ", "\n- Do: ", "\n- Over: "} {
			if strings.Count(text, part) != 1 {
				t.Errorf("section %q has no line %q", heading, strings.TrimSpace(part))
			}
		}
	}
	for _, kind := range watch.Kinds() {
		known = append(known, kind.Heading())
		if !slices.Contains(anchors(page), string(kind)) {
			t.Errorf("no anchor %s", kind)
		}
	}
	for _, kind := range watch.Alerts() {
		if !slices.Contains(named, kind.Heading()) && kind != watch.Renamed {
			t.Errorf("no alarm names %q", kind.Heading())
		}
	}
	known = append(append(known, "Server down"), named...)
	slices.Sort(known)
	slices.Sort(headings)
	if known = slices.Compact(known); !slices.Equal(known, headings) {
		t.Errorf("OPERATE.md has the headings\n%q, and the code and the alarms name\n%q", headings, known)
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

// TestOperateErrors: the runbook has a row for the advice on every fault of Airtable and for every
// warning of a refresh, and each of its rows quotes words that the code has.
func TestOperateErrors(t *testing.T) {
	page := string(read(t, "infra/OPERATE.md"))
	joined := regexp.MustCompile(`" ?\+\s*"`)
	advice, code := "", ""
	for _, path := range textFiles(t) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			continue
		}
		text := joined.ReplaceAllString(string(read(t, path)), "")
		code += text
		if strings.HasPrefix(path, "internal/refresh/") || strings.HasPrefix(path, "internal/airtable/") {
			advice += text
		}
	}
	for _, table := range []struct {
		head, said string
		least      int
		whole      bool // a row has all the words
	}{
		{"| the error contains |", `airtable\.Fault\w+: +"([^"]+)"`, 13, true},
		{"| the warning contains |",
			`arnings(?:: \[\]string\{| = append\([\w.]+,\s+` +
				`(?:finding\{(?:text: )?)?(?:fmt\.Sprintf\(\s*)?)` +
				`"((?:[^"\\]|\\.)+)"`, 13, false},
	} {
		_, rows, _ := strings.Cut(page, table.head)
		rows, _, _ = strings.Cut(rows, "\n\n")
		quoted := regexp.MustCompile(`(?m)^\| ([^|]*[a-z][^|]*) \|`).FindAllStringSubmatch(rows, -1)
		for _, row := range quoted {
			if !strings.Contains(code, row[1]) {
				t.Errorf("no source has the words %q of OPERATE.md", row[1])
			}
		}
		said := regexp.MustCompile(table.said).FindAllStringSubmatch(advice, -1)
		if len(said) < table.least {
			t.Errorf("the code has %d texts for %q", len(said), table.head)
		}
		for _, words := range said {
			found := slices.ContainsFunc(quoted, func(row []string) bool {
				return row[1] == words[1] || !table.whole && strings.Contains(words[1], row[1])
			})
			if !found && !strings.Contains(words[1], "is called %q ") { // Field renamed
				t.Errorf("OPERATE.md has no row for %q", words[1])
			}
		}
	}
}
