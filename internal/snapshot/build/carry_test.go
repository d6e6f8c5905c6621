package build_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/snapshot/snaptest"
	"voc/internal/voctest"
)

// A fork carries rows over from JSON, while Put takes a Feedback. For equal rows both
// make the same file.
func TestForkEqualsParent(t *testing.T) {
	t.Parallel()
	awkward := snaptest.Cells{
		"nothing": `{}`,
		"texts": `{"Notes":"before\u0000after \ud83d 😀","Resolution Notes":"\r\n=1+1",
			"Status":"\u0000","Source":"\""}`,
		"trimmed": `{"Notes":"\t same \r\n","Resolution Notes":" same"}`,
		"nbsp":    `{"Notes":"\u00a0same\u00a0","Resolution Notes":"same"}`,
		"areas":   `{"Area Impacted":["a b","", "a, b", "é\u0000,", "3,2", " "]}`,
		"area":    `{"Area Impacted":["a"]}`,
		"initial": `{"Initial Description":"one","Notes":"two","Resolution Notes":"three"}`,
		"times": `{"Created":"0001-01-01","Last Modified Time":"9999-12-31T23:59:59.999Z",
			"Time to In Progress":0.1}`,
	}
	for i, issue := range []string{
		"0", "-0", "0.1", "1e21", "1e-7", "5e-324", "1.7976931348623157e308", "9007199254740993",
		"0.30000000000000004", "123456789.12345678", `"12"`, `"x"`, "null",
	} {
		awkward[fmt.Sprint("issue", i)] = `{"Issue":` + issue + `}`
	}
	var rows []build.Row
	for id, text := range awkward {
		rows = append(rows, snaptest.Row(id, text))
	}
	rows = append(rows, snaptest.Rows(t, voctest.Sample(t))...)
	put := snaptest.Seal(t, snaptest.PutAll(t, rows))
	fork, _ := snaptest.Start(t, snaptest.Open(t, put.Path), true)
	carried := snaptest.Seal(t, fork)
	if carried.SHA256 != put.SHA256 || carried.Source.SHA256 != put.Source.SHA256 {
		t.Errorf("the fork is another file, of %d bytes instead of %d", carried.Bytes, put.Bytes)
	}
}

// A file of format 3 is both parts. A fork of it makes the files that a fork of two parts
// does.
func TestForkOfFormat3(t *testing.T) {
	t.Parallel()
	put := snaptest.Seal(t, snaptest.PutAll(t, snaptest.Rows(t, voctest.Sample(t))))
	path := snaptest.Format3(t, put)
	file := snaptest.Open(t, path)
	source, err := snapshot.OpenOriginals(path)
	snaptest.Check(t, err)
	defer source.Close()
	parent := &build.Parent{Serve: file, Source: source}
	fork, err := build.Fork(t.Context(), snaptest.TempDir(t), parent)
	snaptest.Check(t, err)
	defer fork.Discard()
	carried := snaptest.Seal(t, fork)
	if carried.SHA256 != put.SHA256 || carried.Source.SHA256 != put.Source.SHA256 {
		t.Errorf("the fork is another file, of %d bytes instead of %d", carried.Bytes, put.Bytes)
	}
	if diff := cmp.Diff(put.Filled, carried.Filled); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkSealFork seals what an incremental makes: the sample with 50 rows put again.
func BenchmarkSealFork(b *testing.B) {
	rows := snaptest.Sample(b)
	parent := snaptest.Open(b, snaptest.Seal(b, snaptest.PutAll(b, rows)).Path)
	b.ReportAllocs()
	var used int64
	var sealed snapshot.Sealed
	for b.Loop() {
		started := processorTime(b)
		fork, _ := snaptest.Start(b, parent, true)
		for _, row := range rows[:50] {
			snaptest.Check(b, fork.Put(b.Context(), row))
		}
		sealed = snaptest.Seal(b, fork)
		used += processorTime(b) - started
	}
	b.ReportMetric(float64(used)/1e6/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(sealed.Bytes)/1e6, "MB-file")
}
