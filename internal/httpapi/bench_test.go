package httpapi_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/voctest"
)

// serveSample serves the whole sample and logs nothing.
func serveSample(b *testing.B) *service {
	b.Helper()
	s := newService(b)
	s.Log = slog.New(slog.DiscardHandler)
	s.publish(whole(b), fullRun())
	return s
}

// BenchmarkWholeList downloads over loopback, because the kernel sends the precomputed list.
// naive is the cost without a snapshot: read, decode, map and encode each row, without
// compression.
func BenchmarkWholeList(b *testing.B) {
	s := serveSample(b)
	var naiveWall, naiveCPU float64
	for _, c := range []struct {
		name, encoding string
		handler        http.Handler
	}{
		{"naive", "identity", naiveHandler(originals(b))}, {"gzip", "gzip", s}, {"br", "br", s},
		{"identity", "identity", s},
	} {
		b.Run(c.name, func(b *testing.B) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			size := download(b, server, c.encoding) // lays the list ready
			b.SetBytes(size)
			before := cpuTime(b)
			for b.Loop() {
				download(b, server, c.encoding)
			}
			wall, cpu := float64(b.Elapsed())/float64(b.N), float64(cpuTime(b)-before)/float64(b.N)
			if c.name == "naive" {
				naiveWall, naiveCPU = wall, cpu
			}
			b.ReportMetric(naiveWall/wall, "×naive")
			b.ReportMetric(naiveCPU/cpu, "×naive-by-CPU")
		})
	}
}

func download(b *testing.B, server *httptest.Server, encoding string) int64 {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URL+"/api/feedback/", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", encoding)
	response, err := server.Client().Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	size, err := io.CopyBuffer(
		struct{ io.Writer }{io.Discard}, response.Body, make([]byte, 256<<10),
	) // a client that takes what there is
	if err != nil || response.StatusCode != http.StatusOK || size < leastWhole() {
		b.Fatal(response.Status, size, err)
	}
	return size
}

// originals opens the records of the whole sample as Airtable sent them.
func originals(b *testing.B) *snapshot.Originals {
	b.Helper()
	source := must(snapshot.OpenOriginals(whole(b).Parts[snapshot.Sources].Path))
	b.Cleanup(func() { source.Close() })
	return source
}

func naiveHandler(originals *snapshot.Originals) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		separator := "["
		for source, err := range originals.All(r.Context()) {
			check(err)
			record := feedback.Record{ID: source.ID, CreatedTime: source.CreatedTime}
			check(json.Unmarshal(source.Fields, &record.Fields))
			io.WriteString(w, separator)
			w.Write(mapping().Map(record).Summary())
			separator = ",\n"
		}
		io.WriteString(w, "]\n")
	})
}

// The other benchmarks call the handler without a connection, to measure its work alone.

func BenchmarkNotModified(b *testing.B) {
	s := serveSample(b)
	for name, target := range map[string]string{
		"whole": "/api/feedback/", "filtered": "/api/feedback/?team=triage&priority=high",
	} {
		b.Run(name, func(b *testing.B) { s.handle(b, 304, target, "If-None-Match", s.tag(target)) })
	}
}

func BenchmarkFiltered(b *testing.B) {
	s := serveSample(b)
	for name, target := range map[string]string{
		"page of 50":   "/api/feedback/?team=triage&limit=50",
		"three fields": "/api/feedback/?team=triage&priority=high&environment=cw+2.0",
		"none":         "/api/feedback/?team=nobody",
	} {
		for _, encoding := range []string{"identity", "gzip", "br"} {
			b.Run(
				name+"/"+encoding, func(b *testing.B) { s.handle(b, 200, target, "Accept-Encoding", encoding) },
			)
		}
	}
}

func BenchmarkStatus(b *testing.B) {
	s := serveSample(b)
	for name, target := range map[string]string{
		"cache": "/api/cache/", "runs": "/api/cache/runs", "health": "/api/health", "live": "/api/live",
	} {
		b.Run(name, func(b *testing.B) { s.handle(b, 200, target) })
	}
}

// BenchmarkDistinct answers requests that were not sent before.
func BenchmarkDistinct(b *testing.B) {
	s := serveSample(b)
	for name, targets := range map[string][]string{
		"record": s.records(b), "page": voctest.Pages(), "words": voctest.Searches(),
	} {
		for _, encoding := range []string{"identity", "gzip"} {
			b.Run(name+"/"+encoding, func(b *testing.B) {
				b.ReportAllocs()
				w := &discard{header: http.Header{}}
				before := cpuTime(b)
				for n := 0; b.Loop(); n++ {
					if n%len(targets) == 0 {
						s.ForgetAnswers()
					}
					r := httptest.NewRequest(http.MethodGet, targets[n%len(targets)], nil)
					r.Header.Set("Accept-Encoding", encoding)
					clear(w.header)
					s.ServeHTTP(w, r)
				}
				b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N)/1e3, "CPU-µs/op")
				b.ReportMetric(float64(w.bytes)/float64(b.N), "bytes/op")
			})
		}
	}
}

// handle answers one request repeatedly.
func (s *service) handle(b *testing.B, status int, target string, headers ...string) {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		s.ServeHTTP(w, r)
	}
	if w.status != status && (w.status != 0 || status != http.StatusOK) {
		b.Fatal(w.status)
	}
	b.ReportMetric(float64(w.bytes)/float64(b.N), "bytes/op")
}

// discard is a response that is discard away.
type discard struct {
	header http.Header
	status int
	bytes  int
}

func (w *discard) Header() http.Header    { return w.header }
func (w *discard) WriteHeader(status int) { w.status = status }
func (w *discard) Write(p []byte) (int, error) {
	w.bytes += len(p)
	return len(p), nil
}

func BenchmarkOne(b *testing.B) {
	s := serveSample(b)
	rows := s.get("/api/feedback/").list(b)
	for _, encoding := range []string{"identity", "gzip", "br"} {
		b.Run(encoding, func(b *testing.B) {
			w := &discard{header: http.Header{}}
			for n := 0; b.Loop(); n++ {
				r := httptest.NewRequest(http.MethodGet, "/api/feedback/"+rows[n%len(rows)].ID, nil)
				r.Header.Set("Accept-Encoding", encoding)
				clear(w.header)
				s.ServeHTTP(w, r)
			}
		})
	}
}

// leastWhole is below the size of the whole list in any encoding. The records that stand in for the
// sample are repeated, and compress better.
func leastWhole() int64 {
	if os.Getenv("VOC_SAMPLE") == "" {
		return 100 << 10
	}
	return 1 << 20
}
