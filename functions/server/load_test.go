package main_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/buildtest"
	"voc/internal/serverhost/servertest"
	"voc/internal/voctest"
)

// round is how many requests voc and the floor get in turn.
const round = 1000

// How many different pages and records are requested in turn: more than voc's response cache holds.
const (
	distinctPages   = 1000
	distinctRecords = 4000
)

// namedLoad is the load of one benchmark.
type namedLoad struct {
	name string
	voctest.Load
}

// BenchmarkHTTP loads the built server from outside with the whole sample, and a server that only
// repeats recorded responses: the floor. It reports the processor time of both servers for a
// request and their ratio, the latency at the median and at the 99th percentile and their ratios,
// and voc's resident memory. voc logs each request, the floor does not.
func BenchmarkHTTP(b *testing.B) {
	data, err := airtablesim.Load(voctest.WholeFile(b))
	if err != nil {
		b.Fatal(err)
	}
	airtable := httptest.NewServer(airtablesim.New(data, airtablesim.Config{Rate: -1}))
	defer airtable.Close()
	dir := b.TempDir()
	env := []string{
		"TMPDIR=" + b.TempDir(), "ADDR=127.0.0.1:0", "AIRTABLE_API_URL=" + airtable.URL,
		"AIRTABLE_BASE_ID=" + data.ID(), "AIRTABLE_API_KEY=" + airtablesim.DemoToken,
		"FEEDBACK_YEARS=all", "SCHEDULE=off",
	}
	if code, _, stderr := run(b, dir, env, "refresh", "full"); code != 0 {
		b.Fatal(stderr)
	}
	p := servertest.Exec(b, server.Path(b), dir, env)
	p.Printed("(voc serves)")
	b.Logf("after the start: %.0f MB", processMB(b, p.PID(), "VmRSS:"))
	floor := &buildtest.Command{Package: "./testdata/recorded"}
	defer floor.Remove()
	for _, load := range loads(b, p.URL()) {
		b.Run(load.name+"/"+load.Encoding, func(b *testing.B) {
			path := record(b, load.Load, p.URL())
			compare(b, load.Load, p, servertest.Exec(b, floor.Path(b), b.TempDir(), nil, path))
		})
	}
}

func loads(b *testing.B, url string) (all []namedLoad) {
	var records []string
	for id := range servertest.List(b, url) {
		records = append(records, "/api/feedback/"+id)
	}
	slices.Sort(records)
	records = records[:min(len(records), distinctRecords)]
	pages, searches := voctest.Pages()[:distinctPages], voctest.Searches()
	list := []string{"/api/feedback/"}
	for _, encoding := range []string{"gzip", "identity"} {
		for _, load := range []struct {
			name    string
			targets []string
		}{
			{"whole list", list}, {"page/again", pages[:1]}, {"page/distinct", pages},
			{"search/again", searches[:1]}, {"search/distinct", searches},
			{"record/again", records[:1]}, {"record/distinct", records},
		} {
			all = append(all,
				namedLoad{load.name, voctest.Load{Encoding: encoding, Targets: load.targets}})
		}
	}
	etag := all[0].Record(b, url)[0].Header.Get("Etag") // of the whole list as gzip
	return append(all,
		namedLoad{"304", voctest.Load{Encoding: "gzip", ETag: etag, Targets: list}})
}

// record records the responses of a server in a file, and returns its path.
func record(b *testing.B, load voctest.Load, url string) (path string) {
	b.Helper()
	text, err := json.Marshal(load.Record(b, url))
	path = filepath.Join(b.TempDir(), "recorded.json")
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	return path
}

// compare loads two servers in turn.
func compare(b *testing.B, load voctest.Load, voc, floor *servertest.Server) {
	servers := [2]*servertest.Server{floor, voc}
	var cpu [2]time.Duration
	var times [2][]time.Duration
	for i, s := range servers {
		load.Send(b, s.URL(), 0, round) // opens the connections
		cpu[i] = -processorTime(b, s.PID())
	}
	rounds := 0
	for ; b.Loop(); rounds++ {
		for i, s := range servers {
			times[i] = append(times[i], load.Send(b, s.URL(), rounds*round, round)...)
		}
	}
	for i, s := range servers {
		cpu[i] += processorTime(b, s.PID())
		slices.Sort(times[i])
	}
	n := len(times[1])
	b.ReportMetric(0, "ns/op") // a round of both
	b.ReportMetric(float64(cpu[1].Microseconds())/float64(n), "CPU-µs")
	b.ReportMetric(float64(cpu[0])/float64(cpu[1]), "×floor-by-CPU")
	for name, i := range map[string]int{"p50": n / 2, "p99": n * 99 / 100} {
		b.ReportMetric(times[1][i].Seconds()*1e3, name+"-ms")
		b.ReportMetric(float64(times[0][i])/float64(times[1][i]), "×floor-"+name)
	}
	b.ReportMetric(processMB(b, voc.PID(), "VmRSS:"), "RSS-MB")
	b.ReportMetric(processMB(b, voc.PID(), "VmHWM:"), "peak-MB")
}

// processorTime returns the processor time of a process so far (Linux). The kernel counts it in
// hundredths of a second.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ") // the name may have any character
	fields := strings.Fields(after)
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// processMB returns a figure of a process (Linux).
func processMB(b *testing.B, pid int, name string) (mb float64) {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), name)
	if _, err := fmt.Sscan(after, &mb); err != nil {
		b.Fatal(err)
	}
	return mb / 1024
}
