package build_test

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
	"voc/internal/snapshot/build"
	"voc/internal/snapshot/snaptest"
)

func TestTwoDraftsMayGrowOnOneParentAtATime(t *testing.T) {
	t.Parallel()
	parent := snaptest.Opened(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	var drafts sync.WaitGroup
	var digests [4]string
	for i := range digests {
		draft, _ := snaptest.Start(t, parent, true)
		drafts.Go(func() {
			if err := draft.Put(context.Background(), snaptest.Row("c", snaptest.Middle)); err != nil {
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
	parent := snaptest.Opened(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	begin := func(t *testing.T) (*build.Draft, string) {
		t.Helper()
		draft, dir := snaptest.Start(t, parent, true)
		snaptest.Put(t, draft, snaptest.Cells{"c": snaptest.Middle})
		return draft, dir
	}
	undisturbed, _ := begin(t)
	whole := snaptest.Seal(t, undisturbed)
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
		if got := snaptest.Beside(t, dir); len(got) > 0 {
			t.Errorf("after %d looks the folder holds %v", looks, got)
		}
	}
	if stopped < 10 {
		t.Errorf("only %d were stopped", stopped)
	}
}

// What a long-lived process does again and again must not keep a file open, least of all one that is removed and would keep its disk space.
func TestNothingStaysOpen(t *testing.T) {
	path := snaptest.Made(t, snaptest.Cells{"a": snaptest.Early})
	altered := snaptest.Made(t, snaptest.Cells{"a": snaptest.Early})
	snaptest.Alter(t, altered, fmt.Sprintf(`PRAGMA user_version = %d`, snapshot.Format+1))
	bytes, err := os.ReadFile(altered)
	snaptest.Check(t, err)
	newer := filepath.Join(snaptest.Folder(t), "newer.sqlite") // one that this test has not open itself
	snaptest.Check(t, os.WriteFile(newer, bytes, 0o600))
	for name, act := range map[string]func(t *testing.T){
		"seal": func(t *testing.T) { snaptest.Made(t, snaptest.Cells{"a": snaptest.Early}) },
		"discard": func(t *testing.T) {
			d, _ := snaptest.Start(t, nil, false)
			snaptest.Put(t, d, snaptest.Cells{"a": snaptest.Early})
			d.Discard()
		},
		"fork": func(t *testing.T) {
			f := snaptest.Open(t, path)
			d, _ := snaptest.Start(t, f, true)
			snaptest.Seal(t, d)
			snaptest.Check(t, f.Close())
		},
		"read": func(t *testing.T) {
			f := snaptest.Open(t, path)
			_, _ = f.Detail(t.Context(), "a")
			_, _ = snaptest.Body(t, f, snapshot.Identity)
			for range f.Summaries(t.Context(), []uint32{1}) {
				_, _ = snaptest.Count(t.Context(), f, feedback.Filter{Any: snaptest.Are{"team": {"a"}}})
			}
			snaptest.Check(t, f.Close())
		},
		"refusal": func(*testing.T) { _, _ = snapshot.Open(newer) },
		"a seal that fails": func(t *testing.T) {
			d, _ := snaptest.Start(t, nil, false)
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
	for _, fd := range snaptest.Beside(t, self) {
		if path, err := os.Readlink(self + fd); err == nil { // the one that listed them is closed by now
			paths = append(paths, path)
		}
	}
	return paths
}
