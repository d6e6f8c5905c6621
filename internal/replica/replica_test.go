package replica_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// newReplica returns a replica of a store. The test closes it.
func newReplica(t *testing.T, store blob.Store) *replica.Replica {
	t.Helper()
	r := replica.New(open(store), t.TempDir(), quiet).FetchFirst(snapshot.Serve)
	t.Cleanup(r.Close)
	return r
}

// sees syncs, and checks which run's snapshot is served; "" for none.
func sees(t *testing.T, r *replica.Replica, run string) replica.View {
	t.Helper()
	if err := r.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	return serves(t, r, run)
}

// serves checks which run's snapshot is served, by reading it.
func serves(t *testing.T, r *replica.Replica, run string) replica.View {
	t.Helper()
	view, release := r.Acquire()
	defer release()
	switch {
	case view.File == nil && run != "":
		t.Fatalf("nothing is served, want the snapshot of %s; warnings %q", run, view.Warnings)
	case view.File != nil && (view.Snapshot.Run != run || runOf(t, view) != run):
		t.Errorf("the file of %s is served as that of %s, want %s", runOf(t, view),
			view.Snapshot.Run, run)
	}
	if view.File != nil {
		reads(t, view)
	}
	return view
}

// runOf returns the run that made the file of a view.
func runOf(t testing.TB, view replica.View) string {
	t.Helper()
	meta, err := view.File.Meta(t.Context())
	if err != nil {
		t.Error(err)
	}
	return meta.Run
}

func reads(t testing.TB, view replica.View) {
	t.Helper()
	if _, err := view.File.Facets(t.Context(), feedback.Filter{}); err != nil {
		t.Error(err)
	}
}

func hasNoWarnings(t *testing.T, view replica.View) {
	t.Helper()
	if len(view.Warnings) != 0 {
		t.Errorf("warnings %q", view.Warnings)
	}
}

func TestEmptyStoreServesNothing(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	r := newReplica(t, store)
	hasNoWarnings(t, serves(t, r, ""))
	hasNoWarnings(t, sees(t, r, ""))
	publish(t, open(store), sealed(t, "full-1"), "full-1")
	hasNoWarnings(t, sees(t, r, "full-1"))
}

func TestSyncOpensNewPublication(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	r := newReplica(t, faulty)
	publish(t, open(store), sealed(t, "full-1"), "full-1")
	sees(t, r, "full-1")
	publish(t, open(store), sealed(t, "full-2"), "full-2")
	hasNoWarnings(t, sees(t, r, "full-2"))
	before := len(faulty.Log())
	sees(t, r, "full-2")
	if asked := faulty.Log()[before:]; len(asked) != 1 || asked[0].Kind != blobtest.GetIfChanged {
		t.Errorf("a look at what has not changed asks %v", asked)
	}
	confirm(t, open(store), "incremental-3", noon.Add(time.Hour))
	view := sees(t, r, "full-2")
	if !view.Snapshot.Watermark.Equal(noon.Add(time.Hour)) || len(view.Manifest.Runs) != 3 {
		t.Errorf("a confirmation is not seen: %+v", view.Snapshot)
	}
	for _, op := range faulty.Log()[before:] {
		if op.Kind == blobtest.Get {
			t.Errorf("a snapshot that is open is fetched again: %v", op)
		}
	}
}

// In a synctest bubble, a goroutine that is left fails the test.
func TestFileStaysOpenWhileUsed(t *testing.T) {
	t.Parallel()
	files := []string{"full-1", "full-2", "full-3"}
	synctest.Test(t, func(t *testing.T) {
		store, _ := newStore()
		dir := t.TempDir()
		r := replica.New(open(store), dir, quiet).FetchFirst(snapshot.Serve)
		var views []replica.View
		var releases []func()
		for _, run := range files {
			publish(t, open(store), sealed(t, run), run)
			sees(t, r, run)
			view, release := r.Acquire()
			file, _, err := view.File.Body(t.Context(), "identity") // makes a file beside the list part
			if err != nil {
				t.Fatal(err)
			}
			file.Close()
			views, releases = append(views, view), append(releases, release)
		}
		for i, view := range views {
			if reads(t, view); runOf(t, view) != files[i] {
				t.Errorf("view %d is of %s", i, runOf(t, view))
			}
		}
		releases[1]()
		releases[1]() // counts once
		synctest.Wait()
		reads(t, views[0])
		if left := entries(t, dir); len(left) != 6 {
			t.Errorf("two are used, and there are %q", left)
		}
		closed := make(chan struct{})
		go func() { r.Close(); close(closed) }()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close did not wait for those who read")
		default:
		}
		reads(t, views[0])
		releases[0]()
		releases[2]()
		<-closed
		if left := entries(t, dir); len(left) != 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

func TestUnavailableStoreIsAWarning(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	publish(t, open(store), sealed(t, "full-1"), "full-1")
	r := newReplica(t, faulty)
	sees(t, r, "full-1")
	faulty.Inject(blobtest.Fault{Kind: blobtest.GetIfChanged, N: 1, Effect: blobtest.Refused})
	fails(t, r.Sync(t.Context()), blobtest.ErrInjected)
	if view := serves(t, r, "full-1"); len(view.Warnings) != 1 {
		t.Errorf("warnings %q", view.Warnings)
	}
	hasNoWarnings(t, sees(t, r, "full-1"))
	publish(t, open(store), sealed(t, "full-2"), "full-2")
	for _, effect := range []blobtest.Effect{blobtest.Refused, blobtest.Cut(9)} {
		faulty.Inject(blobtest.Fault{Kind: blobtest.Get, N: 1, Effect: effect})
		if r.Sync(t.Context()) == nil || len(serves(t, r, "full-1").Warnings) != 1 {
			t.Error("a snapshot that cannot be fetched causes no error")
		}
	}
	hasNoWarnings(t, sees(t, r, "full-2"))
}

func TestDamagedManifestServesNewestCopy(t *testing.T) {
	t.Parallel()
	for _, row := range damages {
		t.Run(row.Name, func(t *testing.T) {
			store, _ := newStore()
			publish(t, open(store), sealed(t, "full-1"), "full-1")
			publish(t, open(store), sealed(t, "full-2"), "full-2")
			whole := content(t, store, manifestKey)
			running := newReplica(t, store)
			sees(t, running, "full-2")
			damage(t, store, row.Name, row.Change)
			overwrite(t, store, "manifests/000000000005.json", []byte("damaged as well"))
			newcomer := newReplica(t, store)
			for _, r := range []*replica.Replica{running, newcomer} {
				view := sees(t, r, "full-2")
				if len(view.Warnings) != 1 {
					t.Fatalf("warnings %q", view.Warnings)
				}
				says(t, view.Warnings[0].Error(), "manifest.json", row.Says, "no refresh can publish")
				if again := sees(t, r, "full-2"); len(again.Warnings) != 1 {
					t.Errorf("then warnings %q", again.Warnings)
				}
			}
			says(t, serves(t, newcomer, "full-2").Warnings[0].Error(), "manifests/000000000004.json")
			overwrite(t, store, manifestKey, whole)
			hasNoWarnings(t, sees(t, running, "full-2"))
			hasNoWarnings(t, sees(t, newcomer, "full-2"))
		})
	}
}

// The copy of the newest publication may be missing: its process died before it wrote it.
func TestServedNeverRevertsToOlderCopy(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	publish(t, open(store), sealed(t, "full-1"), "full-1")
	publish(t, open(store), sealed(t, "full-2"), "full-2")
	if err := store.Delete(t.Context(), "manifests/000000000004.json"); err != nil {
		t.Fatal(err)
	}
	running, newcomer := newReplica(t, store), newReplica(t, store)
	sees(t, running, "full-2")
	overwrite(t, store, manifestKey, nil)
	if view := sees(t, running, "full-2"); len(view.Warnings) != 1 || view.Manifest.Generation != 4 {
		t.Errorf("generation %d, warnings %q", view.Manifest.Generation, view.Warnings)
	}
	sees(t, newcomer, "full-1")
}

func TestDamagedManifestWithUnreadableCopies(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	publish(t, open(store), sealed(t, "full-1"), "full-1")
	overwrite(t, store, manifestKey, nil)
	for _, kind := range []blobtest.Kind{blobtest.List, blobtest.Get} {
		faulty := blobtest.NewFaulty(store)
		faulty.Inject(blobtest.Fault{Kind: kind, N: 1, Effect: blobtest.Refused})
		r := newReplica(t, faulty)
		err := r.Sync(t.Context())
		fails(t, err, blobtest.ErrInjected)
		fails(t, err, manifest.ErrDamaged)
		sees(t, r, "full-1")
	}
}

func TestDamagedSnapshotServesNewestValid(t *testing.T) {
	t.Parallel()
	for _, row := range ruins {
		t.Run(row.Name, func(t *testing.T) {
			store, _ := newStore()
			publish(t, open(store), sealed(t, "full-1"), "full-1")
			running := newReplica(t, store)
			sees(t, running, "full-1")
			second := publish(t, open(store), sealed(t, "full-2"), "full-2")
			ruin(t, store, second.Parts[0].Key, row.Ruin)
			for _, r := range []*replica.Replica{running, newReplica(t, store)} {
				view := sees(t, r, "full-1")
				if len(view.Warnings) != 2 || view.Manifest.Current != job.Nullable(second.ID) {
					t.Fatalf("warnings %q", view.Warnings)
				}
				says(t, view.Warnings[0].Error(), second.ID, "damaged", "full refresh")
				says(t, view.Warnings[1].Error(), view.Snapshot.ID, "instead")
			}
			publish(t, open(store), sealed(t, "full-3"), "full-3")
			hasNoWarnings(t, sees(t, running, "full-3"))
		})
	}
}

func TestInvalidFileIsNotServed(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	publish(t, open(store), sealed(t, "full-1"), "full-1")
	publish(t, open(store), bytesOf(t, "full-2"), "full-2") // whole, but no SQLite file
	dir := t.TempDir()
	r := replica.New(open(store), dir, quiet).FetchFirst(snapshot.Serve)
	sees(t, r, "full-1")
	if r.Close(); len(entries(t, dir)) != 0 {
		t.Errorf("left behind: %q", entries(t, dir))
	}
}

// An open snapshot was valid when it was opened. It is served until a newer one is,
// whatever happens to the store.
func TestServedStaysWithoutAlternative(t *testing.T) {
	t.Parallel()
	for name, loss := range map[string]func(t *testing.T, store *blobtest.Memory){
		"the only snapshot that is kept is ruined": func(t *testing.T, store *blobtest.Memory) {
			s := publish(t, manifest.New(store, 1, quota, quiet), sealed(t, "full-2"), "full-2")
			overwrite(t, store, s.Parts[0].Key, nil)
		},
		"the store was emptied": func(t *testing.T, store *blobtest.Memory) {
			for _, key := range keys(t, store, "") {
				if err := store.Delete(t.Context(), key); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, _ := newStore()
			publish(t, manifest.New(store, 1, quota, quiet), sealed(t, "full-1"), "full-1")
			running, newcomer := newReplica(t, store), newReplica(t, store)
			sees(t, running, "full-1")
			loss(t, store)
			view := sees(t, running, "full-1")
			if len(view.Warnings) == 0 {
				t.Fatal("no warning")
			}
			says(t, view.Warnings[len(view.Warnings)-1].Error(), view.Snapshot.ID, "still serving",
				"full refresh")
			sees(t, newcomer, "")
			c := manifest.New(store, 1, quota, quiet)
			publish(t, c, sealed(t, "full-3"), "full-3")
			hasNoWarnings(t, sees(t, running, "full-3"))
		})
	}
}

func TestMissingDirectoryIsNotDamage(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	publish(t, open(store), sealed(t, "full-1"), "full-1")
	absent := filepath.Join(t.TempDir(), "absent")
	r := replica.New(open(store), absent, quiet).FetchFirst(snapshot.Serve)
	if err := r.Sync(t.Context()); !errors.Is(err, os.ErrNotExist) ||
		errors.Is(err, manifest.ErrDamaged) {
		t.Errorf("error %v", err)
	}
}
