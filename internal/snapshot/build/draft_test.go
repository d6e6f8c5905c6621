package build_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/snapshot/snaptest"
)

// step changes a draft.
type step func(*testing.T, *build.Draft)

func puts(records snaptest.Cells) step {
	return func(t *testing.T, d *build.Draft) { t.Helper(); snaptest.Put(t, d, records) }
}

func removes(ids ...string) step {
	return func(t *testing.T, d *build.Draft) { t.Helper(); snaptest.Remove(t, d, ids...) }
}

func resets(t *testing.T, d *build.Draft) {
	t.Helper()
	snaptest.Check(t, d.Reset(t.Context(), ""))
}

func TestDraft(t *testing.T) {
	t.Parallel()
	early := snaptest.Cells{"a": snaptest.Early}
	two := snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late}
	twoLater := snaptest.Cells{"a": snaptest.Late, "b": snaptest.Middle}
	other := snaptest.Cells{"b": snaptest.Early}
	for name, test := range map[string]struct {
		steps []step
		want  []string // newest first
	}{
		"nothing":           {nil, []string{}},
		"two":               {[]step{puts(two)}, []string{"b", "a"}},
		"one removed":       {[]step{puts(two), removes("b")}, []string{"a"}},
		"removed, then put": {[]step{removes("a"), puts(early)}, []string{"a"}},
		"unknown removed":   {[]step{removes("a")}, []string{}},
		"put twice":         {[]step{puts(twoLater), puts(early)}, []string{"b", "a"}},
		"put after reset":   {[]step{puts(early), resets, puts(other)}, []string{"b"}},
	} {
		t.Run(name, func(t *testing.T) {
			draft, _ := snaptest.Start(t, nil, false)
			for _, step := range test.steps {
				step(t, draft)
			}
			diff, err := draft.Diff(t.Context())
			if want := (build.Diff{Added: len(test.want)}); err != nil || diff != want {
				t.Errorf("diff %+v, %v, want %+v", diff, err, want)
			}
			if untouched, err := draft.Untouched(t.Context()); len(untouched) > 0 || err != nil {
				t.Errorf("untouched %v, %v", untouched, err)
			}
			sealed := snaptest.Seal(t, draft)
			got := snaptest.IDs(t, snaptest.Open(t, sealed))
			if !slices.Equal(got, test.want) || sealed.Records != len(test.want) {
				t.Errorf("%d records %v, want %v", sealed.Records, got, test.want)
			}
		})
	}
}

// A draft with a parent reports its difference from the parent, which does not change.
func TestDraftWithParent(t *testing.T) {
	t.Parallel()
	parent := snaptest.New(t, snaptest.Cells{
		"a": snaptest.Early, "b": snaptest.Middle, "c": snaptest.Late,
	})
	early := snaptest.Cells{"a": snaptest.Early}
	first := snaptest.Cells{"a": `{"Created":"2025-04-01"}`}
	const changed = `{"Created":"2025-02-01","Notes":"changed"}`
	oneOfEach := snaptest.Cells{"a": snaptest.Early, "b": changed, "d": snaptest.Early}
	withNew := snaptest.Cells{"a": snaptest.Early, "x": snaptest.Late}
	two := snaptest.Cells{"a": snaptest.Early, "b": snaptest.Middle}
	changedAndNew := snaptest.Cells{"a": changed, "x": snaptest.Late}
	all := []string{"a", "b", "c"}
	for name, test := range map[string]struct {
		fork      bool
		steps     []step
		untouched []string
		diff      build.Diff
		want      []string
	}{
		"fork":  {true, nil, all, build.Diff{}, []string{"c", "b", "a"}},
		"empty": {false, nil, all, build.Diff{Removed: 3}, []string{}},
		"fork, one of each": {
			true, []step{puts(oneOfEach), removes("c")}, nil,
			build.Diff{Added: 1, Changed: 1, Removed: 1, Unchanged: 1}, []string{"b", "a", "d"},
		},
		"empty, one of each": {
			false, []step{puts(oneOfEach)}, []string{"c"},
			build.Diff{Added: 1, Changed: 1, Removed: 1, Unchanged: 1}, []string{"b", "a", "d"},
		},
		"fork, unknown removed": {
			true, []step{removes("x")}, all, build.Diff{}, []string{"c", "b", "a"},
		},
		"fork, removed, then put": {
			true, []step{removes("a"), puts(early)}, []string{"b", "c"},
			build.Diff{Unchanged: 1}, []string{"c", "b", "a"},
		},
		"fork, put, then removed": {
			true, []step{puts(withNew), removes("a", "x")}, []string{"b", "c"},
			build.Diff{Removed: 1}, []string{"c", "b"},
		},
		"empty, put, then removed": {
			false, []step{puts(two), removes("a")}, []string{"c"},
			build.Diff{Removed: 2, Unchanged: 1}, []string{"b"},
		},
		"fork, reset": {
			true, []step{puts(changedAndNew), removes("b"), resets}, all,
			build.Diff{}, []string{"c", "b", "a"},
		},
		"fork, moved to the front": {
			true, []step{puts(first)}, []string{"b", "c"},
			build.Diff{Changed: 1}, []string{"a", "c", "b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			draft, _ := snaptest.Start(t, parent, test.fork)
			for _, step := range test.steps {
				step(t, draft)
			}
			untouched, err := draft.Untouched(t.Context())
			if err != nil || !slices.Equal(untouched, test.untouched) {
				t.Errorf("untouched %v, %v, want %v", untouched, err, test.untouched)
			}
			diff, err := draft.Diff(t.Context())
			differs := test.diff.Added+test.diff.Changed+test.diff.Removed > 0
			if err != nil || diff != test.diff || diff.Any() != differs {
				t.Errorf("diff %+v, %v, want %+v", diff, err, test.diff)
			}
			got := snaptest.IDs(t, snaptest.Open(t, snaptest.Seal(t, draft)))
			if !slices.Equal(got, test.want) {
				t.Errorf("records %v, want %v", got, test.want)
			}
			if got := snaptest.IDs(t, parent); !slices.Equal(got, []string{"c", "b", "a"}) {
				t.Errorf("the parent has %v now", got)
			}
		})
	}
}

func TestDiffDetectsChange(t *testing.T) {
	t.Parallel()
	parent := snaptest.New(t, snaptest.Cells{"a": snaptest.Early})
	changes, unchanged := build.Diff{Changed: 1}, build.Diff{Unchanged: 1}
	for name, test := range map[string]struct {
		change func(*build.Row)
		want   build.Diff
	}{
		"nothing":           {func(*build.Row) {}, unchanged},
		"digest":            {func(r *build.Row) { r.Source.Digest = []byte("other") }, changes},
		"list key":          {func(r *build.Row) { r.Feedback.Status = "Other" }, changes},
		"detail key":        {func(r *build.Row) { r.Feedback.Notes = "other" }, changes},
		"URL":               {func(r *build.Row) { r.URL = "other" }, changes},
		"attachment expiry": {func(r *build.Row) { r.Source.Fields = []byte(`{}`) }, unchanged},
	} {
		t.Run(name, func(t *testing.T) {
			draft, _ := snaptest.Start(t, parent, true)
			changed := snaptest.Row("a", snaptest.Early)
			test.change(&changed)
			snaptest.Check(t, draft.Put(t.Context(), changed))
			if diff, err := draft.Diff(t.Context()); err != nil || diff != test.want {
				t.Errorf("diff %+v, %v, want %+v", diff, err, test.want)
			}
		})
	}
}

// Seal leaves the parts and returns their sizes, digests and contents.
func TestSealDescribesFile(t *testing.T) {
	t.Parallel()
	draft, dir := snaptest.Start(t, nil, false)
	snaptest.Put(t, draft, snaptest.Cells{"a": snaptest.Early})
	sealed := snaptest.Seal(t, draft)
	draft.Discard() // as a deferred one would
	want := snapshot.Sealed{Records: 1}
	want.Parts = map[snapshot.Kind]snapshot.Part{}
	for _, kind := range snapshot.Kinds() {
		part := snapshot.Part{Path: filepath.Join(dir, string(kind)+".sqlite")}
		content, err := os.ReadFile(part.Path)
		snaptest.Check(t, err)
		digest := sha256.Sum256(content)
		part.Bytes, part.SHA256 = int64(len(content)), hex.EncodeToString(digest[:])
		want.Parts[kind] = part
	}
	if got := snaptest.Names(t, dir); len(got) != len(snapshot.Kinds()) {
		t.Fatalf("the directory has %v", got)
	}
	want.Contents = snaptest.Originals(t, snaptest.Open(t, sealed)).Meta().Contents
	if diff := cmp.Diff(want, sealed); diff != "" {
		t.Errorf("sealed (-file +returned):\n%s", diff)
	}
}

func TestDiscardLeavesNothing(t *testing.T) {
	t.Parallel()
	draft, dir := snaptest.Start(t, nil, false)
	snaptest.Put(t, draft, snaptest.Cells{"a": snaptest.Early})
	draft.Discard()
	draft.Discard()
	if got := snaptest.Names(t, dir); len(got) > 0 {
		t.Errorf("the directory has %v", got)
	}
}

// A draft that was sealed or discarded rejects every call.
func TestEndedDraftRejectsCalls(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *build.Draft){
		"sealed":    func(t *testing.T, d *build.Draft) { snaptest.Seal(t, d) },
		"discarded": func(_ *testing.T, d *build.Draft) { d.Discard() },
	} {
		t.Run(name, func(t *testing.T) {
			parent := snaptest.New(t, snaptest.Cells{"a": snaptest.Early})
			draft, dir := snaptest.Start(t, parent, true)
			end(t, draft)
			left := snaptest.Names(t, dir)
			_, untouched := draft.Untouched(t.Context())
			_, diff := draft.Diff(t.Context())
			_, sealing := draft.Seal(t.Context(), snapshot.Meta{})
			for what, err := range map[string]error{
				"put":    draft.Put(t.Context(), snaptest.Row("a", snaptest.Early)),
				"remove": draft.Remove(t.Context(), "a"), "reset": draft.Reset(t.Context(), ""),
				"untouched": untouched, "diff": diff, "seal": sealing,
			} {
				if err == nil {
					t.Errorf("%s returns no error", what)
				}
			}
			if got := snaptest.Names(t, dir); !slices.Equal(got, left) {
				t.Errorf("the directory had %v, now %v", left, got)
			}
		})
	}
}

func TestForkWithoutParent(t *testing.T) {
	t.Parallel()
	draft, _ := snaptest.Start(t, nil, true)
	snaptest.Put(t, draft, snaptest.Cells{"a": snaptest.Early})
	got := snaptest.IDs(t, snaptest.Open(t, snaptest.Seal(t, draft)))
	if !slices.Equal(got, []string{"a"}) {
		t.Errorf("records %v", got)
	}
}

// New and Fork return an error with the directory and leave no file in it.
func TestFailedStartLeavesNothing(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early})
	lost := snaptest.Parent(t, file)
	snaptest.Check(t, os.Remove(file.Path(snapshot.Serve)))
	dir := t.TempDir()
	_, err := build.Fork(t.Context(), dir, lost)
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("parent missing: %v", err)
	}
	if got := snaptest.Names(t, dir); len(got) > 0 {
		t.Errorf("the directory has %v", got)
	}
	dir = filepath.Join(dir, "none")
	if _, err := build.New(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("directory missing: %v", err)

	}
}
