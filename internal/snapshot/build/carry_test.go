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

// A fork that cannot amend its parent carries rows over from JSON, while Put takes a Feedback. For
// equal rows both make the same file.
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
	between := snaptest.Row("between", `{"Created":"2000-01-01"}`)
	parent := snaptest.Open(t, snaptest.Seal(t, snaptest.PutAll(t, rows)))
	put := snaptest.Seal(t, snaptest.PutAll(t, append(rows, between)))
	fork, _ := snaptest.Start(t, parent, true)
	snaptest.Check(t, fork.Put(t.Context(), between))
	carried := snaptest.Seal(t, fork)
	for kind, part := range carried.Parts {
		if part.SHA256 != put.Parts[kind].SHA256 {
			t.Errorf("%s is another file, of %d bytes instead of %d", kind, part.Bytes,
				put.Parts[kind].Bytes)
		}
	}
}

// A parent of format 4 does not have what its rows come to, so all of them must be put again.
func TestForkOfFormat4(t *testing.T) {
	t.Parallel()
	rows := snaptest.Rows(t, voctest.Sample(t))
	file := snaptest.Open(t, snaptest.Seal(t, snaptest.PutAll(t, rows)))
	parent := snaptest.Open(t, snaptest.Format4(t, file))
	fork, _ := snaptest.Start(t, parent, true)
	for _, row := range rows {
		snaptest.Check(t, fork.Put(t.Context(), row))
	}
	diff, err := fork.Diff(t.Context())
	if diff.Any() || err != nil || diff.Unchanged != len(rows) {
		t.Errorf("%+v, %v", diff, err)
	}
	sealed := snaptest.Seal(t, fork)
	if diff := cmp.Diff(file.Sealed.Contents, sealed.Contents); diff != "" {
		t.Error(diff)
	}
	fork, _ = snaptest.Start(t, parent, true)
	if _, err = fork.Seal(t.Context(), snapshot.Meta{}); err == nil {
		t.Error("a fork that lost all rows is sealed")
	}
}
