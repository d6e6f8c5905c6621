package snapshot_test

import (
	"fmt"
	"os"
	"testing"
)

// BenchmarkSealTiny seals a draft of four records: what a refresh costs whatever the table holds.
func BenchmarkSealTiny(b *testing.B) {
	const records = 4
	b.ReportAllocs()
	for b.Loop() {
		draft, _ := start(b, nil, false)
		for i := range records {
			id := fmt.Sprintf("rec%014d", i)
			check(b, draft.Put(b.Context(), row(id, `{"Notes": "some text"}`)))
		}
		check(b, os.Remove(seal(b, draft).Path))
	}
}
