package snapshot_test

import (
	"fmt"
	"testing"

	"voc/internal/feedback"
	"voc/internal/snapshot/snaptest"
)

// BenchmarkDetail reads one record of the whole sample by its id.
func BenchmarkDetail(b *testing.B) {
	rows := snaptest.Sample(b)
	file := snaptest.Open(b, snaptest.Seal(b, snaptest.PutAll(b, rows)))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if _, err := file.Detail(b.Context(), rows[n%len(rows)].Feedback.ID); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPage reads the newest 50 of one priority, by size of the snapshot.
func BenchmarkPage(b *testing.B) {
	all := snaptest.Sample(b)
	for _, size := range []int{len(all) / 10, len(all)} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			file := snaptest.Open(b, snaptest.Seal(b, snaptest.PutAll(b, all[:size])))
			filter := feedback.Filter{Any: snaptest.Any{"priority": {"high"}}}
			b.ReportAllocs()
			for b.Loop() {
				if n := len(snaptest.List(b, file, filter, 50)); n != 50 {
					b.Fatalf("%d records", n)
				}
			}
		})
	}
}

// BenchmarkCountFiltered counts two environments of one priority, by size of the
// snapshot.
func BenchmarkCountFiltered(b *testing.B) {
	all := snaptest.Sample(b)
	for _, size := range []int{len(all) / 10, len(all)} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			file := snaptest.Open(b, snaptest.Seal(b, snaptest.PutAll(b, all[:size])))
			filter := feedback.Filter{Any: snaptest.Any{
				"priority": {"high"}, "environment": {"CW 1.0", "CW 2.0"},
			}}
			b.ReportAllocs()
			for b.Loop() {
				if n, err := snaptest.Count(b.Context(), file, filter); n == 0 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
