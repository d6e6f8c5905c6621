package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

func TestManyReadersOfOneFileGetTheSame(t *testing.T) {
	t.Parallel()
	records := cells{}
	for i := range 100 {
		records[fmt.Sprint("rec", i)] = fmt.Sprintf(`{"Notes":"%0500d"}`, i)
	}
	file := opened(t, records)
	want, order := joined(t, file), ids(t, file)
	var readers sync.WaitGroup
	for reader := range 8 {
		readers.Go(func() {
			for encoding := range encodings {
				if got, err := body(t, file, encoding); got != want || err != nil {
					t.Errorf("%s: %d bytes, %v, want %d", encoding, len(got), err, len(want))
				}
			}
			filter := feedback.Filter{Any: are{"team": {"TRIAGE"}}}
			if n, err := count(context.Background(), file, filter); n != len(order) || err != nil {
				t.Errorf("counted %d, %v", n, err)
			}
			for i, id := range order[reader*10:][:10] {
				detail, err := file.Detail(context.Background(), id)
				if err != nil || !strings.HasPrefix(string(detail), fmt.Sprintf(`{"id":%q,`, id)) {
					t.Errorf("record %d: %v, %.80s", i, err, detail)
				}
			}
			if all := list(t, file, filter, 0); len(all) != len(order) {
				t.Errorf("listed %d", len(all))
			}
		})
	}
	readers.Wait()
}

func TestTwoDraftsMayGrowOnOneParentAtATime(t *testing.T) {
	t.Parallel()
	parent := opened(t, cells{"a": early, "b": late})
	var drafts sync.WaitGroup
	var digests [4]string
	for i := range digests {
		draft, _ := start(t, parent, true)
		drafts.Go(func() {
			if err := draft.Put(context.Background(), row("c", middle)); err != nil {
				t.Error(err)
			}
			sealed, err := draft.Seal(context.Background(), snapshot.Meta{})
			if err != nil {
				t.Error(err)
			}
			digests[i] = sealed.SHA256
		})
	}
	drafts.Wait()
	for _, digest := range digests {
		if digest != digests[0] {
			t.Errorf("they differ: %v", digests)
		}
	}
}

// fuse is a context that ends after it was looked at so many times.
type fuse struct {
	context.Context
	left *atomic.Int64
	end  context.CancelFunc
}

func newFuse(ctx context.Context, looks int64) fuse {
	ctx, end := context.WithCancel(ctx)
	f := fuse{ctx, new(atomic.Int64), end}
	f.left.Store(looks)
	return f
}

func (f fuse) look() {
	if f.left.Add(-1) == 0 {
		f.end()
	}
}

func (f fuse) Done() <-chan struct{} { f.look(); return f.Context.Done() }
func (f fuse) Err() error            { f.look(); return f.Context.Err() }

// Wherever in its course a Seal is stopped, it leaves nothing at all, or the whole file that an undisturbed one makes.
func TestASealThatIsStoppedLeavesNothing(t *testing.T) {
	t.Parallel()
	parent := opened(t, cells{"a": early, "b": late})
	begin := func(t *testing.T) (*snapshot.Draft, string) {
		t.Helper()
		draft, dir := start(t, parent, true)
		put(t, draft, cells{"c": middle})
		return draft, dir
	}
	undisturbed, _ := begin(t)
	whole := seal(t, undisturbed)
	stopped := 0
	for looks := int64(1); ; looks += 3 {
		draft, dir := begin(t)
		ctx := newFuse(t.Context(), looks)
		sealed, err := draft.Seal(ctx, snapshot.Meta{Base: "appA"})
		ctx.end()
		if err == nil {
			if sealed.SHA256 != whole.SHA256 {
				t.Errorf("after %d looks: another file than without a disturbance", looks)
			}
			if ctx.left.Load() > 0 {
				break
			}
			continue
		}
		stopped++
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after %d looks: %v", looks, err)
		}
		if got := beside(t, dir); len(got) > 0 {
			t.Errorf("after %d looks the folder holds %v", looks, got)
		}
	}
	if stopped < 10 {
		t.Errorf("only %d were stopped", stopped)
	}
}

// What a long-lived process does again and again must not keep a file open, least of all one that is removed and would keep its disk space.
func TestNothingStaysOpen(t *testing.T) {
	path := made(t, cells{"a": early})
	altered := made(t, cells{"a": early})
	alter(t, altered, fmt.Sprintf(`PRAGMA user_version = %d`, snapshot.Format+1))
	bytes, err := os.ReadFile(altered)
	check(t, err)
	newer := filepath.Join(folder(t), "newer.sqlite") // one that this test has not open itself
	check(t, os.WriteFile(newer, bytes, 0o600))
	for name, act := range map[string]func(t *testing.T){
		"seal":    func(t *testing.T) { made(t, cells{"a": early}) },
		"discard": func(t *testing.T) { d, _ := start(t, nil, false); put(t, d, cells{"a": early}); d.Discard() },
		"fork":    func(t *testing.T) { f := open(t, path); d, _ := start(t, f, true); seal(t, d); check(t, f.Close()) },
		"read": func(t *testing.T) {
			f := open(t, path)
			_, _ = f.Detail(t.Context(), "a")
			_, _ = body(t, f, snapshot.Identity)
			for range f.Summaries(t.Context(), []uint32{1}) {
				_, _ = count(t.Context(), f, feedback.Filter{Any: are{"team": {"a"}}})
			}
			check(t, f.Close())
		},
		"refusal": func(*testing.T) { _, _ = snapshot.Open(newer) },
		"a seal that fails": func(t *testing.T) {
			d, _ := start(t, nil, false)
			_, _ = d.Seal(newFuse(t.Context(), 9), snapshot.Meta{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := openFiles(t)
			act(t)
			for _, path := range openFiles(t) {
				if strings.Contains(path, "snapshot-test-") && !slices.Contains(before, path) {
					t.Errorf("%s is open", path)
				}
			}
		})
	}
}

// openFiles are the paths of the files that this process has open.
func openFiles(t *testing.T) []string {
	t.Helper()
	const self = "/proc/self/fd/"
	var paths []string
	for _, fd := range beside(t, self) {
		if path, err := os.Readlink(self + fd); err == nil { // the one that listed them is closed by now
			paths = append(paths, path)
		}
	}
	return paths
}
