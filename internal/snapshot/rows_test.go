package snapshot_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
	"voc/internal/voctest"
)

// TestCachedRows compares lists, plain and as gzip, some of whose rows are cached, with the rows
// that they show.
// gzip.Reader checks the CRC and the size.
func TestCachedRows(t *testing.T) {
	t.Parallel()
	rows := snaptest.Rows(t, voctest.Records(t))
	file := snaptest.Open(t, snaptest.Seal(t, snaptest.PutAll(t, rows)))
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		positions := make([]uint32, n%30)
		for i := range positions {
			positions[i] = 1<<20 + random.Uint32N(uint32(file.Records()))
		}
		var want []string
		for json, err := range file.Summaries(t.Context(), positions) {
			snaptest.Check(t, err)
			want = append(want, string(json))
		}
		wanted := "[" + strings.Join(want, ",\n") + "]\n"
		frame := snapshot.Frame{Header: "[", Separator: ",\n", Footer: "]\n"}
		plain, err := file.PlainRows(t.Context(), nil, positions, frame)
		if err != nil || string(plain) != wanted {
			t.Fatalf("%d: %d bytes, %v, want %d", n, len(plain), err, len(wanted))
		}
		packed, err := file.GzipRows(t.Context(), nil, positions, frame)
		snaptest.Check(t, err)
		z, err := gzip.NewReader(bytes.NewReader(packed))
		snaptest.Check(t, err)
		got, err := io.ReadAll(z)
		if err != nil || string(got) != wanted {
			t.Fatalf("%d: %d bytes, %v, want %d", n, len(got), err, len(wanted))
		}
	}
}

// TestCachedPage: a page whose filter values, part of a ranking and rows other pages had is made
// without a statement, so it is made even when the file is closed.
func TestCachedPage(t *testing.T) {
	t.Parallel()
	rows := snaptest.Rows(t, voctest.Records(t))
	file := snaptest.Open(t, snaptest.Seal(t, snaptest.PutAll(t, rows)))
	frame := snapshot.Frame{Header: "[", Separator: ",\n", Footer: "]\n"}
	page := func(priority string) (plain, packed []byte) {
		t.Helper()
		filter := feedback.Filter{Any: snaptest.Any{"priority": {priority}}}
		selection, err := file.Select(t.Context(), filter)
		snaptest.Check(t, err)
		page, err := selection.Page(t.Context(), "-modified", 0, 20)
		snaptest.Check(t, err)
		plain, err = file.PlainRows(t.Context(), nil, page.Positions, frame)
		snaptest.Check(t, err)
		packed, err = file.GzipRows(t.Context(), nil, page.Positions, frame)
		snaptest.Check(t, err)
		return plain, packed
	}
	plain, packed := page("high")
	snaptest.Check(t, file.Close())
	plainAgain, packedAgain := page("high")
	if !bytes.Equal(plain, plainAgain) || !bytes.Equal(packed, packedAgain) || len(plain) < 5000 {
		t.Errorf("%d and %d bytes, then %d and %d", len(plain), len(packed), len(plainAgain),
			len(packedAgain))
	}
}
