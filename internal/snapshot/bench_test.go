package snapshot_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/voctest"
)

// sampleRows are the rows of the whole sample, mapped.
func sampleRows(b *testing.B) []snapshot.Row {
	b.Helper()
	var rows []snapshot.Row
	for _, line := range voctest.Whole(b) {
		var record struct {
			ID     string          `json:"id"`
			Fields json.RawMessage `json:"fields"`
		}
		check(b, json.Unmarshal(line, &record))
		rows = append(rows, row(record.ID, string(record.Fields)))
	}
	return rows
}

func putAll(b *testing.B, rows []snapshot.Row) *snapshot.Draft {
	b.Helper()
	draft, _ := start(b, nil, false)
	for _, r := range rows {
		check(b, draft.Put(b.Context(), r))
	}
	return draft
}

// BenchmarkPut puts one record.
func BenchmarkPut(b *testing.B) {
	rows := sampleRows(b)
	draft, _ := start(b, nil, false)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		check(b, draft.Put(b.Context(), rows[n%len(rows)]))
	}
}

// BenchmarkSeal seals a draft of the whole sample. MB-grown is the growth of the process's resident memory at its peak, of which B/op knows only Go's part.
func BenchmarkSeal(b *testing.B) {
	rows := sampleRows(b)
	var sealed snapshot.Sealed
	var grown int64
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		draft := putAll(b, rows)
		before := memory(b, "VmRSS")
		check(b, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)) // forget the peak so far
		b.StartTimer()
		sealed = seal(b, draft)
		b.StopTimer()
		grown = max(grown, memory(b, "VmHWM")-before)
		check(b, os.Remove(sealed.Path))
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(time.Microsecond)/float64(b.N*len(rows)), "µs/record")
	b.ReportMetric(float64(grown)/1e6, "MB-grown")
	b.ReportMetric(float64(sealed.Bytes)/1e6, "MB-file")
}

// memory is a figure of this process's memory in bytes.
func memory(b *testing.B, figure string) (bytes int64) {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	check(b, err)
	_, after, _ := strings.Cut(string(status), figure+":")
	if _, err := fmt.Sscan(after, &bytes); err != nil {
		b.Fatal(err)
	}
	return bytes << 10 // it is told in kB
}

// BenchmarkDetail reads one record of the whole sample by its id.
func BenchmarkDetail(b *testing.B) {
	rows := sampleRows(b)
	file := open(b, seal(b, putAll(b, rows)).Path)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if _, err := file.Detail(b.Context(), rows[n%len(rows)].Feedback.ID); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPage reads the newest 50 of one priority, in snapshots of so many records.
func BenchmarkPage(b *testing.B) {
	all := sampleRows(b)
	for _, size := range []int{len(all) / 10, len(all)} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			file := open(b, seal(b, putAll(b, all[:size])).Path)
			filter := feedback.Filter{Any: are{"priority": {"high"}}}
			b.ReportAllocs()
			for b.Loop() {
				if n := len(list(b, file, filter, 50)); n != 50 {
					b.Fatalf("%d records", n)
				}
			}
		})
	}
}

// BenchmarkCountFiltered counts two environments of one priority, in snapshots of so many records.
func BenchmarkCountFiltered(b *testing.B) {
	all := sampleRows(b)
	for _, size := range []int{len(all) / 10, len(all)} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			file := open(b, seal(b, putAll(b, all[:size])).Path)
			filter := feedback.Filter{Any: are{"priority": {"high"}, "environment": {"CW 1.0", "CW 2.0"}}}
			b.ReportAllocs()
			for b.Loop() {
				if n, err := count(b.Context(), file, filter); n == 0 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
