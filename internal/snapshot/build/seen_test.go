package build_test

import (
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/snapshot/snaptest"
)

// A sweep holds what a listing shows against what the draft would be.
func TestAForkTellsWhatAListingHasNotShownAndWhatItShowsOtherwise(t *testing.T) {
	t.Parallel()
	parent := snaptest.Opened(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Middle, "c": snaptest.Late, "d": snaptest.Late})
	draft, _ := snaptest.Start(t, parent, true)
	snaptest.Put(t, draft, snaptest.Cells{"b": snaptest.Late, "e": snaptest.Early})
	snaptest.Remove(t, draft, "d")
	saw := func(records snaptest.Cells) {
		for id, text := range records {
			digest := sha256.Sum256([]byte(text))
			snaptest.Check(t, draft.MarkListed(t.Context(), id, digest[:]))
		}
	}
	tells := func(name string, unseen, outdated []string) {
		t.Helper()
		gone, err := draft.Unlisted(t.Context())
		snaptest.Check(t, err)
		other, err := draft.Outdated(t.Context())
		snaptest.Check(t, err)
		if !slices.Equal(gone, unseen) || !slices.Equal(other, outdated) {
			t.Errorf("%s: unseen are %v and outdated %v, want %v and %v", name, gone, other, unseen, outdated)
		}
	}
	tells("nothing was listed", []string{"a", "b", "c", "e"}, nil)
	saw(snaptest.Cells{"a": snaptest.Early, "b": snaptest.Middle, "d": snaptest.Late, "f": snaptest.Early})
	tells("a is the same, b was put otherwise, d was removed, f is new", []string{"c", "e"}, []string{"b", "d", "f"})
	saw(snaptest.Cells{"b": snaptest.Late})
	tells("b was listed again", []string{"c", "e"}, []string{"d", "f"})
	snaptest.Check(t, draft.ResetListed(t.Context()))
	tells("the listing began again", []string{"a", "b", "c", "e"}, nil)
}

func TestWhatIsGoneIsRememberedForNinetyDays(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, time.January, 1+n, 8, 30, 0, 0, time.UTC) }
	file := snaptest.Opened(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Middle})
	next := func(run string, asOf time.Time, do func(*build.Draft)) {
		draft, _ := snaptest.Start(t, file, true)
		do(draft)
		sealed, err := draft.Seal(t.Context(), snapshot.Meta{Run: run, AsOf: asOf, Mapping: []byte("{}")})
		snaptest.Check(t, err)
		file = snaptest.Open(t, sealed.Path)
	}
	nothing := func(*build.Draft) {}
	next("first", day(0), func(d *build.Draft) { snaptest.Remove(t, d, "a", "b") })
	next("second", day(1), func(d *build.Draft) { snaptest.Put(t, d, snaptest.Cells{"b": snaptest.Middle}) })
	next("third", day(90), nothing)
	if got, err := file.Tombstone(t.Context(), "a"); err != nil || got != (snapshot.Tombstone{ID: "a", RemovedAt: day(0), Run: "first"}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := file.Tombstone(t.Context(), "b"); err == nil {
		t.Errorf("what came back has %+v", got)
	}
	next("fourth", day(91), nothing)
	if got, err := file.Tombstone(t.Context(), "a"); err == nil {
		t.Errorf("after 91 days there is %+v", got)
	}
}

func TestFilledCountsWhatHasAValue(t *testing.T) {
	t.Parallel()
	const broken = `{"Created":"2025-01-01","Notes":{"error":"#ERROR!"},"Box":true,"Tags":[" "]}`
	file := snaptest.Opened(t, snaptest.Cells{"a": snaptest.Early, "b": broken})
	if got := file.Meta().Filled; got["Notes"] != 1 || got["Created"] != 2 || got["Box"] != 1 || got["Tags"] != 0 {
		t.Errorf("%v", got)
	}
	draft, _ := snaptest.Start(t, file, true)
	snaptest.Put(t, draft, snaptest.Cells{"a": broken})
	snaptest.Remove(t, draft, "b")
	if got := snaptest.Seal(t, draft).Filled; got["Notes"] != 0 || got["Created"] != 1 || got["Box"] != 1 || len(got) != 2 {
		t.Errorf("%v", got)
	}
}
