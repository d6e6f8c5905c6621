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
)

// large is the most records that a table of Airtable holds.
const large = 500_000

// BenchmarkHalfAMillion compares with the real sample: what a page of 50 costs that is not the first of its walk, and what a request of each kind adds to the memory
// of the process. The snapshot, the sample's records again and again with other ids and times, takes minutes to make and 10 GB of disk: it is only made when this
// benchmark is named, go test -run '^$' -bench HalfAMillion -timeout 1h ./internal/httpapi.
func BenchmarkHalfAMillion(b *testing.B) {
	small, big := serveSample(b), serveLarge(b)
	for _, query := range []string{"", "environment=cw+2.0&priority=high&team=triage", "sort=issue_number", "sort=priority&status=done", "q=credit", "created_from=2025-06-01&area=Mortgage"} {
		b.Run("page after the first/"+query, func(b *testing.B) {
			var took [2]float64
			for i, s := range []*service{small, big} {
				b.Run([]string{"size=5830", "size=500000"}[i], func(b *testing.B) {
					s.t = b
					next := s.pageAfter(b, query)
					w := &thrown{header: http.Header{}}
					before, n := burnt(b), 0
					for b.Loop() {
						r := httptest.NewRequest(http.MethodGet, next[n%len(next)], nil)
						clear(w.header)
						s.ServeHTTP(w, r)
						n++
					}
					took[i] = float64(burnt(b)-before) / float64(n)
					if i == 1 {
						b.ReportMetric(took[1]/took[0], "×small-by-CPU")
					}
				})
			}
		})
	}
	for name, headers := range map[string][]string{
		"/api/feedback/": {"identity"}, "/api/feedback/?": {"gzip"}, "/api/feedback/?format=csv": {"gzip"}, "/api/feedback/?priority=low": {"identity"},
		"/api/feedback/?sort=-modified": {"br"}, "/api/feedback/?q=credit&limit=50": {"gzip"}, "/api/feedback/?q=credit&sort=relevance&limit=50": {"gzip"},
		"/api/feedback/?sort=area_impacted&limit=1000": {"br"}, "/api/feedback/facets?priority=high&q=credit": {"gzip"}, "/api/feedback/facets": {"gzip"}, "/api/customer-pulse": {"gzip"},
	} {
		b.Run("memory/"+name+"/"+headers[0], func(b *testing.B) {
			var grown int64
			for b.Loop() {
				grown = max(grown, big.grows(b, name, headers[0]))
			}
			b.ReportMetric(float64(grown)/1e6, "MB-grown")
		})
	}
}

func serveLarge(b *testing.B) *service {
	b.Helper()
	s := newServiceOver(b, must(dirblob.Open(b.TempDir())))
	s.Log = slog.New(slog.DiscardHandler)
	s.publish(sealLarge(b), fullRun())
	return s
}

// pageAfter are targets of pages that follow others, deep in a walk, each with a place of its own.
func (s *service) pageAfter(b *testing.B, query string) (targets []string) {
	b.Helper()
	target := "/api/feedback/?" + query + "&limit=50"
	for range 40 {
		a := s.get(target)
		a.is(b, 200)
		if target = a.nextPage(b); target == "" {
			break
		}
		targets = append(targets, target)
	}
	return targets
}

// grows is what a request adds to the resident memory of the process at its peak, in bytes, garbage included.
func (s *service) grows(b *testing.B, target, encoding string) int64 {
	b.Helper()
	debug.FreeOSMemory()
	check(os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)) // forget the peak so far
	before := memory(b, "VmRSS")
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := &thrown{header: http.Header{}}
	s.ServeHTTP(w, r)
	if w.status >= 400 {
		b.Fatal(target, w.status)
	}
	return memory(b, "VmHWM") - before
}

// memory is a figure of this process's memory in bytes.
func memory(b *testing.B, figure string) (bytes int64) {
	b.Helper()
	_, after, _ := strings.Cut(string(must(os.ReadFile("/proc/self/status"))), figure+":")
	if _, err := fmt.Sscan(after, &bytes); err != nil {
		b.Fatal(err)
	}
	return bytes << 10 // it is told in kB
}

// sealLarge makes the snapshot.
func sealLarge(b *testing.B) snapshot.Sealed {
	b.Helper()
	dir, ctx := filepath.Join(scratch, "large"), context.Background()
	check(os.Mkdir(dir, 0o700))
	draft := must(snapshot.NewDraft(ctx, dir, nil))
	records := readSample(1)
	for n := range large {
		r := records[n%len(records)]
		copied := feedback.Record{ID: fmt.Sprintf("%s%03d", r.ID, n/len(records)), CreatedTime: r.CreatedTime, Fields: r.Fields}
		f := mapping().Map(copied)
		f.Created = f.Created.Add(time.Duration(n/len(records)) * time.Second)
		fields := must(json.Marshal(r.Fields))
		check(draft.Put(ctx, snapshot.Row{Feedback: f, Source: snapshot.Source{ID: f.ID, CreatedTime: f.Created, Fields: fields, Digest: []byte{1}, Computed: []byte{2}}}))
	}
	started := time.Now()
	sealed := must(draft.Seal(ctx, snapshot.Meta{Base: base, Mapping: json.RawMessage("{}"), CreatedAt: noon}))
	b.Logf("sealed %d records in %v: %d MB", sealed.Records, time.Since(started).Round(time.Second), sealed.Bytes>>20)
	return sealed
}
