package build_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
)

// A snapshot answers the same whether one draft or a chain of forks made it. If no record
// was removed on the way, it is the same file, to the byte.
func TestHistoryDoesNotChangeSnapshot(t *testing.T) {
	snaptest.FewerChecks(t)
	rapid.Check(t, func(t *rapid.T) {
		var sealed snapshot.Sealed
		var parent *snapshot.File
		holds, gone := snaptest.Cells{}, map[string]bool{}
		for range rapid.IntRange(1, 3).Draw(t, "generations") {
			m := newModel(t, parent, holds, rapid.Bool().Draw(t, "fork"))
			for range rapid.IntRange(0, 8).Draw(t, "steps") {
				m.step(t)
			}
			m.agrees(t)
			for id := range holds {
				gone[id] = true
			}
			sealed, holds = snaptest.Seal(t, m.draft), m.holds()
			maps.DeleteFunc(gone, func(id string, _ bool) bool { return holds[id] != "" })
			parent = snaptest.Open(t, sealed.Path)
		}
		draft, _ := snaptest.Start(t, nil, false)
		snaptest.Put(t, draft, holds)
		fresh := snaptest.Seal(t, draft)
		diff := cmp.Diff(everything(t, fresh.Path), everything(t, sealed.Path)) +
			cmp.Diff(fresh.Contents, sealed.Contents)
		same := sealed.SHA256 == fresh.SHA256 && sealed.Source.SHA256 == fresh.Source.SHA256
		if diff != "" || sealed.Records != len(holds) || len(gone) == 0 && !same {
			t.Errorf("%d and %d records; answers (-one draft +generations):\n%s",
				fresh.Records, sealed.Records, diff)
		}
		for _, id := range drawnIDs {
			_, err := parent.Tombstone(t.Context(), id)
			if gone[id] != (err == nil) || !gone[id] && !errors.Is(err, snapshot.ErrNoRecord) {
				t.Errorf("%s: removed %t, tombstone %v", id, gone[id], err)
			}
		}
	})
}

// answers are all results of a snapshot.
type answers struct {
	IDs     []string
	List    string
	Details map[string]string
	Teams   map[string][]string
	Weeks   []week
	Words   map[string][]string
	Sources []snapshot.Source
}

// everything reads all results of a snapshot of drawn records.
func everything(t snaptest.T, path string) answers {
	t.Helper()
	file, db := snaptest.Open(t, path), snaptest.Connect(t, path)
	all := answers{IDs: snaptest.IDs(t, file), List: snaptest.WholeList(t, file), Weeks: weeks(t, db),
		Details: map[string]string{}, Teams: map[string][]string{}, Words: map[string][]string{}}
	for encoding := range snaptest.Encodings {
		if got, err := snaptest.Body(t, file, encoding); got != all.List || err != nil {
			t.Errorf("%s: %d bytes, %v, want %d", encoding, len(got), err, len(all.List))
		}
	}
	for _, id := range all.IDs {
		detail, err := file.Detail(t.Context(), id)
		snaptest.Check(t, err)
		all.Details[id] = string(detail)
	}
	for source, err := range snaptest.Originals(t, file).All(t.Context()) {
		snaptest.Check(t, err)
		all.Sources = append(all.Sources, source)
	}
	for _, team := range drawnTeams {
		all.Teams[team] = snaptest.List(t, file, feedback.Filter{Any: snaptest.Any{"team": {team}}}, 0)
	}
	for _, word := range drawnWords {
		all.Words[word] = found(t, file, word)
	}
	return all
}
