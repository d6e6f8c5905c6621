package blobtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
)

func TestFaultyContract(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(*testing.T) func() blob.Store {
		store := blobtest.NewMemory(nil)
		return func() blob.Store { return blobtest.NewFaulty(store) }
	})
}

// newFaulty returns a store with one object of ten bytes.
func newFaulty(t *testing.T, faults ...blobtest.Fault) (*blobtest.Faulty, blob.Version) {
	t.Helper()
	memory := blobtest.NewMemory(nil)
	info, err := memory.PutNew(t.Context(), "object", strings.NewReader("0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	faulty := blobtest.NewFaulty(memory)
	faulty.Inject(faults...)
	return faulty, info.Version
}

func body(ctx context.Context, store blob.Store, key string) (string, error) {
	object, err := store.Get(ctx, key)
	if err != nil {
		return "", err
	}
	defer object.Body.Close()
	body, err := io.ReadAll(object.Body)
	return string(body), err
}

func TestEffectsOnReplace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		effect             blobtest.Effect
		applied, uncertain bool
		survives           bool // whether the process survives
	}{
		{blobtest.Refused, false, false, true},
		{blobtest.Lost, false, true, true},
		{blobtest.Applied, true, true, true},
		{blobtest.DiedBefore, false, false, false},
		{blobtest.DiedAfter, true, false, false},
	} {
		t.Run(c.effect.String(), func(t *testing.T) {
			store, version := newFaulty(t, blobtest.Fault{Kind: blobtest.Replace, Effect: c.effect})
			info, err := store.Replace(t.Context(), "object", []byte("new"), version)
			if !errors.Is(err, blobtest.ErrInjected) || info != (blob.Info{}) ||
				errors.Is(err, blob.ErrUncertain) != c.uncertain {
				t.Errorf("Replace returns %+v, %v", info, err)
			}
			now, err := body(t.Context(), store, "object")
			if (err == nil) != c.survives || c.survives && (now == "new") != c.applied {
				t.Errorf("then Get: %q, %v", now, err)
			}
		})
	}
}

func TestDeadProcessReachesStoreNoMore(t *testing.T) {
	t.Parallel()
	memory := blobtest.NewMemory(nil)
	store := blobtest.NewFaulty(memory)
	store.Inject(blobtest.Fault{N: 2, Effect: blobtest.DiedAfter})
	for _, key := range []string{"one", "two", "three"} {
		store.PutNew(t.Context(), key, strings.NewReader(key))
	}
	if err := store.Delete(t.Context(), "one"); !errors.Is(err, blobtest.ErrInjected) {
		t.Errorf("Delete: %v", err)
	}
	var keys []string
	for info, err := range memory.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	if !slices.Equal(keys, []string{"one", "two"}) {
		t.Errorf("the store contains %q", keys)
	}
}

func TestHungOperationEndsWithContext(t *testing.T) {
	t.Parallel()
	store, version := newFaulty(t, blobtest.Fault{Effect: blobtest.Hung})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(nil)
	_, err := store.Get(ctx, "object")
	if !errors.Is(err, context.Canceled) || errors.Is(err, blob.ErrUncertain) {
		t.Errorf("Get: %v", err)
	}
	_, err = store.Replace(ctx, "object", nil, version)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, blob.ErrUncertain) {
		t.Errorf("Replace: %v", err)
	}
}

func TestCutBodyIsUnexpectedEOF(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after int64
		want  string
		err   error
	}{
		{0, "", io.ErrUnexpectedEOF},
		{4, "0123", io.ErrUnexpectedEOF},
		{10, "0123456789", nil},
	} {
		store, _ := newFaulty(t, blobtest.Fault{Kind: blobtest.Get, Effect: blobtest.Cut(c.after)})
		if got, err := body(t.Context(), store, "object"); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("cut after %d: %q, %v", c.after, got, err)
		}
	}
}

func TestEffectsOnList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		effect blobtest.Effect
		listed int
	}{
		{blobtest.Lost, 0},
		{blobtest.Applied, 1},
	} {
		store, _ := newFaulty(t, blobtest.Fault{Kind: blobtest.List, Effect: c.effect})
		listed := 0
		var last error
		for _, err := range store.List(t.Context(), "") {
			if last = err; err == nil {
				listed++
			}
		}
		if listed != c.listed || !errors.Is(last, blobtest.ErrInjected) {
			t.Errorf("%v: %d objects, then %v", c.effect, listed, last)
		}
	}
}

func TestFaultMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault blobtest.Fault
		hit   string
	}{
		{blobtest.Fault{}, "1 2 3 4 5 6"},
		{blobtest.Fault{N: 3}, "3"},
		{blobtest.Fault{Kind: blobtest.Delete}, "2 4 6"},
		{blobtest.Fault{Kind: blobtest.Delete, N: 2}, "4"},
		{blobtest.Fault{Key: "b"}, "3 4"},
		{blobtest.Fault{Kind: blobtest.Stat, Key: "c", N: 1}, "5"},
		{blobtest.Fault{Kind: blobtest.Stat, Key: "c", N: 2}, ""},
	} {
		c.fault.Effect = blobtest.Refused
		store, _ := newFaulty(t, c.fault)
		for _, key := range []string{"a", "b", "c"} {
			store.Stat(t.Context(), key)
			store.Delete(t.Context(), key)
		}
		var hit []string
		for _, op := range store.Log() {
			if op.Effect.String() != "" {
				hit = append(hit, fmt.Sprint(op.N))
			}
		}
		if got := strings.Join(hit, " "); got != c.hit {
			t.Errorf("%+v matches operations %q, want %q", c.fault, got, c.hit)
		}
	}
}

// publish is an act for a crash matrix: it writes a snapshot, then the manifest that
// names it.
func publish(ctx context.Context, store blob.Store) error {
	_, err := store.PutNew(ctx, "snapshot", strings.NewReader("new"))
	for errors.Is(err, blob.ErrUncertain) {
		_, err = store.PutNew(ctx, "snapshot", strings.NewReader("new"))
	}
	if err != nil && !errors.Is(err, blob.ErrExist) {
		return err
	}
	info, err := store.Stat(ctx, "manifest")
	if err != nil {
		return err
	}
	_, err = store.Replace(ctx, "manifest", []byte("snapshot"), info.Version)
	return err
}

func TestCrashMatrix(t *testing.T) {
	t.Parallel()
	var tried, published atomic.Int32
	t.Run("matrix", blobtest.CrashMatrix(func(t *testing.T) blobtest.Attempt {
		store := blobtest.NewMemory(nil)
		if _, err := store.PutNew(t.Context(), "manifest", strings.NewReader("none")); err != nil {
			t.Fatal(err)
		}
		run := func(store blob.Store) {
			tried.Add(1)
			publish(t.Context(), store)
		}
		check := func() {
			manifest, err := body(t.Context(), store, "manifest")
			if err != nil || manifest != "none" && manifest != "snapshot" {
				t.Errorf("the manifest contains %q, %v", manifest, err)
			}
			if manifest == "none" {
				return
			}
			published.Add(1)
			if snapshot, err := body(t.Context(), store, manifest); snapshot != "new" {
				t.Errorf("the snapshot it names is %q, %v", snapshot, err)
			}
		}
		return blobtest.Attempt{Store: store, Run: run, Check: check}
	}).Test)
	cases := int32(1 + 3*5)
	if testing.Short() {
		cases = 1 + 3
	}
	if tried.Load() != cases {
		t.Errorf("%d cases, want %d", tried.Load(), cases)
	}
	// No fault; the put or its response lost; the manifest's response lost; process dies
	// after it.
	if published.Load() != 5 && !testing.Short() {
		t.Errorf("%d cases published, want 5", published.Load())
	}
}
