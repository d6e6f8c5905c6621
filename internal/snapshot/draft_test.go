package snapshot_test

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
)

const (
	early  = `{"Created":"2025-01-01","Notes":"early"}`
	middle = `{"Created":"2025-02-01","Notes":"middle"}`
	late   = `{"Created":"2025-03-01","Notes":"late"}`
)

// step is what a test does to a draft.
type step func(*testing.T, *snapshot.Draft)

func puts(records cells) step {
	return func(t *testing.T, d *snapshot.Draft) { t.Helper(); put(t, d, records) }
}

func removes(ids ...string) step {
	return func(t *testing.T, d *snapshot.Draft) { t.Helper(); remove(t, d, ids...) }
}

func resets(t *testing.T, d *snapshot.Draft) {
	t.Helper()
	check(t, d.Reset(t.Context()))
}

func TestADraftOnNothingHoldsWhatIsPut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		steps []step
		want  []string // newest first
	}{
		"nothing":               {nil, []string{}},
		"two":                   {[]step{puts(cells{"a": early, "b": late})}, []string{"b", "a"}},
		"one that goes":         {[]step{puts(cells{"a": early, "b": late}), removes("b")}, []string{"a"}},
		"one that comes back":   {[]step{removes("a"), puts(cells{"a": early})}, []string{"a"}},
		"one that was no more":  {[]step{removes("a")}, []string{}},
		"put twice, the later":  {[]step{puts(cells{"a": late, "b": middle}), puts(cells{"a": early})}, []string{"b", "a"}},
		"what came after reset": {[]step{puts(cells{"a": early}), resets, puts(cells{"b": early})}, []string{"b"}},
	} {
		t.Run(name, func(t *testing.T) {
			draft, _ := start(t, nil, false)
			for _, step := range test.steps {
				step(t, draft)
			}
			diff, err := draft.Diff(t.Context())
			if want := (snapshot.Diff{Added: len(test.want)}); err != nil || diff != want {
				t.Errorf("the draft does %+v, %v, want %+v", diff, err, want)
			}
			if untouched, err := draft.Untouched(t.Context()); len(untouched) > 0 || err != nil {
				t.Errorf("untouched are %v, %v", untouched, err)
			}
			sealed := seal(t, draft)
			if got := ids(t, open(t, sealed.Path)); !slices.Equal(got, test.want) || sealed.Records != len(test.want) {
				t.Errorf("it holds %v, %d, want %v", got, sealed.Records, test.want)
			}
		})
	}
}

func TestADraftOnAParentTellsWhatItDoesToIt(t *testing.T) {
	t.Parallel()
	parent := opened(t, cells{"a": early, "b": middle, "c": late})
	const changed = `{"Created":"2025-02-01","Notes":"changed"}`
	for name, test := range map[string]struct {
		fork      bool
		steps     []step
		untouched []string
		diff      snapshot.Diff
		want      []string
	}{
		"a fork of it": {true, nil, []string{"a", "b", "c"}, snapshot.Diff{}, []string{"c", "b", "a"}},
		"a new one":    {false, nil, []string{"a", "b", "c"}, snapshot.Diff{Removed: 3}, []string{}},
		"a fork takes one of each": {true, []step{puts(cells{"a": early, "b": changed, "d": early}), removes("c")}, nil,
			snapshot.Diff{Added: 1, Changed: 1, Removed: 1, Unchanged: 1}, []string{"b", "a", "d"}},
		"a new one takes one of each": {false, []step{puts(cells{"a": early, "b": changed, "d": early})}, []string{"c"},
			snapshot.Diff{Added: 1, Changed: 1, Removed: 1, Unchanged: 1}, []string{"b", "a", "d"}},
		"a fork loses none that was no one's": {true, []step{removes("x")}, []string{"a", "b", "c"}, snapshot.Diff{}, []string{"c", "b", "a"}},
		"a fork puts what it removed":         {true, []step{removes("a"), puts(cells{"a": early})}, []string{"b", "c"}, snapshot.Diff{Unchanged: 1}, []string{"c", "b", "a"}},
		"a fork removes what it put":          {true, []step{puts(cells{"a": early, "x": late}), removes("a", "x")}, []string{"b", "c"}, snapshot.Diff{Removed: 1}, []string{"c", "b"}},
		"a new one removes what it put":       {false, []step{puts(cells{"a": early, "b": middle}), removes("a")}, []string{"c"}, snapshot.Diff{Removed: 2, Unchanged: 1}, []string{"b"}},
		"a fork that was reset":               {true, []step{puts(cells{"a": changed, "x": late}), removes("b"), resets}, []string{"a", "b", "c"}, snapshot.Diff{}, []string{"c", "b", "a"}},
		"one that moves to the front":         {true, []step{puts(cells{"a": `{"Created":"2025-04-01"}`})}, []string{"b", "c"}, snapshot.Diff{Changed: 1}, []string{"a", "c", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			draft, _ := start(t, parent, test.fork)
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
			if got := ids(t, open(t, seal(t, draft).Path)); !slices.Equal(got, test.want) {
				t.Errorf("it holds %v, want %v", got, test.want)
			}
			if got := ids(t, parent); !slices.Equal(got, []string{"c", "b", "a"}) {
				t.Errorf("the parent holds %v now", got)
			}
		})
	}
}

func TestARecordIsChangedWhenItsDigestOrItsJSONIs(t *testing.T) {
	t.Parallel()
	parent := opened(t, cells{"a": early})
	for name, test := range map[string]struct {
		change func(*snapshot.Row)
		want   snapshot.Diff
	}{
		"nothing":                {func(*snapshot.Row) {}, snapshot.Diff{Unchanged: 1}},
		"digest":                 {func(r *snapshot.Row) { r.Source.Digest = []byte("other") }, snapshot.Diff{Changed: 1}},
		"a key of the list":      {func(r *snapshot.Row) { r.Feedback.Status = "Other" }, snapshot.Diff{Changed: 1}},
		"a key of one record":    {func(r *snapshot.Row) { r.Feedback.Notes = "other" }, snapshot.Diff{Changed: 1}},
		"its URL":                {func(r *snapshot.Row) { r.URL = "other" }, snapshot.Diff{Changed: 1}},
		"an attachment's expiry": {func(r *snapshot.Row) { r.Source.Fields = []byte(`{}`) }, snapshot.Diff{Unchanged: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			draft, _ := start(t, parent, true)
			changed := row("a", early)
			test.change(&changed)
			check(t, draft.Put(t.Context(), changed))
			if diff, err := draft.Diff(t.Context()); err != nil || diff != test.want {
				t.Errorf("it does %+v, %v, want %+v", diff, err, test.want)
			}
		})
	}
}

func TestSealLeavesOneFileAndDescribesIt(t *testing.T) {
	t.Parallel()
	draft, dir := start(t, nil, false)
	put(t, draft, cells{"a": early})
	sealed := seal(t, draft)
	draft.Discard() // as a deferred one would
	if got := beside(t, dir); !slices.Equal(got, []string{filepath.Base(sealed.Path)}) {
		t.Fatalf("the folder holds %v", got)
	}
	content, err := os.ReadFile(sealed.Path)
	check(t, err)
	digest := sha256.Sum256(content)
	want := snapshot.Sealed{Path: sealed.Path, Records: 1, Bytes: int64(len(content)), SHA256: hex.EncodeToString(digest[:]), Contents: open(t, sealed.Path).Meta().Contents}
	if diff := cmp.Diff(want, sealed); diff != "" {
		t.Errorf("sealed (-file +told):\n%s", diff)
	}
}

func TestDiscardLeavesNothing(t *testing.T) {
	t.Parallel()
	draft, dir := start(t, nil, false)
	put(t, draft, cells{"a": early})
	draft.Discard()
	draft.Discard()
	if got := beside(t, dir); len(got) > 0 {
		t.Errorf("the folder holds %v", got)
	}
}

func TestADraftThatIsOverTakesNothingMore(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *snapshot.Draft){
		"sealed":    func(t *testing.T, d *snapshot.Draft) { seal(t, d) },
		"discarded": func(_ *testing.T, d *snapshot.Draft) { d.Discard() },
	} {
		t.Run(name, func(t *testing.T) {
			draft, dir := start(t, opened(t, cells{"a": early}), true)
			end(t, draft)
			left := beside(t, dir)
			_, untouched := draft.Untouched(t.Context())
			_, diff := draft.Diff(t.Context())
			_, sealing := draft.Seal(t.Context(), snapshot.Meta{})
			for what, err := range map[string]error{
				"put": draft.Put(t.Context(), row("a", early)), "remove": draft.Remove(t.Context(), "a"), "reset": draft.Reset(t.Context()),
				"untouched": untouched, "diff": diff, "seal": sealing,
			} {
				if err == nil {
					t.Errorf("it took a %s", what)
				}
			}
			if got := beside(t, dir); !slices.Equal(got, left) {
				t.Errorf("the folder held %v, now %v", left, got)
			}
		})
	}
}

func TestAForkOfNothingIsANewDraft(t *testing.T) {
	t.Parallel()
	draft, _ := start(t, nil, true)
	put(t, draft, cells{"a": early})
	if got := ids(t, open(t, seal(t, draft).Path)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("it holds %v", got)
	}
}

func TestADraftThatCanNotStartSaysWhereAndLeavesNothing(t *testing.T) {
	t.Parallel()
	path := made(t, cells{"a": early})
	lost := open(t, path)
	check(t, os.Remove(path))
	dir := t.TempDir()
	if _, err := snapshot.Fork(t.Context(), dir, lost); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("on a parent that has gone: %v", err)
	}
	if got := beside(t, dir); len(got) > 0 {
		t.Errorf("the folder holds %v", got)
	}
	dir = filepath.Join(dir, "none")
	if _, err := snapshot.NewDraft(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}
