package snapshot_test

import (
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"voc/internal/snapshot"
)

// A sweep holds what a listing shows against what the draft would be.
func TestAForkTellsWhatAListingHasNotShownAndWhatItShowsOtherwise(t *testing.T) {
	t.Parallel()
	parent := opened(t, cells{"a": early, "b": middle, "c": late, "d": late})
	draft, _ := start(t, parent, true)
	put(t, draft, cells{"b": late, "e": early})
	remove(t, draft, "d")
	saw := func(records cells) {
		for id, text := range records {
			digest := sha256.Sum256([]byte(text))
			check(t, draft.See(t.Context(), id, digest[:]))
		}
	}
	tells := func(name string, unseen, outdated []string) {
		t.Helper()
		gone, err := draft.Unseen(t.Context())
		check(t, err)
		other, err := draft.Outdated(t.Context())
		check(t, err)
		if !slices.Equal(gone, unseen) || !slices.Equal(other, outdated) {
			t.Errorf("%s: unseen are %v and outdated %v, want %v and %v", name, gone, other, unseen, outdated)
		}
	}
	tells("nothing was listed", []string{"a", "b", "c", "e"}, nil)
	saw(cells{"a": early, "b": middle, "d": late, "f": early})
	tells("a is the same, b was put otherwise, d was removed, f is new", []string{"c", "e"}, []string{"b", "d", "f"})
	saw(cells{"b": late})
	tells("b was listed again", []string{"c", "e"}, []string{"d", "f"})
	check(t, draft.ForgetSeen(t.Context()))
	tells("the listing began again", []string{"a", "b", "c", "e"}, nil)
}

func TestWhatIsGoneIsRememberedForNinetyDays(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, time.January, 1+n, 8, 30, 0, 0, time.UTC) }
	file := opened(t, cells{"a": early, "b": middle})
	next := func(run string, asOf time.Time, do func(*snapshot.Draft)) {
		draft, _ := start(t, file, true)
		do(draft)
		sealed, err := draft.Seal(t.Context(), snapshot.Meta{Run: run, AsOf: asOf, Mapping: []byte("{}")})
		check(t, err)
		file = open(t, sealed.Path)
	}
	nothing := func(*snapshot.Draft) {}
	next("first", day(0), func(d *snapshot.Draft) { remove(t, d, "a", "b") })
	next("second", day(1), func(d *snapshot.Draft) { put(t, d, cells{"b": middle}) })
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
	file := opened(t, cells{"a": early, "b": broken})
	if got := file.Meta().Filled; got["Notes"] != 1 || got["Created"] != 2 || got["Box"] != 1 || got["Tags"] != 0 {
		t.Errorf("%v", got)
	}
	draft, _ := start(t, file, true)
	put(t, draft, cells{"a": broken})
	remove(t, draft, "b")
	if got := seal(t, draft).Filled; got["Notes"] != 0 || got["Created"] != 1 || got["Box"] != 1 || len(got) != 2 {
		t.Errorf("%v", got)
	}
}
