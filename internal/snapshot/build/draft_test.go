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

// step is what a test does to a draft.
type step func(*testing.T, *build.Draft)

func puts(records snaptest.Cells) step {
	return func(t *testing.T, d *build.Draft) { t.Helper(); snaptest.Put(t, d, records) }
}

func removes(ids ...string) step {
	return func(t *testing.T, d *build.Draft) { t.Helper(); snaptest.Remove(t, d, ids...) }
}

func resets(t *testing.T, d *build.Draft) {
	t.Helper()
	snaptest.Check(t, d.Reset(t.Context()))
}

func TestADraftOnNothingHoldsWhatIsPut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		steps []step
		want  []string // newest first
	}{
		"nothing":               {nil, []string{}},
		"two":                   {[]step{puts(snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})}, []string{"b", "a"}},
		"one that goes":         {[]step{puts(snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late}), removes("b")}, []string{"a"}},
		"one that comes back":   {[]step{removes("a"), puts(snaptest.Cells{"a": snaptest.Early})}, []string{"a"}},
		"one that was no more":  {[]step{removes("a")}, []string{}},
		"put twice, the later":  {[]step{puts(snaptest.Cells{"a": snaptest.Late, "b": snaptest.Middle}), puts(snaptest.Cells{"a": snaptest.Early})}, []string{"b", "a"}},
		"what came after reset": {[]step{puts(snaptest.Cells{"a": snaptest.Early}), resets, puts(snaptest.Cells{"b": snaptest.Early})}, []string{"b"}},
	} {
		t.Run(name, func(t *testing.T) {
			draft, _ := snaptest.Start(t, nil, false)
			for _, step := range test.steps {
				step(t, draft)
			}
			diff, err := draft.Diff(t.Context())
			if want := (build.Diff{Added: len(test.want)}); err != nil || diff != want {
				t.Errorf("the draft does %+v, %v, want %+v", diff, err, want)
			}
			if untouched, err := draft.Untouched(t.Context()); len(untouched) > 0 || err != nil {
				t.Errorf("untouched are %v, %v", untouched, err)
			}
			sealed := snaptest.Seal(t, draft)
			if got := snaptest.IDs(t, snaptest.Open(t, sealed.Path)); !slices.Equal(got, test.want) || sealed.Records != len(test.want) {
				t.Errorf("it holds %v, %d, want %v", got, sealed.Records, test.want)
			}
		})
	}
}

func TestADraftOnAParentTellsWhatItDoesToIt(t *testing.T) {
	t.Parallel()
	parent := snaptest.Opened(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Middle, "c": snaptest.Late})
	const changed = `{"Created":"2025-02-01","Notes":"changed"}`
	for name, test := range map[string]struct {
		fork      bool
		steps     []step
		untouched []string
		diff      build.Diff
		want      []string
	}{
		"a fork of it": {true, nil, []string{"a", "b", "c"}, build.Diff{}, []string{"c", "b", "a"}},
		"a new one":    {false, nil, []string{"a", "b", "c"}, build.Diff{Removed: 3}, []string{}},
		"a fork takes one of each": {true, []step{puts(snaptest.Cells{"a": snaptest.Early, "b": changed, "d": snaptest.Early}), removes("c")}, nil,
			build.Diff{Added: 1, Changed: 1, Removed: 1, Unchanged: 1}, []string{"b", "a", "d"}},
		"a new one takes one of each": {false, []step{puts(snaptest.Cells{"a": snaptest.Early, "b": changed, "d": snaptest.Early})}, []string{"c"},
			build.Diff{Added: 1, Changed: 1, Removed: 1, Unchanged: 1}, []string{"b", "a", "d"}},
		"a fork loses none that was no one's": {true, []step{removes("x")}, []string{"a", "b", "c"}, build.Diff{}, []string{"c", "b", "a"}},
		"a fork puts what it removed":         {true, []step{removes("a"), puts(snaptest.Cells{"a": snaptest.Early})}, []string{"b", "c"}, build.Diff{Unchanged: 1}, []string{"c", "b", "a"}},
		"a fork removes what it put":          {true, []step{puts(snaptest.Cells{"a": snaptest.Early, "x": snaptest.Late}), removes("a", "x")}, []string{"b", "c"}, build.Diff{Removed: 1}, []string{"c", "b"}},
		"a new one removes what it put":       {false, []step{puts(snaptest.Cells{"a": snaptest.Early, "b": snaptest.Middle}), removes("a")}, []string{"c"}, build.Diff{Removed: 2, Unchanged: 1}, []string{"b"}},
		"a fork that was reset":               {true, []step{puts(snaptest.Cells{"a": changed, "x": snaptest.Late}), removes("b"), resets}, []string{"a", "b", "c"}, build.Diff{}, []string{"c", "b", "a"}},
		"one that moves to the front":         {true, []step{puts(snaptest.Cells{"a": `{"Created":"2025-04-01"}`})}, []string{"b", "c"}, build.Diff{Changed: 1}, []string{"a", "c", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			draft, _ := snaptest.Start(t, parent, test.fork)
			for _, step := range test.steps {
				step(t, draft)
			}
			untouched, err := draft.Untouched(t.Context())
			if err != nil || !slices.Equal(untouched, test.untouched) {
				t.Errorf("untouched are %v, %v, want %v", untouched, err, test.untouched)
			}
			diff, err := draft.Diff(t.Context())
			if err != nil || diff != test.diff || diff.Any() != (test.diff.Added+test.diff.Changed+test.diff.Removed > 0) {
				t.Errorf("it does %+v, %v, want %+v", diff, err, test.diff)
			}
			if got := snaptest.IDs(t, snaptest.Open(t, snaptest.Seal(t, draft).Path)); !slices.Equal(got, test.want) {
				t.Errorf("it holds %v, want %v", got, test.want)
			}
			if got := snaptest.IDs(t, parent); !slices.Equal(got, []string{"c", "b", "a"}) {
				t.Errorf("the parent holds %v now", got)
			}
		})
	}
}

func TestARecordIsChangedWhenItsDigestOrItsJSONIs(t *testing.T) {
	t.Parallel()
	parent := snaptest.Opened(t, snaptest.Cells{"a": snaptest.Early})
	for name, test := range map[string]struct {
		change func(*build.Row)
		want   build.Diff
	}{
		"nothing":                {func(*build.Row) {}, build.Diff{Unchanged: 1}},
		"digest":                 {func(r *build.Row) { r.Source.Digest = []byte("other") }, build.Diff{Changed: 1}},
		"a key of the list":      {func(r *build.Row) { r.Feedback.Status = "Other" }, build.Diff{Changed: 1}},
		"a key of one record":    {func(r *build.Row) { r.Feedback.Notes = "other" }, build.Diff{Changed: 1}},
		"its URL":                {func(r *build.Row) { r.URL = "other" }, build.Diff{Changed: 1}},
		"an attachment's expiry": {func(r *build.Row) { r.Source.Fields = []byte(`{}`) }, build.Diff{Unchanged: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			draft, _ := snaptest.Start(t, parent, true)
			changed := snaptest.Row("a", snaptest.Early)
			test.change(&changed)
			snaptest.Check(t, draft.Put(t.Context(), changed))
			if diff, err := draft.Diff(t.Context()); err != nil || diff != test.want {
				t.Errorf("it does %+v, %v, want %+v", diff, err, test.want)
			}
		})
	}
}

func TestSealLeavesOneFileAndDescribesIt(t *testing.T) {
	t.Parallel()
	draft, dir := snaptest.Start(t, nil, false)
	snaptest.Put(t, draft, snaptest.Cells{"a": snaptest.Early})
	sealed := snaptest.Seal(t, draft)
	draft.Discard() // as a deferred one would
	if got := snaptest.Beside(t, dir); !slices.Equal(got, []string{filepath.Base(sealed.Path)}) {
		t.Fatalf("the folder holds %v", got)
	}
	content, err := os.ReadFile(sealed.Path)
	snaptest.Check(t, err)
	digest := sha256.Sum256(content)
	want := snapshot.Sealed{Path: sealed.Path, Records: 1, Bytes: int64(len(content)), SHA256: hex.EncodeToString(digest[:]), Contents: snaptest.Open(t, sealed.Path).Meta().Contents}
	if diff := cmp.Diff(want, sealed); diff != "" {
		t.Errorf("sealed (-file +told):\n%s", diff)
	}
}

func TestDiscardLeavesNothing(t *testing.T) {
	t.Parallel()
	draft, dir := snaptest.Start(t, nil, false)
	snaptest.Put(t, draft, snaptest.Cells{"a": snaptest.Early})
	draft.Discard()
	draft.Discard()
	if got := snaptest.Beside(t, dir); len(got) > 0 {
		t.Errorf("the folder holds %v", got)
	}
}

func TestADraftThatIsOverTakesNothingMore(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *build.Draft){
		"sealed":    func(t *testing.T, d *build.Draft) { snaptest.Seal(t, d) },
		"discarded": func(_ *testing.T, d *build.Draft) { d.Discard() },
	} {
		t.Run(name, func(t *testing.T) {
			draft, dir := snaptest.Start(t, snaptest.Opened(t, snaptest.Cells{"a": snaptest.Early}), true)
			end(t, draft)
			left := snaptest.Beside(t, dir)
			_, untouched := draft.Untouched(t.Context())
			_, diff := draft.Diff(t.Context())
			_, sealing := draft.Seal(t.Context(), snapshot.Meta{})
			for what, err := range map[string]error{
				"put": draft.Put(t.Context(), snaptest.Row("a", snaptest.Early)), "remove": draft.Remove(t.Context(), "a"), "reset": draft.Reset(t.Context()),
				"untouched": untouched, "diff": diff, "seal": sealing,
			} {
				if err == nil {
					t.Errorf("it took a %s", what)
				}
			}
			if got := snaptest.Beside(t, dir); !slices.Equal(got, left) {
				t.Errorf("the folder held %v, now %v", left, got)
			}
		})
	}
}

func TestAForkOfNothingIsANewDraft(t *testing.T) {
	t.Parallel()
	draft, _ := snaptest.Start(t, nil, true)
	snaptest.Put(t, draft, snaptest.Cells{"a": snaptest.Early})
	if got := snaptest.IDs(t, snaptest.Open(t, snaptest.Seal(t, draft).Path)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("it holds %v", got)
	}
}

func TestADraftThatCanNotStartSaysWhereAndLeavesNothing(t *testing.T) {
	t.Parallel()
	path := snaptest.Made(t, snaptest.Cells{"a": snaptest.Early})
	lost := snaptest.Open(t, path)
	snaptest.Check(t, os.Remove(path))
	dir := t.TempDir()
	if _, err := build.Fork(t.Context(), dir, lost); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("on a parent that has gone: %v", err)
	}
	if got := snaptest.Beside(t, dir); len(got) > 0 {
		t.Errorf("the folder holds %v", got)
	}
	dir = filepath.Join(dir, "none")
	if _, err := build.New(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}
