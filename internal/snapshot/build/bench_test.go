package build_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
)

// BenchmarkSealTiny seals a draft of four records: the fixed cost of a refresh.
func BenchmarkSealTiny(b *testing.B) {
	const records = 4
	b.ReportAllocs()
	for b.Loop() {
		draft, _ := snaptest.Start(b, nil, false)
		for i := range records {
			id := fmt.Sprintf("rec%014d", i)
			snaptest.Check(b, draft.Put(b.Context(), snaptest.Row(id, `{"Notes": "some text"}`)))
		}
		snaptest.Check(b, os.Remove(snaptest.Seal(b, draft).Path))
	}
}

// BenchmarkPut puts one record.
func BenchmarkPut(b *testing.B) {
	rows := snaptest.Sample(b)
	draft, _ := snaptest.Start(b, nil, false)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		snaptest.Check(b, draft.Put(b.Context(), rows[n%len(rows)]))
	}
}

// BenchmarkSeal seals a draft of the whole sample. MB-grown is the peak growth of the
// process's resident memory, while B/op counts only Go's heap.
func BenchmarkSeal(b *testing.B) {
	rows := snaptest.Sample(b)
	var sealed snapshot.Sealed
	var grown, used int64
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		draft := snaptest.PutAll(b, rows)
		before := memory(b, "VmRSS")
		snaptest.Check(b, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)) // forget the peak so far
		started := processorTime(b)
		b.StartTimer()
		sealed = snaptest.Seal(b, draft)
		b.StopTimer()
		used += processorTime(b) - started
		grown = max(grown, memory(b, "VmHWM")-before)
		snaptest.Check(b, os.Remove(sealed.Path))
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(time.Microsecond)/float64(b.N*len(rows)), "µs/record")
	b.ReportMetric(float64(used)/1e6/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(grown)/1e6, "MB-grown")
	b.ReportMetric(float64(sealed.Bytes)/1e6, "MB-file")
}

// processorTime returns the user and system time of this process in nanoseconds.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	snaptest.Check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// memory returns a figure of this process's memory in bytes.
func memory(b *testing.B, figure string) (bytes int64) {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	snaptest.Check(b, err)
	_, after, _ := strings.Cut(string(status), figure+":")
	if _, err := fmt.Sscan(after, &bytes); err != nil {
		b.Fatal(err)
	}
	return bytes << 10 // the figure is in kB
}
