package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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
	for _, encoding := range []string{"gzip", "br", "identity"} {
		against(
			b, s,
			asked{name: "whole list/" + encoding, encoding: encoding, targets: []string{"/api/feedback/"}},
		)
		against(
			b, s,
			asked{name: "facets/" + encoding, encoding: encoding, targets: []string{"/api/feedback/facets"}},
		)
		against(b, s, asked{name: "record/one/" + encoding, encoding: encoding, targets: ids[:1]})
		against(b, s, asked{name: "record/all in turn/" + encoding, encoding: encoding, targets: ids})
		against(
			b, s, asked{name: "three filters/one/" + encoding, encoding: encoding, targets: pages[:1]},
		)
		against(
			b, s, asked{name: "three filters/all in turn/" + encoding, encoding: encoding, targets: pages},
		)
		against(
			b,
			s,
			asked{
				name:     "word/one/" + encoding,
				encoding: encoding,
				targets:  []string{"/api/feedback/?limit=50&q=credit"},
			},
		)
		against(b, s, asked{name: "word/all in turn/" + encoding, encoding: encoding, targets: words})
	}
	against(
		b,
		s,
		asked{
			name:     "304",
			encoding: "gzip",
			headers:  []string{"If-None-Match", tag},
			status:   304,
			targets:  []string{"/api/feedback/"},
		},
	)
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

// against measures the floor and then the service.
func against(b *testing.B, s *service, q asked) {
	b.Run(q.name, func(b *testing.B) {
		floor := httptest.NewServer(recorded(b, s, q))
		defer floor.Close()
		server := httptest.NewServer(s)
		defer server.Close()
		var wall, cpu [2]float64
		for i, url := range []string{floor.URL, server.URL} {
			b.Run([]string{"floor", "voc"}[i], func(b *testing.B) {
				b.ReportAllocs()
				before := cpuTime(b)
				load(b, url, q)
				wall[i], cpu[i] = float64(b.Elapsed())/float64(b.N), float64(cpuTime(b)-before)/float64(b.N)
				if i == 1 {
					b.ReportMetric(wall[0]/wall[1], "×floor")
					b.ReportMetric(cpu[0]/cpu[1], "×floor-by-CPU")
				}
			})
		}
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

func load(b *testing.B, url string, q asked) {
	client := &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true},
	}
	defer client.CloseIdleConnections()
	var turn atomic.Int64
	b.SetParallelism(connections / 2) // of two cores
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := turn.Add(1)
			target := q.targets[n%int64(len(q.targets))]
			r, _ := http.NewRequest(http.MethodGet, url+target, nil)
			q.describe(r)
			response, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, err = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if err != nil || response.StatusCode != max(q.status, 200) && q.status != 0 ||
				response.StatusCode >= 400 {
				b.Error(target, response.Status, err)
				return
			}
		}
	})
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
