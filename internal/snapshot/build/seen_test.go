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

// A draft reports the records that a listing lacks and those that the listing has in
// another version.
func TestUnlistedAndOutdated(t *testing.T) {
	t.Parallel()
	parent := snaptest.New(t, snaptest.Cells{
		"a": snaptest.Early, "b": snaptest.Middle, "c": snaptest.Late, "d": snaptest.Late,
	})
	draft, _ := snaptest.Start(t, parent, true)
	snaptest.Put(t, draft, snaptest.Cells{"b": snaptest.Late, "e": snaptest.Early})
	snaptest.Remove(t, draft, "d")
	mark := func(records snaptest.Cells) {
		for id, text := range records {
			digest := sha256.Sum256([]byte(text))
			snaptest.Check(t, draft.MarkListed(t.Context(), id, digest[:]))
		}
	}
	expect := func(name string, unlisted, outdated []string) {
		t.Helper()
		missing, err := draft.Unlisted(t.Context())
		snaptest.Check(t, err)
		old, err := draft.Outdated(t.Context())
		snaptest.Check(t, err)
		if !slices.Equal(missing, unlisted) || !slices.Equal(old, outdated) {
			t.Errorf("%s: unlisted %v, outdated %v, want %v and %v",
				name, missing, old, unlisted, outdated)
		}
	}
	expect("nothing listed", []string{"a", "b", "c", "e"}, nil)
	mark(snaptest.Cells{
		"a": snaptest.Early, "b": snaptest.Middle, "d": snaptest.Late, "f": snaptest.Early,
	})
	expect("a unchanged, b changed, d removed, f new",
		[]string{"c", "e"}, []string{"b", "d", "f"})
	mark(snaptest.Cells{"b": snaptest.Late})
	expect("b listed again", []string{"c", "e"}, []string{"d", "f"})
	snaptest.Check(t, draft.ResetListed(t.Context(), ""))
	expect("listing restarted", []string{"a", "b", "c", "e"}, nil)
}

// A removed record has a tombstone for 90 days, unless it returns.
func TestTombstonesLast90Days(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, time.January, 1+n, 8, 30, 0, 0, time.UTC) }
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Middle})
	next := func(run string, asOf time.Time, do func(*build.Draft)) {
		draft, _ := snaptest.Start(t, file, true)
		do(draft)
		sealed, err := draft.Seal(t.Context(), snapshot.Meta{Run: run, AsOf: asOf, Mapping: []byte("{}")})
		snaptest.Check(t, err)
		file = snaptest.Open(t, sealed)
	}
	nothing := func(*build.Draft) {}
	next("first", day(0), func(d *build.Draft) { snaptest.Remove(t, d, "a", "b") })
	next("second", day(1), func(d *build.Draft) {
		snaptest.Put(t, d, snaptest.Cells{"b": snaptest.Middle})
	})
	next("third", day(90), nothing)
	want := snapshot.Tombstone{ID: "a", RemovedAt: day(0), Run: "first"}
	if got, err := file.Tombstone(t.Context(), "a"); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := file.Tombstone(t.Context(), "b"); err == nil {
		t.Errorf("a record that returned has %+v", got)
	}
	next("fourth", day(91), nothing)
	if got, err := file.Tombstone(t.Context(), "a"); err == nil {
		t.Errorf("after 91 days there is %+v", got)
	}
}

// Filled counts the records that have a value, by field.
func TestFilled(t *testing.T) {
	t.Parallel()
	const broken = `{"Created":"2025-01-01","Notes":{"error":"#ERROR!"},"Box":true,"Tags":[" "]}`
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early, "b": broken})
	got := snaptest.Originals(t, file).Meta().Filled
	if got["Notes"] != 1 || got["Created"] != 2 || got["Box"] != 1 || got["Tags"] != 0 {
		t.Errorf("%v", got)
	}
	draft, _ := snaptest.Start(t, file, true)
	snaptest.Put(t, draft, snaptest.Cells{"a": broken})
	snaptest.Remove(t, draft, "b")
	got = snaptest.Seal(t, draft).Filled
	if got["Notes"] != 0 || got["Created"] != 1 || got["Box"] != 1 || len(got) != 2 {
		t.Errorf("%v", got)
	}
}
