package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"voc/internal/voctest"
)

// connections is the number of concurrent clients.
const connections = 32

// asked is what a benchmark requests repeatedly. Targets are taken in turn.
type asked struct {
	name     string
	encoding string
	headers  []string
	status   int
	targets  []string
}

// BenchmarkAgainstFloor requests over loopback with 32 connections, and reports the speed
// relative to the floor: the same server with a handler that only repeats recorded responses.
func BenchmarkAgainstFloor(b *testing.B) {
	s := serveSample(b)
	ids, pages, words := s.records(b), voctest.Pages(), voctest.Searches()
	tag := s.tag("/api/feedback/")
	word := []string{"/api/feedback/?limit=50&q=credit"}
	for _, encoding := range []string{"gzip", "br", "identity"} {
		for _, q := range []asked{
			{name: "whole list", targets: []string{"/api/feedback/"}},
			{name: "facets", targets: []string{"/api/feedback/facets"}},
			{name: "record/one", targets: ids[:1]},
			{name: "record/all in turn", targets: ids},
			{name: "three filters/one", targets: pages[:1]},
			{name: "three filters/all in turn", targets: pages},
			{name: "word/one", targets: word},
			{name: "word/all in turn", targets: words},
		} {
			q.name, q.encoding = q.name+"/"+encoding, encoding
			against(b, s, q)
		}
	}
	against(b, s, asked{
		name: "304", encoding: "gzip", headers: []string{"If-None-Match", tag}, status: 304,
		targets: []string{"/api/feedback/"},
	})
}

// records returns the paths of all records: more than are kept, where they are asked in turn.
func (s *service) records(b *testing.B) (paths []string) {
	b.Helper()
	for _, row := range s.get("/api/feedback/").list(b) {
		paths = append(paths, "/api/feedback/"+row.ID)
	}
	return paths
}

// round is how many requests the floor and the service get in turn, so that both meet the same load
// of the machine.
const round = 500

// against measures the floor and the service.
func against(b *testing.B, s *service, q asked) {
	b.Run(q.name, func(b *testing.B) {
		floor := httptest.NewServer(recorded(b, s, q))
		defer floor.Close()
		server := httptest.NewServer(s)
		defer server.Close()
		client := &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true},
		}
		defer client.CloseIdleConnections()
		var wall, cpu [2]time.Duration
		rounds := 0
		for b.Loop() {
			for i, url := range []string{floor.URL, server.URL} {
				start, before := time.Now(), cpuTime(b)
				q.load(b, client, url, rounds*round)
				wall[i] += time.Since(start)
				cpu[i] += cpuTime(b) - before
			}
			rounds++
		}
		each := float64(rounds * round * int(time.Microsecond))
		b.ReportMetric(float64(wall[0])/float64(wall[1]), "×floor")
		b.ReportMetric(float64(cpu[0])/float64(cpu[1]), "×floor-by-CPU")
		b.ReportMetric(float64(cpu[0])/each, "floor-CPU-µs")
		b.ReportMetric(float64(cpu[1])/each, "CPU-µs")
	})
}

// cpuTime returns the CPU time of this process, in which client and server run. The ratio of CPU
// times is stable even on a busy machine.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// load sends a round of requests to a server, beginning with the target whose number is first.
func (q asked) load(b *testing.B, client *http.Client, url string, first int) {
	b.Helper()
	var turn atomic.Int64
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for n := turn.Add(1); n <= round; n = turn.Add(1) {
				target := q.targets[(first+int(n))%len(q.targets)]
				r, _ := http.NewRequest(http.MethodGet, url+target, nil)
				q.describe(r)
				response, err := client.Do(r)
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if err != nil || response.StatusCode != max(q.status, 200) {
					b.Error(target, response.Status, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func (q asked) describe(r *http.Request) {
	r.Header.Set("Accept-Encoding", q.encoding)
	for i := 0; i < len(q.headers); i += 2 {
		r.Header.Set(q.headers[i], q.headers[i+1])
	}
}

// recorded answers each target with the bytes that the service answered before.
func recorded(b *testing.B, s *service, q asked) http.Handler {
	b.Helper()
	type answer struct {
		header http.Header
		status int
		body   []byte
	}
	answers := map[string]answer{}
	for _, target := range q.targets {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		q.describe(r)
		a := s.send(r)
		a.Header.Set("Content-Length", fmt.Sprint(len(a.body)))
		if a.StatusCode == http.StatusNotModified {
			a.Header.Del("Content-Length")
		}
		answers[strings.TrimSuffix(target, "?")] = answer{a.Header, a.StatusCode, []byte(a.body)}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := answers[r.RequestURI]
		header := w.Header()
		for name, values := range a.header {
			header[name] = values
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
	})
}
