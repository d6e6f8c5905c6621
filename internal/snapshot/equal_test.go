package snapshot_test

import (
	"errors"
	"flag"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// However a snapshot came to hold its records, by one draft or by a chain of forks, it answers the same; and if none went on the way, it is the same file, to the byte.
func TestASnapshotDoesNotTellHowItWasBuilt(t *testing.T) {
	fewer(t)
	rapid.Check(t, func(t *rapid.T) {
		var sealed snapshot.Sealed
		var parent *snapshot.File
		holds, gone := cells{}, map[string]bool{}
		for range rapid.IntRange(1, 3).Draw(t, "generations") {
			m := newModel(t, parent, holds, rapid.Bool().Draw(t, "fork"))
			for range rapid.IntRange(0, 8).Draw(t, "steps") {
				m.step(t)
			}
			m.agrees(t)
			for id := range holds {
				gone[id] = true
			}
			sealed, holds = seal(t, m.draft), m.holds()
			maps.DeleteFunc(gone, func(id string, _ bool) bool { return holds[id] != "" })
			parent = open(t, sealed.Path)
		}
		draft, _ := start(t, nil, false)
		put(t, draft, holds)
		fresh := seal(t, draft)
		diff := cmp.Diff(everything(t, fresh.Path), everything(t, sealed.Path)) + cmp.Diff(fresh.Contents, sealed.Contents)
		if diff != "" || sealed.Records != len(holds) || len(gone) == 0 && sealed.SHA256 != fresh.SHA256 {
			t.Errorf("the files differ: %d and %d records; answers (-one draft +generations):\n%s", fresh.Records, sealed.Records, diff)
		}
		for _, id := range drawnIDs {
			if _, err := parent.Tombstone(t.Context(), id); gone[id] != (err == nil) || !gone[id] && !errors.Is(err, snapshot.ErrNoRecord) {
				t.Errorf("%s went: %v; its tombstone: %v", id, gone[id], err)
			}
		}
	})
}

// fewer lets a property be checked 25 times, not 100, unless -rapid.checks says otherwise: each of its drafts costs 10 ms, and ten times that with -race.
func fewer(t *testing.T) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	if given := checks.Value.String(); given == checks.DefValue {
		check(t, checks.Value.Set("25"))
		t.Cleanup(func() { check(t, checks.Value.Set(given)) })
	}
}

// answers are all that a snapshot gives.
type answers struct {
	IDs     []string
	List    string
	Details map[string]string
	Teams   map[string][]string
	Weeks   []week
	Words   map[string][]string
}

// everything asks a snapshot of drawn records all there is to ask.
func everything(t tester, path string) answers {
	t.Helper()
	file, db := open(t, path), connect(t, path)
	all := answers{IDs: ids(t, file), List: joined(t, file), Weeks: weeks(t, db),
		Details: map[string]string{}, Teams: map[string][]string{}, Words: map[string][]string{}}
	for encoding := range encodings {
		if got, err := body(t, file, encoding); got != all.List || err != nil {
			t.Errorf("%s: %d bytes, %v, want %d", encoding, len(got), err, len(all.List))
		}
	}
	for _, id := range all.IDs {
		detail, err := file.Detail(t.Context(), id)
		check(t, err)
		all.Details[id] = string(detail)
	}
	for _, team := range drawnTeams {
		all.Teams[team] = list(t, file, feedback.Filter{Any: are{"team": {team}}}, 0)
	}
	for _, word := range drawnWords {
		all.Words[word] = found(t, db, word)
	}
	return all
}
