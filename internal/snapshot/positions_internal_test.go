package snapshot

import (
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"
)

// TestPositionSet compares sets of positions on few and on far pages with what the bitmap says.
func TestPositionSet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		position := rapid.OneOf(rapid.Uint32Range(0, 300_000),
			rapid.SampledFrom([]uint32{0, 1<<16 - 1, 1 << 16, 1 << 24, 1<<32 - 1}))
		positions := rapid.SliceOfN(position, 0, 300).Draw(t, "positions")
		records := rapid.SampledFrom([]int{1, 5830}).Draw(t, "records")
		m := newPositionSet(roaring.BitmapOf(positions...), records)
		for _, pos := range append(positions, rapid.SliceOf(position).Draw(t, "others")...) {
			if m.has(pos) != m.set.Contains(pos) {
				t.Fatalf("%d: %t", pos, m.has(pos))
			}
		}
	})
}
