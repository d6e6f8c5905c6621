package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/buildtest"
	"voc/internal/serverhost/servertest"
	"voc/internal/voctest"
)

// connections is the number of concurrent clients, and round how many requests voc and the floor
// get in turn, so that both meet the same load of the machine.
const (
	connections = 32
	round       = 1000
)

// How many different pages and records are requested in turn: more than voc's response cache holds.
const (
	distinctPages   = 1000
	distinctRecords = 4000
)

// question is what a benchmark requests. Its targets are taken in turn.
type question struct {
	name, encoding string
	match          string // If-None-Match
	targets        []string
}

// recorded is a response, as testdata/recorded reads it.
type recorded struct {
	Target, Encoding string
	Status           int
	Header           http.Header
	Body             []byte
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
	for _, q := range questions(b, p.URL()) {
		b.Run(q.name+"/"+q.encoding, func(b *testing.B) {
			path := q.record(b, p.URL())
			q.compare(b, p, servertest.Exec(b, floor.Path(b), b.TempDir(), nil, path))
		})
	}
}

func questions(b *testing.B, url string) (all []question) {
	var records []string
	for id := range servertest.List(b, url) {
		records = append(records, "/api/feedback/"+id)
	}
	slices.Sort(records)
	records = records[:min(len(records), distinctRecords)]
	pages, searches := voctest.Pages()[:distinctPages], voctest.Searches()
	list := []string{"/api/feedback/"}
	for _, encoding := range []string{"gzip", "identity"} {
		all = append(all,
			question{name: "whole list", targets: list},
			question{name: "page/again", targets: pages[:1]},
			question{name: "page/distinct", targets: pages},
			question{name: "search/again", targets: searches[:1]},
			question{name: "search/distinct", targets: searches},
			question{name: "record/again", targets: records[:1]},
			question{name: "record/distinct", targets: records})
		for i := range all {
			if all[i].encoding == "" {
				all[i].encoding = encoding
			}
		}
	}
	etag := question{encoding: "gzip"}.ask(b, url+list[0]).Header.Get("Etag")
	return append(all, question{name: "304", encoding: "gzip", match: etag, targets: list})
}

// record records the responses of a server in a file, and returns its path.
func (q question) record(b *testing.B, url string) (path string) {
	b.Helper()
	var all []recorded
	for _, target := range q.targets {
		r := q.ask(b, url+target)
		r.Target = target
		all = append(all, r)
	}
	text, err := json.Marshal(all)
	path = filepath.Join(b.TempDir(), "recorded.json")
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	return path
}

func (q question) ask(b *testing.B, url string) recorded {
	b.Helper()
	response, err := http.DefaultTransport.RoundTrip(q.request(b, url))
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 400 {
		b.Fatal(url, response.Status, err)
	}
	if len(body) > 0 {
		response.Header.Set("Content-Length", fmt.Sprint(len(body)))
	}
	return recorded{
		Encoding: q.encoding, Status: response.StatusCode, Header: response.Header, Body: body,
	}
}

func (q question) request(b *testing.B, url string) *http.Request {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", q.encoding)
	if q.match != "" {
		r.Header.Set("If-None-Match", q.match)
	}
	return r
}

// compare loads two servers in turn.
func (q question) compare(b *testing.B, voc, floor *servertest.Server) {
	servers := [2]*servertest.Server{floor, voc}
	var cpu [2]time.Duration
	var times [2][]time.Duration
	for i, s := range servers {
		q.load(b, s.URL(), 0) // opens the connections
		cpu[i] = -processorTime(b, s.PID())
	}
	rounds := 0
	for ; b.Loop(); rounds++ {
		for i, s := range servers {
			times[i] = append(times[i], q.load(b, s.URL(), rounds*round)...)
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

// load sends a round of requests, beginning with the target whose number is first, and returns how
// long each took.
func (q question) load(b *testing.B, url string, first int) []time.Duration {
	times := make([]time.Duration, round)
	var turn atomic.Int64
	var clients sync.WaitGroup
	for range connections {
		clients.Go(func() {
			for n := int(turn.Add(1)) - 1; n < round; n = int(turn.Add(1)) - 1 {
				start := time.Now()
				r := q.request(b, url+q.targets[(first+n)%len(q.targets)])
				response, err := loader.RoundTrip(r)
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if err != nil || response.StatusCode >= 400 {
					b.Error(r.URL, response.Status, err)
				}
				times[n] = time.Since(start)
			}
		})
	}
	clients.Wait()
	return times
}

// loader keeps a connection for each client.
var loader = &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}

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
