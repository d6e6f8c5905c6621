package repotest_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"voc/internal/schedule"
)

// costs is infra/costs.json: prices in US dollars, and what was measured.
type costs struct {
	Prices struct {
		Date                  string  `json:"date"` // year and month
		LambdaGBSecond        float64 `json:"lambda_gb_second"`
		LambdaMillionRequests float64 `json:"lambda_million_requests"`
		GatewayMillion        float64 `json:"gateway_million_requests"`
		Writes                float64 `json:"s3_thousand_writes"`
		Reads                 float64 `json:"s3_thousand_reads"`
		StorageGBMonth        float64 `json:"s3_gb_month"`
		TransferGB            float64 `json:"transfer_gb"`
		TransferFreeGB        float64 `json:"transfer_free_gb"`
		LogsGB                float64 `json:"logs_gb"`
	}
	Measured struct {
		PageBytes float64 `json:"page_bytes"`
		LogBytes  float64 `json:"log_line_bytes"`
		Sizes     []size
	}
	Assumed struct {
		RequestMillis float64 `json:"request_ms"` // that a request is billed for
		ColdSeconds   float64 `json:"cold_s"`     // until a new function has answered
		WatchSeconds  float64 `json:"watch_s"`    // of the watchdog, every 15 minutes
	}
}

// size is what a table of so many records takes: MB that a full and an incremental refresh store,
// and their processor seconds.
type size struct {
	Records        float64
	FullMB         float64 `json:"full_mb"`
	IncrementalMB  float64 `json:"incremental_mb"`
	FullCPU        float64 `json:"full_cpu_s"`
	IncrementalCPU float64 `json:"incremental_cpu_s"`
}

// large is ten times a table of 50,000 records, the largest that was measured.
func (c costs) large() size {
	s := c.Measured.Sizes[1]
	return size{
		10 * s.Records, 10 * s.FullMB, 10 * s.IncrementalMB, 10 * s.FullCPU, 10 * s.IncrementalCPU,
	}
}

// plan is what the template's defaults make of a month: runs of each mode, and their settings.
type plan struct {
	full, incremental, sweep   float64
	apiMB, refreshMB, retained float64
}

const (
	callsPerSecond = 4.8  // the pace of airtable.Client
	mbPerCPU       = 1769 // a function with this much memory has one processor
	watches        = 30 * 96
	watchMB        = 512
	storeOps       = 9 // writes to the store in one run: lease, renewals, objects, manifest
)

// monthly returns Airtable calls and dollars of a month. Of what is free, only TransferFreeGB of
// transfer is left out.
func (c costs) monthly(p plan, s size, requests float64) (calls, refresh, reads float64) {
	pages := math.Ceil(s.Records/100) + 2
	calls = p.full*pages + p.sweep*(pages+1) + p.incremental*3
	slowdown := mbPerCPU / math.Min(p.refreshMB, mbPerCPU)
	seconds := calls/callsPerSecond + slowdown*(p.full*s.FullCPU+
		(p.incremental+p.sweep)*s.IncrementalCPU)
	runs := p.full + p.incremental + p.sweep
	// What fulls store stays for a month, as a base; what incrementals store is retained or was
	// dropped within three days.
	stored := (s.FullMB*(p.full+1) + s.IncrementalMB*(p.retained+runs/30*3)) / 1000
	gbSeconds := seconds*p.refreshMB/1024 + watches*c.Assumed.WatchSeconds*watchMB/1024
	refresh = gbSeconds*c.Prices.LambdaGBSecond +
		runs*storeOps/1000*c.Prices.Writes + stored*c.Prices.StorageGBMonth

	// A function lives for hours; a new instance for each thousand requests, and a conditional
	// read of the manifest for each request or every 15 s, are more than happen.
	seconds = requests*c.Assumed.RequestMillis/1000 + requests/1000*c.Assumed.ColdSeconds
	polls := math.Min(requests, 30*24*3600/15)
	sent := math.Max(0, requests*c.Measured.PageBytes/1e9-c.Prices.TransferFreeGB)
	reads = seconds*p.apiMB/1024*c.Prices.LambdaGBSecond +
		requests/1e6*(c.Prices.LambdaMillionRequests+c.Prices.GatewayMillion) +
		polls/1000*c.Prices.Reads + sent*c.Prices.TransferGB +
		2*requests*c.Measured.LogBytes/1e9*c.Prices.LogsGB
	return calls, refresh, reads
}

// defaults reads the plan from the template, and counts the runs of 2027.
func defaults(t *testing.T) plan {
	t.Helper()
	template := string(read(t, "template.yaml"))
	value := func(parameter string) string {
		t.Helper()
		found := regexp.MustCompile(`(?m)^  ` + parameter + `:\n(?:    .*\n)*?    Default: '?(.+?)'?$`).
			FindStringSubmatch(template)
		if found == nil {
			t.Fatalf("template.yaml has no default of %s", parameter)
		}
		return found[1]
	}
	number := func(parameter string) float64 {
		t.Helper()
		n, err := strconv.ParseFloat(value(parameter), 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return plan{
		full:        monthlyRuns(t, value("ScheduleFull"), value("ScheduleTimezone")),
		incremental: monthlyRuns(t, value("ScheduleIncremental"), value("ScheduleTimezone")),
		sweep:       monthlyRuns(t, value("ScheduleSweep"), value("ScheduleTimezone")),
		apiMB:       number("ApiMemoryMb"), refreshMB: number("RefreshMemoryMb"),
		retained: number("SnapshotKeep"),
	}
}

// monthlyRuns is how often a cron expression is due in an average month of 2027.
func monthlyRuns(t *testing.T, expression, zone string) (n float64) {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	s, err := schedule.Parse(expression, location)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2028, 1, 1, 0, 0, 0, 0, location)
	for at := s.Next(time.Date(2027, 1, 1, 0, 0, 0, 0, location)); at.Before(end); at = s.Next(at) {
		n++
	}
	return n / 12
}

// costsTable is the generated part of infra/COSTS.md.
func costsTable(t *testing.T) string {
	t.Helper()
	c, p := readCosts(t), defaults(t)
	out := "| records | Airtable calls | refreshes, store | 1,000 requests | 100,000 | 10 million " +
		"|\n|---:|---:|---:|---:|---:|---:|\n"
	for _, s := range append(slices.Clone(c.Measured.Sizes), c.large()) {
		var reads [3]float64
		var calls, refresh float64
		for i, requests := range []float64{1e3, 1e5, 1e7} {
			calls, refresh, reads[i] = c.monthly(p, s, requests)
		}
		out += fmt.Sprintf("| %.0f | %.0f | $%.2f | $%.2f | $%.2f | $%.2f |\n",
			s.Records, calls, refresh, reads[0], reads[1], reads[2])
	}
	return out
}

func readCosts(t *testing.T) (c costs) {
	t.Helper()
	if err := json.Unmarshal(read(t, "infra/costs.json"), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCosts: the default schedules and a team's table cost what README and COSTS.md promise.
func TestCosts(t *testing.T) {
	c, p := readCosts(t), defaults(t)
	if sizes := c.Measured.Sizes; len(sizes) != 2 || sizes[0].Records >= sizes[1].Records {
		t.Fatalf("infra/costs.json has the sizes %v, want two that grow", sizes)
	}
	date, err := time.Parse("2006-01", c.Prices.Date)
	if page := string(read(t, "infra/COSTS.md")); err != nil ||
		!strings.Contains(page, "Prices as of "+date.Format("January 2006")+",") {
		t.Errorf("infra/COSTS.md does not name the date of its prices, %q: %v", c.Prices.Date, err)
	}
	calls, refresh, reads := c.monthly(p, c.Measured.Sizes[0], 1e5)
	if calls < 2000 || calls > 3000 {
		t.Errorf("%.0f Airtable calls a month", calls)
	}
	if total := refresh + reads; total < 0.1 || total > 3 {
		t.Errorf("$%.2f a month for 5,830 records and 100,000 requests", total)
	}
}
