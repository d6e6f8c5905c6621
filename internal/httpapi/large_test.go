package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"voc/internal/blob/dirblob"
	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/voctest"
)

// large is the largest number of records of an Airtable table.
const large = 500_000

// BenchmarkHalfAMillion compares a table of 500,000 records with the whole sample: the cost of a
// page of 50 after the first, and the memory that a request adds to the process. The snapshot
// repeats the sample's records with other ids and times; it takes minutes and 10 GB of disk, so
// it is built only for this benchmark (make bench-scale).
func BenchmarkHalfAMillion(b *testing.B) {
	small, big := serveSample(b), serveLarge(b)
	for _, query := range []string{
		"", "environment=cw+2.0&priority=medium&team=triage", "sort=issue_number",
		"sort=-priority&status=done", "q=credit", "created_from=2025-06-01",
	} {
		b.Run("page after the first/"+query, func(b *testing.B) {
			var took [2]float64
			for i, s := range []*service{small, big} {
				b.Run([]string{"size=5830", "size=500000"}[i], func(b *testing.B) {
					s.t = b
					pages := s.pagesAfter(b, query)
					before := cpuTime(b)
					for b.Loop() {
						pages()
					}
					took[i] = float64(cpuTime(b)-before) / float64(b.N)
					if i == 1 {
						b.ReportMetric(took[1]/took[0], "×small-by-CPU")
					}
				})
			}
		})
	}
	for _, q := range []struct{ target, encoding string }{
		{"/api/feedback/", "identity"}, {"/api/feedback/", "gzip"}, {"/api/feedback/?format=csv", "gzip"},
		{"/api/feedback/?priority=low", "identity"}, {"/api/feedback/?sort=-modified", "br"},
		{"/api/feedback/?q=credit&limit=50", "gzip"},
		{"/api/feedback/?q=credit&sort=relevance&limit=50", "gzip"},
		{"/api/feedback/?sort=area_impacted&limit=1000", "br"},
		{"/api/feedback/facets?priority=high&q=credit", "gzip"}, {"/api/feedback/facets", "gzip"},
		{"/api/customer-pulse", "gzip"},
	} {
		b.Run("memory/"+q.target+"/"+q.encoding, func(b *testing.B) {
			var most int64
			for b.Loop() {
				most = max(most, big.keeps(b, q.target, q.encoding))
			}
			b.ReportMetric(float64(most)/1e6, "MB-kept")
		})
	}
}

func serveLarge(b *testing.B) *service {
	b.Helper()
	s := newServiceOver(b, must(dirblob.Open(b.TempDir())), &clock{now: noon})
	s.Log = slog.New(slog.DiscardHandler)
	s.publish(sealLarge(b), fullRun())
	return s
}

// pagesAfter requests pages after the first in turn, without the cache of answers.
func (s *service) pagesAfter(b *testing.B, query string) func() {
	b.Helper()
	var next []*http.Request
	for target := "/api/feedback/?" + query + "&limit=50"; len(next) < 100; {
		a := s.get(target)
		a.is(b, 200)
		if target = a.nextPage(b); target == "" {
			break
		}
		next = append(next, httptest.NewRequest(http.MethodGet, target, nil))
	}
	if next = next[:len(next)-1]; len(next) == 0 { // the last page may be a short one
		b.Fatalf("%q has no pages", query)
	}
	n := 0
	return func() {
		w := &discard{header: http.Header{}}
		s.ForgetAnswers()
		s.ServeHTTP(w, next[n%len(next)])
		n++
	}
}

// keeps returns the memory in bytes that the process holds for a request, besides garbage.
func (s *service) keeps(b *testing.B, target, encoding string) int64 {
	b.Helper()
	s.ForgetAnswers()
	debug.FreeOSMemory()
	w := &weighed{b: b, before: memory(b, "VmRSS")}
	w.header = http.Header{}
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Accept-Encoding", encoding)
	s.ServeHTTP(w, r)
	if w.status >= 400 || w.bytes == 0 {
		b.Fatal(target, w.status)
	}
	return w.most
}

// weighed discards a response, and measures the process at its first byte and every 32 MB.
type weighed struct {
	discard
	b            *testing.B
	before, most int64
	next         int
}

func (w *weighed) Write(p []byte) (int, error) {
	if w.bytes >= w.next {
		debug.FreeOSMemory()
		w.most = max(w.most, memory(w.b, "VmRSS")-w.before)
		w.next = w.bytes + 32<<20
	}
	return w.discard.Write(p)
}

// memory returns a memory figure of this process in bytes.
func memory(b *testing.B, figure string) (bytes int64) {
	b.Helper()
	_, after, _ := strings.Cut(string(must(os.ReadFile("/proc/self/status"))), figure+":")
	if _, err := fmt.Sscan(after, &bytes); err != nil {
		b.Fatal(err)
	}
	return bytes << 10 // /proc has kB
}

// sealLarge seals the snapshot.
func sealLarge(b *testing.B) fixture {
	b.Helper()
	dir, ctx := filepath.Join(scratch, "large"), context.Background()
	check(os.Mkdir(dir, 0o700))
	draft := must(build.New(ctx, dir, nil))
	records := decodeRecords(b, voctest.Whole(b))
	for n := range large {
		r := records[n%len(records)]
		copied := feedback.Record{
			ID:          fmt.Sprintf("%s%03d", r.ID, n/len(records)),
			CreatedTime: r.CreatedTime,
			Fields:      r.Fields,
		}
		f := mapping().Map(copied)
		f.Created = f.Created.Add(time.Duration(n/len(records)) * time.Second)
		fields := must(json.Marshal(r.Fields))
		check(
			draft.Put(
				ctx,
				build.Row{
					Feedback: f,
					Source: snapshot.Source{
						ID:          f.ID,
						CreatedTime: f.Created,
						Fields:      fields,
						Digest:      []byte{1},
						Computed:    []byte{2},
					},
				},
			),
		)
	}
	started := time.Now()
	sealed := must(
		draft.Seal(ctx, snapshot.Meta{Base: base, Mapping: json.RawMessage("{}"), CreatedAt: noon}),
	)
	b.Logf(
		"sealed %d records in %v: %d MB", sealed.Records, time.Since(started).Round(time.Second),
		sealed.Bytes()>>20,
	)
	return fixture{Sealed: sealed}
}
