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

// ways are records whose fork of an early and a late one is sealed in each way.
var ways = map[string]string{"in full": snaptest.Middle, "amended": `{"Created":"2025-04-01"}`}

// Forks of one parent may be built concurrently and are equal.
func TestConcurrentForks(t *testing.T) {
	t.Parallel()
	parent := snaptest.New(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	for way, record := range ways {
		var drafts sync.WaitGroup
		var digests [4]string
		for i := range digests {
			draft, _ := snaptest.Start(t, parent, true)
			drafts.Go(func() {
				if err := draft.Put(context.Background(), snaptest.Row("c", record)); err != nil {
					t.Error(err)
				}
				sealed, err := draft.Seal(context.Background(), snapshot.Meta{})
				if err != nil {
					t.Error(err)
				}
				for _, kind := range snapshot.Kinds() {
					digests[i] += sealed.Parts[kind].SHA256
				}
			})
		}
		drafts.Wait()
		for _, digest := range digests {
			if digest != digests[0] {
				t.Errorf("%s: they differ: %v", way, digests)
			}
		}
	}
}

// fuse is a context that is canceled after a number of calls of Done and Err.
type fuse struct {
	context.Context
	left *atomic.Int64
	end  context.CancelFunc
}

func newFuse(ctx context.Context, calls int64) fuse {
	ctx, end := context.WithCancel(ctx)
	f := fuse{ctx, new(atomic.Int64), end}
	f.left.Store(calls)
	return f
}

func (f fuse) count() {
	if f.left.Add(-1) == 0 {
		f.end()
	}
}

func (f fuse) Done() <-chan struct{} { f.count(); return f.Context.Done() }
func (f fuse) Err() error            { f.count(); return f.Context.Err() }

// A Seal that is canceled at any point leaves no file, or the complete one.
func TestCanceledSealLeavesNothing(t *testing.T) {
	t.Parallel()
	for way, record := range ways {
		t.Run(way, func(t *testing.T) { testCanceledSeal(t, record) })
	}
}

func testCanceledSeal(t *testing.T, record string) {
	t.Helper()
	parent := snaptest.New(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	begin := func(t *testing.T) (*build.Draft, string) {
		t.Helper()
		draft, dir := snaptest.Start(t, parent, true)
		snaptest.Put(t, draft, snaptest.Cells{"c": record})
		return draft, dir
	}
	uncanceled, _ := begin(t)
	whole := snaptest.Seal(t, uncanceled)
	canceled := 0
	for calls := int64(1); ; calls += 3 {
		draft, dir := begin(t)
		ctx := newFuse(t.Context(), calls)
		sealed, err := draft.Seal(ctx, snapshot.Meta{Base: "appA"})
		ctx.end()
		if err == nil {
			if sealed.Parts[snapshot.Serve].SHA256 != whole.Parts[snapshot.Serve].SHA256 {
				t.Errorf("after %d calls: not the file of an uncanceled Seal", calls)
			}
			if ctx.left.Load() > 0 {
				break
			}
			continue
		}
		canceled++
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after %d calls: %v", calls, err)
		}
		if got := snaptest.Names(t, dir); len(got) > 0 {
			t.Errorf("after %d calls the directory has %v", calls, got)
		}
	}
	if canceled < 10 {
		t.Errorf("only %d were canceled", canceled)
	}
}

// A long-lived process must not leave files open: a removed one would keep its disk
// space.
func TestNoFileStaysOpen(t *testing.T) {
	sealed := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early})
	altered := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early}).Parts[snapshot.Serve].Path
	snaptest.Alter(t, altered, fmt.Sprintf(`PRAGMA user_version = %d`, snapshot.Format+1))
	bytes, err := os.ReadFile(altered)
	snaptest.Check(t, err)
	newer := filepath.Join(snaptest.TempDir(t), "newer.sqlite") // not open in this test
	snaptest.Check(t, os.WriteFile(newer, bytes, 0o600))
	for name, act := range map[string]func(t *testing.T){
		"seal": func(t *testing.T) { snaptest.Create(t, snaptest.Cells{"a": snaptest.Early}) },
		"discard": func(t *testing.T) {
			d, _ := snaptest.Start(t, nil, false)
			snaptest.Put(t, d, snaptest.Cells{"a": snaptest.Early})
			d.Discard()
		},
		"fork": func(t *testing.T) {
			parent := snaptest.Parent(t, snaptest.Open(t, sealed))
			d, err := build.Fork(t.Context(), snaptest.TempDir(t), parent)
			snaptest.Check(t, err)
			snaptest.Seal(t, d)
			snaptest.Check(t, parent.Close())
		},
		"read": func(t *testing.T) {
			f := snaptest.Open(t, sealed)
			_, _ = f.Detail(t.Context(), "a")
			_, _ = snaptest.Body(t, f, snapshot.Identity)
			for range f.Summaries(t.Context(), []uint32{1}) {
				filter := feedback.Filter{Any: snaptest.Any{"team": {"a"}}}
				_, _ = snaptest.Count(t.Context(), f, filter)
			}
			snaptest.Check(t, f.Close())
		},
		"rejection": func(*testing.T) {
			fetch := func(context.Context, snapshot.Kind) (string, error) { return newer, nil }
			_ = snapshot.New(1, fetch).Need(t.Context(), snapshot.ForReaders()...)
			_, _ = snapshot.OpenOriginals(newer)
		},
		"failed seal": func(t *testing.T) {
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

// openFiles returns the paths of the files that this process has open.
func openFiles(t *testing.T) []string {
	t.Helper()
	const self = "/proc/self/fd/"
	var paths []string
	for _, fd := range snaptest.Names(t, self) {
		// The descriptor that listed them is closed by now.
		if path, err := os.Readlink(self + fd); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}
