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
	"voc/internal/voctest"
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
		removeParts(b, snaptest.Seal(b, draft))
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
		removeParts(b, sealed)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(time.Microsecond)/float64(b.N*len(rows)), "µs/record")
	b.ReportMetric(float64(used)/1e6/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(grown)/1e6, "MB-grown")
	b.ReportMetric(megabytes(sealed), "MB-files")
}

// BenchmarkSealFork seals what an incremental makes of one edited record, and in proportion to a
// full seal: ratio is the one processor time divided by the other.
func BenchmarkSealFork(b *testing.B) {
	for name, lines := range map[string][][]byte{
		"whole": voctest.Whole(b), "size=50000": voctest.First(b, 50_000),
	} {
		b.Run(name, func(b *testing.B) {
			rows := snaptest.Rows(b, lines)
			draft := snaptest.PutAll(b, rows)
			started := processorTime(b)
			full := snaptest.Seal(b, draft)
			whole := processorTime(b) - started
			parent := snaptest.Open(b, full)
			edited := rows[len(rows)/2]
			edited.Feedback.Status, edited.Feedback.Notes = "edited", "These notes were edited."
			b.ReportAllocs()
			var used int64
			for b.Loop() {
				fork, _ := snaptest.Start(b, parent, true)
				snaptest.Check(b, fork.Put(b.Context(), edited))
				started := processorTime(b)
				sealed := snaptest.Seal(b, fork)
				used += processorTime(b) - started
				removeParts(b, sealed)
			}
			b.ReportMetric(float64(used)/1e6/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(used)/float64(b.N)/float64(whole), "ratio")
		})
	}
}

// megabytes returns the size of all parts.
func megabytes(sealed snapshot.Sealed) (size float64) {
	for _, part := range sealed.Parts {
		size += float64(part.Bytes) / 1e6
	}
	return size
}

func removeParts(b *testing.B, sealed snapshot.Sealed) {
	b.Helper()
	for _, part := range sealed.Parts {
		snaptest.Check(b, os.Remove(part.Path))
	}
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
