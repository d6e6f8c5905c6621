package build_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
)

// A snapshot answers the same whether one draft or a chain of forks made it.
func TestHistoryDoesNotChangeSnapshot(t *testing.T) {
	snaptest.FewerChecks(t)
	rapid.Check(t, func(t *rapid.T) {
		var sealed snapshot.Sealed
		var parent *snaptest.Snapshot
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
			parent = snaptest.Open(t, sealed)
		}
		draft, _ := snaptest.Start(t, nil, false)
		snaptest.Put(t, draft, holds)
		fresh := snaptest.Seal(t, draft)
		diff := cmp.Diff(everything(t, fresh), everything(t, sealed)) +
			cmp.Diff(fresh.Contents, sealed.Contents)
		if diff != "" || sealed.Records != len(holds) {
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
