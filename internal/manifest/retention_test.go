package manifest_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// series publishes n snapshots, a minute apart, and returns them, oldest first.
func series(t *testing.T, c *manifest.Store, clock *clock, n int) (all []manifest.Snapshot) {
	t.Helper()
	for i := range n {
		run := fmt.Sprint("full-", i)
		all = append(all, publish(t, c, bytesOf(t, run), run))
		clock.Advance(time.Minute)
	}
	return all
}

func TestRetentionDeletesAfterAnHour(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store) // keeps three
	all := series(t, c, clock, 5)
	m := load(t, c)
	if got, want := keysOf(m.Snapshots), keysOf(all[2:]); !slices.Equal(got, want) ||
		len(m.Dropped) != 4 {
		t.Errorf("kept %q, want %q; dropped %v", got, want, m.Dropped)
	}
	holds(t, store, allParts, keysOf(all)) // a reader may be fetching one
	clock.Advance(58 * time.Minute)        // full-0 was dropped an hour ago, full-1 a minute later
	all = append(all, publish(t, c, bytesOf(t, "full-5"), "full-5"))
	holds(t, store, allParts, keysOf(all[1:]))
	clock.Advance(59 * time.Second)
	all = append(all, publish(t, c, bytesOf(t, "full-6"), "full-6"))
	holds(t, store, allParts, keysOf(all[1:]))
	clock.Advance(time.Second)
	all = append(all, publish(t, c, bytesOf(t, "full-7"), "full-7"))
	holds(t, store, allParts, keysOf(all[2:]))
	if got := len(load(t, c).Dropped); got != 6 {
		t.Errorf("%d are dropped and not due, want two of each of 3", got)
	}
}

// A host with a wrong clock must not delete what readers are fetching.
func TestRetentionUsesStoreClock(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	all := series(t, c, clock, 3)
	for i, host := range []time.Time{noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0)} {
		p := publication(t, bytesOf(t, fmt.Sprint("other-", i)), receipt(fmt.Sprint("other-", i)),
			load(t, c).Current)
		p.Snapshot.CreatedAt, p.Run.Started = job.At(host), job.At(host)
		if _, err := put(t.Context(), c, p); err != nil {
			t.Fatal(err)
		}
		all = append(all, current(t, c))
	}
	slices.SortFunc(all, func(a, b manifest.Snapshot) int {
		return a.CreatedAt.Compare(b.CreatedAt.Time)
	})
	holds(t, store, allParts, keysOf(all))
}

func TestCopiesAreBounded(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	series(t, c, clock, 5)
	holds(t, store, "manifests/", []string{"manifests/000000000006.json",
		"manifests/000000000008.json", "manifests/000000000010.json"})
	if got, want := content(t, store, "manifests/000000000010.json"),
		content(t, store, manifestKey); string(got) != string(want) {
		t.Errorf("the newest copy is %s, not %s", got, want)
	}
}

func TestOrphansAreDeletedAfterADay(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	overwrite(t, store, "snapshots/died.sqlite.zst", []byte("of a run that died"))
	s := publish(t, c, bytesOf(t, "full-1"), "full-1")
	clock.Advance(12 * time.Hour)
	overwrite(t, store, "snapshots/young.sqlite.zst", []byte("of a run under way"))
	overwrite(t, store, "notes.txt", []byte("of another program"))
	clock.Advance(12*time.Hour - time.Second)
	second := publish(t, c, bytesOf(t, "full-2"), "full-2")
	named := []manifest.Snapshot{s, second}
	holds(t, store, allParts, slices.Concat([]string{"snapshots/died.sqlite.zst"}, keysOf(named),
		[]string{"snapshots/young.sqlite.zst"}))
	clock.Advance(time.Second)
	named = append(named, publish(t, c, bytesOf(t, "full-3"), "full-3"))
	holds(t, store, allParts, slices.Concat(keysOf(named), []string{"snapshots/young.sqlite.zst"}))
	clock.Advance(12 * time.Hour)
	named = append(named[1:], publish(t, c, bytesOf(t, "full-4"), "full-4"))
	holds(t, store, allParts, keysOf(append(named, s))) // s was dropped just now
	holds(t, store, "notes", []string{"notes.txt"})
}

// A process may sleep for days after it has published, and not know what was published
// since.
func TestSleepingWriterDeletesNothingNamed(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	faulty := blobtest.NewFaulty(store)
	faulty.Inject(blobtest.Fault{Kind: blobtest.List, Key: "snapshots/",
		Effect: blobtest.Before(func() {
			series(t, open(store), clock, 2)
			clock.Advance(48 * time.Hour)
		})})
	c := open(faulty)
	publish(t, c, bytesOf(t, "full-sleeper"), "full-sleeper")
	named := load(t, c).Snapshots
	if holds(t, store, allParts, keysOf(named)); len(named) != 3 {
		t.Errorf("the manifest names %v", named)
	}
}

func TestFailedDeletionIsRepeated(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	faulty := blobtest.NewFaulty(store)
	c := manifest.New(faulty, 1, quota, quiet)
	dropped := series(t, c, clock, 2)[0]
	clock.Advance(time.Hour)
	faulty.Inject(blobtest.Fault{Kind: blobtest.Delete, Key: dropped.Parts[0].Key, N: 1,
		Effect: blobtest.Refused})
	all := []manifest.Snapshot{publish(t, c, bytesOf(t, "full-3"), "full-3")}
	key := dropped.Parts[0].Key
	if got := keys(t, store, "snapshots/"); len(got) != 3 || !slices.Contains(got, key) {
		t.Fatalf("the store holds %q", got)
	}
	clock.Advance(24 * time.Hour)
	all = append(all, publish(t, c, bytesOf(t, "full-4"), "full-4"))
	holds(t, store, allParts, keysOf(all)) // what was dropped just now is still there
	if got := keys(t, store, "manifests/"); len(got) != 1 {
		t.Errorf("copies %q", got)
	}
}

func TestPublishSucceedsWithoutTidying(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	faulty := blobtest.NewFaulty(store)
	c := manifest.New(faulty, 1, quota, quiet)
	faulty.Inject(blobtest.Fault{Kind: blobtest.Delete, Effect: blobtest.Refused},
		blobtest.Fault{Kind: blobtest.List, Key: "snapshots/", Effect: blobtest.Refused},
		blobtest.Fault{Kind: blobtest.PutNew, Key: "manifests/000000000004.json",
			Effect: blobtest.Refused})
	for i := range 5 {
		run := fmt.Sprint("full-", i)
		if publish(t, c, bytesOf(t, run), run).Run != run {
			t.Errorf("%s is not current", run)
		}
		clock.Advance(2 * time.Hour)
	}
}

// A snapshot of a week ago can be rolled back to, however many refreshes followed.
func TestOneSnapshotADayIsRetained(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	var all []manifest.Snapshot // newest first
	for i := range 3 * 34 {
		run := fmt.Sprintf("full-%03d", i)
		all = slices.Insert(all, 0, publish(t, c, bytesOf(t, run), run))
		clock.Advance(8 * time.Hour) // at 12:00, 20:00 and 4:00
	}
	clock.Advance(-8 * time.Hour) // to the newest
	days := map[string]bool{}
	var want []string
	for i, s := range all {
		day := s.PublishedAt.Format(time.DateOnly)
		if i < 3 || !days[day] && clock.Now().Sub(s.PublishedAt.Time) < 30*24*time.Hour {
			want = append(want, s.ID)
		}
		days[day] = true
	}
	var got []string
	for _, s := range load(t, c).Snapshots {
		got = append(got, s.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 31 {
		t.Errorf("%d are kept:\n%s", len(got), diff)
	}
	holds(t, store, allParts, named(load(t, c)))
}

// The current snapshot may be the oldest of all.
func TestRestoredSnapshotIsRetained(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	all := series(t, c, clock, 3)
	rollback(t, c, "rollback-3", all[0].ID)
	clock.Advance(24 * time.Hour)
	confirm(t, c, "incremental-4", clock.Now()) // a week of refreshes that find nothing new
	clock.Advance(6 * 24 * time.Hour)
	if got := current(t, c); got.ID != all[0].ID ||
		!slices.Contains(keys(t, store, "snapshots/"), got.Parts[0].Key) {
		t.Errorf("current is %s of %q", got.ID, keys(t, store, "snapshots/"))
	}
	for _, step := range []struct {
		run  string
		kept []manifest.Snapshot // beside what is published now
	}{
		{"full-5", all},
		{"full-6", all[2:]},
	} {
		kept := step.kept
		for _, s := range load(t, c).Snapshots {
			if s.Run == "full-5" {
				kept = slices.Concat(kept, []manifest.Snapshot{s})
			}
		}
		next := publish(t, c, bytesOf(t, step.run), step.run)
		if got, want := keysOf(load(t, c).Snapshots),
			keysOf(slices.Concat(kept, []manifest.Snapshot{next})); !slices.Equal(got, want) {
			t.Errorf("with %s: kept %q, want %q", step.run, got, want)
		}
	}
	// a reader may be fetching it
	if got := keys(t, store, "snapshots/"); !slices.Contains(got, all[0].Parts[0].Key) {
		t.Errorf("the store holds %q", got)
	}
}

// Two runs with the same content, or two attempts of a run with different content: a key
// always names the same bytes.
func TestPublicationKeysAreUnique(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	same := bytesOf(t, "content")
	first, second := publish(t, c, same, "full-1"), publish(t, c, same, "full-2")
	died := leased(t, c, attempt(receipt("full-3"), "died"))
	third := publication(t, bytesOf(t, "one"), died, job.Nullable(second.ID))
	third.Run.Fence = 99 // fenced, after the object was put
	if _, err := c.Publish(t.Context(), third); !errors.Is(err, job.ErrFenced) {
		t.Fatal(err)
	}
	fail(t, c, died)
	again := publish(t, c, bytesOf(t, "two"), "full-3")
	keys := keys(t, store, "snapshots/")
	if len(keys) != 4 || len(slices.Compact(keys)) != 4 {
		t.Errorf("%q", keys)
	}
	for _, s := range []manifest.Snapshot{first, second, again} {
		says(t, s.Parts[0].Key, s.Run, s.SHA256[:12])
		if _, err := c.Fetch(t.Context(), s, snapshot.Serve, t.TempDir()); err != nil {
			t.Error(err)
		}
	}
}

// A run that died between its object and the manifest finds its own object at the next
// attempt.
func TestPublishReusesExistingObject(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	c := open(faulty)
	file := bytesOf(t, "full-1")
	faulty.Inject(blobtest.Fault{Kind: blobtest.Replace, N: 2, Effect: blobtest.Refused})
	if _, err := put(t.Context(), c, publication(t, file, attempt(receipt("full-1"), "first"),
		"")); !errors.Is(err, blobtest.ErrInjected) {
		t.Fatal(err)
	}
	fail(t, c, load(t, c).Lease.Run)
	s := publish(t, c, file, "full-1")
	holds(t, store, allParts, keysOf([]manifest.Snapshot{s}))
	if _, err := c.Fetch(t.Context(), s, snapshot.Serve, t.TempDir()); err != nil {
		t.Error(err)
	}
}

// An object that several snapshots share is deleted an hour after the last of them is
// dropped.
func TestSharedPartIsRetained(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := manifest.New(store, 2, quota, quiet)
	publish(t, c, bytesOf(t, "full-1"), "full-1")
	overwrite(t, store, "sources/shared", []byte("of two snapshots"))
	m := load(t, c)
	older, newer := m.Snapshots[0], m.Snapshots[0]
	part := manifest.Part{Kind: "details", Key: "sources/shared"}
	older.ID, older.Parts = "full-0-0123456789ab", []manifest.Part{part}
	newer.Parts = append(newer.Parts, part)
	m.Snapshots = []manifest.Snapshot{newer, older}
	text, err := manifest.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, store, manifestKey, text)
	for i := range 3 {
		clock.Advance(time.Hour)
		run := fmt.Sprint("full-", i+2)
		publish(t, c, bytesOf(t, run), run)
		_, err := store.Stat(t.Context(), "sources/shared")
		if kept := err == nil; kept != (i < 2) {
			t.Errorf("after %s: kept %t", run, kept)
		}
	}
}
