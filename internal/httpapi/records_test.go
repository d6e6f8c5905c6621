package httpapi_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

var mapping = sync.OnceValue(func() feedback.Mapping { return must(feedback.NewMapping("", `{"Billing": "Money"}`)) })

// oneIn is the part of the real sample that tests read. All of it takes seconds, and a minute under the race detector.
const oneIn = 20

// The snapshots that tests share, each sealed when it is first asked for.
var (
	few    = sync.OnceValue(func() snapshot.Sealed { return seal("few", records(48, "first")) })
	others = sync.OnceValue(func() snapshot.Sealed { return seal("others", records(50, "second")) })
	none   = sync.OnceValue(func() snapshot.Sealed { return seal("none", nil) })
	some   = sync.OnceValue(func() snapshot.Sealed { return seal("some", readSample(oneIn)) })
	sample = sync.OnceValue(func() snapshot.Sealed { return seal("sample", readSample(1)) })
)

// records makes n records of about a kilobyte, so that most of them are more than is sent in one piece. They differ in what
// can be filtered; word is in every description.
func records(n int, word string) (all []feedback.Record) {
	teams := []string{"Alpha", "beta", "Ökoteam", "Alpha, Beta & Co", ""}
	environments := []string{"CW 2.0", "Kiosk", ""}
	for i := range n {
		fields := map[string]any{
			"Initial Description": strings.Repeat(fmt.Sprintf("%s <b>%d</b> 日本語 🙂 & more. ", word, i), 24),
			"Priority":            i%3 + 1, "Team Routed": teams[i%len(teams)], "Environment": environments[i%len(environments)],
			"Area Impacted": []string{"Billing"}, "Created": noon.Add(-time.Duration(i/2) * time.Hour), "Issue": i,
		}
		if i%7 == 0 {
			fields["Priority"] = "Urgent"
		}
		if i == 1 {
			fields["Initial Description"] = "short"
		}
		all = append(all, feedback.Record{ID: fmt.Sprintf("rec%014d", i), CreatedTime: noon, Fields: raw(fields)})
	}
	return all
}

func raw(fields map[string]any) map[string]json.RawMessage {
	cells := map[string]json.RawMessage{}
	for name, value := range fields {
		cells[name] = must(json.Marshal(value))
	}
	return cells
}

// readSample reads one of each so many records of the real data beside the repository.
func readSample(each int) (some []feedback.Record) {
	data := must(gzip.NewReader(bytes.NewReader(must(os.ReadFile("../../../shared/data/lead_bugs.jsonl.gz")))))
	lines := bytes.Split(bytes.TrimSpace(must(io.ReadAll(data))), []byte("\n"))
	for i := 0; i < len(lines); i += each {
		var r feedback.Record
		check(json.Unmarshal(lines[i], &r))
		some = append(some, r)
	}
	return some
}

// naive answers a list the long way: it maps each record and encodes what matches, newest first. What the API says must be this, to the byte.
func naive(all []feedback.Record, matches func(feedback.Feedback) bool) (body []byte, total int) {
	var found []feedback.Feedback
	for _, r := range all {
		if f := mapping().Map(r); matches(f) {
			found = append(found, f)
		}
	}
	slices.SortFunc(found, newest)
	rows := make([][]byte, len(found))
	for i, f := range found {
		rows[i] = f.Summary()
	}
	return slices.Concat([]byte("["), bytes.Join(rows, []byte(",\n")), []byte("]\n")), len(found)
}

// newest is the order of the list.
func newest(a, b feedback.Feedback) int {
	return cmp.Or(b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID))
}

// list decodes a list.
func (a answer) list(t testing.TB) (rows []row) {
	t.Helper()
	a.is(t, 200)
	a.decode(t, &rows)
	return rows
}

type row struct {
	ID, Description, Team, Priority, Environment string
}
