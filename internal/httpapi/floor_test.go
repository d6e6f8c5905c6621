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
	ids, pages, words := s.questions(b)
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

// questions returns the paths of all records, of pages with three filters, a date and a sort, and
// of searches for two words: more than are kept, where they are asked in turn.
func (s *service) questions(b *testing.B) (ids, pages, words []string) {
	b.Helper()
	for _, row := range s.get("/api/feedback/").list(b) {
		ids = append(ids, "/api/feedback/"+row.ID)
	}
	for _, team := range pairs(
		"team", "triage,billing,quoting,platform,partner+success,data+services,integrations",
	) {
		for _, priority := range pairs("priority", "high,medium,low") {
			for _, environment := range pairs(
				"environment", "cw+1.0,cw+2.0,affinities+1.0,sme+2.0+-+production,allied+individuals",
			) {
				day := len(pages) % 90
				sort := []string{"-created", "modified", "-priority", "status"}[len(pages)%4]
				from := time.Date(2025, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
				pages = append(pages, "/api/feedback/?limit=50&"+team+"&"+priority+"&"+environment+
					"&created_from="+from+"&sort="+sort)
			}
		}
	}
	for _, two := range pairs(
		"",
		"credit,account,payment,mortgage,escrow,fee,letter,identity,card,loan,bank,report,debt,"+
			"late,call,phone,mail,house,score,dispute,money,refund",
	) {
		for _, priority := range []string{"high", "medium", "low"} {
			words = append(
				words,
				"/api/feedback/?limit=50&priority="+priority+"&q="+strings.NewReplacer("=", "", "&=", "+").
					Replace(two),
			)
		}
	}
	return ids, pages, words
}

// pairs returns filters by two values of a parameter, and by one value twice.
func pairs(name, values string) (all []string) {
	list := strings.Split(values, ",")
	for i, one := range list {
		for _, other := range list[:i+1] {
			all = append(all, name+"="+one+"&"+name+"="+other)
		}
	}
	return all
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
