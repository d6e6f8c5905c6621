package snapshot_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
	"voc/internal/voctest"
)

// TestGzipRows compares lists, some of whose rows are kept, with the rows that they show.
// gzip.Reader checks the CRC and the size.
func TestGzipRows(t *testing.T) {
	t.Parallel()
	rows := snaptest.Rows(t, voctest.Records(t))
	file := snaptest.Open(t, snaptest.Seal(t, snaptest.PutAll(t, rows)).Path)
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		positions := make([]uint32, n%30)
		for i := range positions {
			positions[i] = 1 + random.Uint32N(uint32(file.Records()))
		}
		var want []string
		for json, err := range file.Summaries(t.Context(), positions) {
			snaptest.Check(t, err)
			want = append(want, string(json))
		}
		plain, err := file.AppendRows(t.Context(), nil, positions, ",\n")
		if err != nil || string(plain) != strings.Join(want, ",\n") {
			t.Fatalf("%d: %d bytes, %v", n, len(plain), err)
		}
		packed, err := file.GzipRows(t.Context(), nil, positions, snapshot.Frame{
			Header: "[", Separator: ",\n", Footer: "]\n",
		})
		snaptest.Check(t, err)
		z, err := gzip.NewReader(bytes.NewReader(packed))
		snaptest.Check(t, err)
		got, err := io.ReadAll(z)
		if want := "[" + strings.Join(want, ",\n") + "]\n"; err != nil || string(got) != want {
			t.Fatalf("%d: %d bytes, %v, want %d", n, len(got), err, len(want))
		}
	}
}
