package httpapi_test

import (
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"voc/internal/voctest"
)

// BenchmarkAgainstFloor requests over loopback with 32 connections, and reports the speed
// relative to the floor: the same server with a handler that only repeats recorded responses.
func BenchmarkAgainstFloor(b *testing.B) {
	s := serveSample(b)
	ids, pages, words := s.records(b), voctest.Pages(), voctest.Searches()
	list := []string{"/api/feedback/"}
	word := []string{"/api/feedback/?limit=50&q=credit"}
	for _, encoding := range []string{"gzip", "br", "identity"} {
		for _, load := range []struct {
			name    string
			targets []string
		}{
			{"whole list", list},
			{"facets", []string{"/api/feedback/facets"}},
			{"record/one", ids[:1]},
			{"record/all in turn", ids},
			{"three filters/one", pages[:1]},
			{"three filters/all in turn", pages},
			{"word/one", word},
			{"word/all in turn", words},
		} {
			b.Run(load.name+"/"+encoding, func(b *testing.B) {
				compare(b, s, voctest.Load{Encoding: encoding, Targets: load.targets})
			})
		}
	}
	b.Run("304/gzip", func(b *testing.B) {
		compare(b, s, voctest.Load{Encoding: "gzip", ETag: s.tag(list[0]), Targets: list})
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

// round is how many requests the floor and the service get in turn.
const round = 500

// compare measures the floor and the service.
func compare(b *testing.B, s *service, load voctest.Load) {
	server := httptest.NewServer(s)
	defer server.Close()
	floor := httptest.NewServer(voctest.Repeat(load.Record(b, server.URL)))
	defer floor.Close()
	var wall, cpu [2]time.Duration
	rounds := 0
	for b.Loop() {
		for i, url := range []string{floor.URL, server.URL} {
			start, before := time.Now(), cpuTime(b)
			load.Send(b, url, rounds*round, round)
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
