package replica_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"voc/internal/blob/blobtest"
	"voc/internal/feedback"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// newLazy returns a reader that fetches a part when a question needs it.
func newLazy(t *testing.T, store *blobtest.Memory) *reader {
	r := &reader{faulty: blobtest.NewFaulty(store), dir: t.TempDir()}
	r.Replica = replica.New(open(r.faulty), r.dir, quiet)
	t.Cleanup(r.Close)
	return r
}

// questions are those that each need one part.
var questions = map[snapshot.Kind]func(context.Context, *snapshot.File) error{
	snapshot.Serve: func(ctx context.Context, file *snapshot.File) error {
		_, err := file.Facets(ctx, feedback.Filter{})
		return err
	},
	snapshot.List: func(ctx context.Context, file *snapshot.File) error {
		body, _, err := file.Body(ctx, snapshot.Gzip)
		if err == nil {
			_ = body.Close()
		}
		return err
	},
	snapshot.Details: func(ctx context.Context, file *snapshot.File) error {
		_, err := file.Detail(ctx, "rec1")
		return err
	},
}

// ask asks the snapshot that is served, as the API does.
func (r *reader) ask(t *testing.T, kind snapshot.Kind) (run string, err error) {
	t.Helper()
	for {
		if err := r.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		view, release := r.Acquire()
		err := questions[kind](t.Context(), view.File)
		if err == nil || !r.Reject(t.Context(), view, err) {
			release()
			return view.Snapshot.Run, err
		}
		release()
	}
}

// A host that has nothing fetches the part that a question needs, once, and no other one.
func TestFreshHostFetchesOnePart(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	s := publish(t, open(store), sealed(t, "full-1"), "full-1")
	for kind := range questions {
		r := newLazy(t, store)
		for range 2 {
			if run, err := r.ask(t, kind); run != "full-1" || err != nil {
				t.Errorf("%s: %s, %v", kind, run, err)
			}
		}
		got := strings.Join(r.read(), " ")
		if want := s.Part(kind).Key; got != want {
			t.Errorf("%s: %s was read, want %s", kind, got, want)
		}
	}
}

// Before a snapshot takes the place of another one, the parts that were in use are fetched, so
// that a part that is damaged or missing interrupts nothing.
func TestPartsInUseAreFetchedFirst(t *testing.T) {
	t.Parallel()
	for kind := range questions {
		store, _ := newStore()
		c := open(store)
		first := sealed(t, "full-1")
		publish(t, c, first, "full-1")
		r := newLazy(t, store)
		if _, err := r.ask(t, kind); err != nil {
			t.Fatal(err)
		}
		r.read()
		second := publish(t, c, sealed(t, "full-2"), "full-2")
		hasNoWarnings(t, synced(t, r))
		if got := r.read(); len(got) != 1 || got[0] != second.Part(kind).Key {
			t.Errorf("%s: %q were read", kind, got)
		}
		third := publish(t, c, sealed(t, "full-3"), "full-3")
		overwrite(t, store, third.Part(kind).Key, []byte("no part"))
		view := synced(t, r)
		if view.Snapshot.Run != "full-2" || len(view.Warnings) != 2 ||
			!errors.Is(view.Warnings[0], manifest.ErrDamaged) {
			t.Errorf("%s: %s is served, %q", kind, view.Snapshot.Run, view.Warnings)
		}
		if run, err := r.ask(t, kind); run != "full-2" || err != nil {
			t.Errorf("%s: %s, %v", kind, run, err)
		}
	}
}

// synced syncs, and returns the view.
func synced(t *testing.T, r *reader) replica.View {
	t.Helper()
	if err := r.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	view, release := r.Acquire()
	release()
	return view
}

// A part that turns out to be damaged when a question needs it first: the question is answered
// from the newest snapshot whose part is whole, and so is every later one.
func TestDamagedPartIsRejected(t *testing.T) {
	t.Parallel()
	for kind := range questions {
		store, _ := newStore()
		c := open(store)
		for _, run := range []string{"full-1", "full-2", "full-3"} {
			s := publish(t, c, sealed(t, run), run)
			if run != "full-1" {
				overwrite(t, store, s.Part(kind).Key, []byte("no part"))
			}
		}
		r := newLazy(t, store)
		for range 2 {
			if run, err := r.ask(t, kind); run != "full-1" || err != nil {
				t.Errorf("%s: %s, %v", kind, run, err)
			}
		}
		view, release := r.Acquire()
		release()
		if len(view.Warnings) != 3 || !errors.Is(view.Warnings[0], manifest.ErrDamaged) {
			t.Errorf("%s: warnings %q", kind, view.Warnings)
		}
		publish(t, c, sealed(t, "full-4"), "full-4")
		if run, err := r.ask(t, kind); run != "full-4" || err != nil {
			t.Errorf("%s: %s, %v", kind, run, err)
		}
		hasNoWarnings(t, synced(t, r))
	}
}

// If no snapshot has a whole part, the question gets an error, and what other parts answer is
// served.
func TestDamagedPartOfOnlySnapshot(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	s := publish(t, open(store), sealed(t, "full-1"), "full-1")
	overwrite(t, store, s.Part(snapshot.List).Key, []byte("no part"))
	r := newLazy(t, store)
	for range 2 {
		if _, err := r.ask(t, snapshot.List); !errors.Is(err, manifest.ErrDamaged) {
			t.Errorf("list: %v", err)
		}
		if run, err := r.ask(t, snapshot.Serve); run != "full-1" || err != nil {
			t.Errorf("facets: %s, %v", run, err)
		}
	}
}

// A store that does not respond says nothing about the snapshot: the next question tries again.
func TestUnreachablePartIsNotRejected(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	publish(t, c, sealed(t, "full-1"), "full-1")
	s := publish(t, c, sealed(t, "full-2"), "full-2")
	r := newLazy(t, store)
	r.faulty.Inject(blobtest.Fault{
		Kind: blobtest.Get, Key: s.Part(snapshot.Serve).Key, N: 1, Effect: blobtest.Refused,
	})
	if run, err := r.ask(t, snapshot.Serve); run != "full-2" || err == nil {
		t.Errorf("%s, %v", run, err)
	}
	if run, err := r.ask(t, snapshot.Serve); run != "full-2" || err != nil {
		t.Errorf("%s, %v", run, err)
	}
}

// A client that hangs up does not stop a fetch for which others wait.
func TestFetchOutlivesItsClient(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	publish(t, open(store), sealed(t, "full-1"), "full-1")
	r := newLazy(t, store)
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	view, release := r.Acquire()
	defer release()
	ctx, hangUp := context.WithCancel(t.Context())
	r.faulty.Inject(blobtest.Fault{
		Kind: blobtest.Get, N: 1, Effect: blobtest.Before(hangUp), Key: view.Snapshot.Parts[0].Key,
	})
	if err := view.File.Need(ctx, snapshot.Serve); err != nil {
		t.Error(err)
	}
	if got := view.File.Opened(); len(got) != 1 {
		t.Errorf("%v are open", got)
	}
}
