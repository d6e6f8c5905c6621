package manifest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
)

func TestDamagedManifestIsRejectedAndNotOverwritten(t *testing.T) {
	t.Parallel()
	for _, row := range damages {
		t.Run(row.Name, func(t *testing.T) {
			store, _ := newStore()
			c := open(store)
			publish(t, c, bytesOf(t, "full-1"), "full-1")
			s := publish(t, c, bytesOf(t, "full-2"), "full-2")
			damage(t, store, row.Name, row.Change)
			before := keys(t, store, "")
			_, loading := c.Load(t.Context())
			_, publishing := c.Publish(t.Context(), publication(t, bytesOf(t, "full-3"), receipt("full-3"),
				job.Nullable(s.ID)))
			_, confirming := c.Confirm(t.Context(), receipt("full-3"),
				manifest.Confirmation{Snapshot: s.ID, Watermark: noon})
			_, recording := c.Record(t.Context(), failed("full-3"))
			_, beginning := begin(t.Context(), c, receipt("full-3"))
			_, rolling := c.Rollback(t.Context(), base, receipt("rollback-3"), job.Previous)
			renewing, counting, burying := c.Renew(t.Context(), receipt("full-3")),
				c.Count(t.Context(), base, 7), c.Reap(t.Context(), base)
			for _, err := range []error{loading, publishing, confirming, recording, beginning, rolling,
				renewing, counting, burying} {
				fails(t, err, row.Err)
				says(t, fmt.Sprint(err), "manifest.json in memory:", row.Says)
			}
			// the two parts of the snapshot that was not published
			if after := keys(t, store, ""); len(after) != len(before)+2 {
				t.Errorf("%q became %q", before, after)
			}
			_, again := c.Load(t.Context())
			fails(t, again, row.Err)
		})
	}
}

// Two processes may start on an empty store. The first copy of the one is no damage to
// the other.
func TestFirstManifestIsNotMissing(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	faulty.Inject(blobtest.Fault{Kind: blobtest.List, N: 1,
		Effect: blobtest.Before(func() { publish(t, open(store), bytesOf(t, "full-1"), "full-1") })})
	if _, err := open(faulty).Record(t.Context(), failed("full-2")); err != nil {
		t.Fatal(err)
	}
	if m := load(t, open(store)); len(m.Runs) != 2 || len(m.Snapshots) != 1 {
		t.Errorf("manifest %+v, want two runs and one snapshot", m)
	}
}

func accept(ctx context.Context, c *manifest.Store, run job.Run) (manifest.Manifest, job.Run,
	error) {
	return c.Acquire(ctx, base, job.Request{Accept: true}, run)
}

func TestAcquireRepairsDamageOnlyWithAccept(t *testing.T) {
	t.Parallel()
	for _, row := range damages {
		if !errors.Is(row.Err, manifest.ErrDamaged) {
			continue
		}
		t.Run(row.Name, func(t *testing.T) {
			store, _ := newStore()
			c := open(store)
			publish(t, c, bytesOf(t, "full-1"), "full-1")
			publish(t, c, bytesOf(t, "full-2"), "full-2")
			before := load(t, c)
			damage(t, store, row.Name, row.Change)
			m, run, err := accept(t.Context(), c, receipt("full-3"))
			if err != nil {
				t.Fatal(err)
			}
			if m.Current != before.Current || !cmp.Equal(m.Snapshots, before.Snapshots) ||
				!cmp.Equal(m.Runs, before.Runs) || m.CallsIn(noon) != 14 {
				t.Errorf("it goes on from %+v, not from %+v", m, before)
			}
			// What was written after the copy is unknown: none of its numbers may be given
			// again.
			if m.Generation < before.Generation+1000 || run.Fence < before.Fence+1000 {
				t.Errorf("generation %d after %d, fencing number %d after %d", m.Generation, before.Generation,
					run.Fence, before.Fence)
			}
			p := publication(t, bytesOf(t, "full-3"), run, m.Current)
			if _, err := c.Publish(t.Context(), p); err != nil || len(load(t, c).Snapshots) != 3 {
				t.Errorf("error %v, then %+v", err, load(t, c))
			}
			publish(t, c, bytesOf(t, "full-4"), "full-4")
			if copies := keys(t, store, "manifests/"); len(copies) != 3 ||
				copies[2] < fmt.Sprintf("manifests/%012d.json", before.Generation+1000) {
				t.Errorf("copies %q", copies)
			}
		})
	}
}

func TestRepairUsesNewestValidCopy(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	publish(t, c, bytesOf(t, "full-1"), "full-1")
	publish(t, c, bytesOf(t, "full-2"), "full-2")
	overwrite(t, store, manifestKey, nil)
	overwrite(t, store, "manifests/000000000004.json", []byte("damaged as well"))
	m, _, err := accept(t.Context(), c, receipt("full-3"))
	if s, _ := m.CurrentSnapshot(); err != nil || s.Run != "full-1" {
		t.Errorf("it goes on from %+v, error %v", s, err)
	}
}

// Without a copy there was no publication, or the copy was removed: the next run is the
// first.
func TestRepairWithoutCopiesStartsEmpty(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	overwrite(t, store, manifestKey, []byte("a line of text"))
	m, run, err := accept(t.Context(), c, receipt("full-1"))
	if err != nil || m.Current != "" {
		t.Fatalf("manifest %+v, error %v, want no snapshot", m, err)
	}
	if _, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-1"), run, "")); err != nil {
		t.Error(err)
	}
}

func TestRepairFailsIfCopiesAreUnreadable(t *testing.T) {
	t.Parallel()
	for _, kind := range []blobtest.Kind{blobtest.List, blobtest.Get} {
		store, _ := newStore()
		publish(t, open(store), bytesOf(t, "full-1"), "full-1")
		overwrite(t, store, manifestKey, []byte("damaged"))
		faulty := blobtest.NewFaulty(store)
		faulty.Inject(blobtest.Fault{Kind: kind, Effect: blobtest.Refused})
		_, _, err := accept(t.Context(), open(faulty), receipt("full-2"))
		fails(t, err, blobtest.ErrInjected)
		if got := content(t, store, manifestKey); string(got) != "damaged" {
			t.Errorf("it was written over: %s", got)
		}
	}
}

func TestNewerManifestIsNeverOverwritten(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	publish(t, c, bytesOf(t, "full-1"), "full-1")
	newer := signed(17, `{"generation":40}`)
	overwrite(t, store, manifestKey, newer)
	_, _, err := accept(t.Context(), c, receipt("full-2"))
	fails(t, err, manifest.ErrNewer)
	says(t, err.Error(), manifestKey, "17", "upgrade")
	if got := content(t, store, manifestKey); !bytes.Equal(got, newer) {
		t.Errorf("it was written over: %s", got)
	}
}

func TestAcceptKeepsValidManifest(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	publish(t, c, bytesOf(t, "full-1"), "full-1")
	m, run, err := accept(t.Context(), c, receipt("full-2"))
	if err != nil || m.Generation != 3 || run.Fence != 2 || !m.Lease.Accept {
		t.Errorf("manifest %+v, error %v, want generation 3 and fence 2", m, err)
	}
}

func TestWhichWritesStoreACopy(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := manifest.New(store, 10, quota, quiet)
	steps := []struct {
		name   string
		do     func()
		copies int
	}{
		{"a publication", func() { publish(t, c, bytesOf(t, "full-1"), "full-1") }, 1},
		{"another", func() { publish(t, c, bytesOf(t, "full-2"), "full-2") }, 2},
		{"a confirmation", func() { confirm(t, c, "incremental-3", noon) }, 3},
		{"a failure", func() { fail(t, c, leased(t, c, receipt("full-4"))) }, 3},
		{"a rollback", func() { rollback(t, c, "rollback-5", job.Previous) }, 4},
	}
	for _, step := range steps {
		step.do()
		copies := keys(t, store, "manifests/")
		if len(copies) != step.copies {
			t.Fatalf("after %s: copies %q", step.name, copies)
		}
	}
	copies := keys(t, store, "manifests/")
	if got, want := content(t, store, copies[3]),
		content(t, store, manifestKey); !bytes.Equal(got, want) {
		t.Errorf("the newest copy is %s, not %s", got, want)
	}
}

// The repaired manifest does not have the lease. Its holder may not publish.
func TestRepairFencesRunningRun(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	s := publish(t, c, bytesOf(t, "full-1"), "full-1")
	lost := leased(t, c, begun("full-2"))
	overwrite(t, store, manifestKey, nil)
	_, run, err := accept(t.Context(), c, receipt("full-3"))
	if err != nil {
		t.Fatal(err)
	}
	fails(t, c.Renew(t.Context(), lost), job.ErrFenced)
	_, err = c.Publish(t.Context(), publication(t, bytesOf(t, "full-2"), lost, job.Nullable(s.ID)))
	fails(t, err, job.ErrFenced)
	lost.AirtableCalls = 20
	fail(t, c, lost)
	if m := load(t, c); m.CallsIn(noon) != 7+20 || m.Lease == nil || m.Lease.Run.ID != "full-3" {
		t.Errorf("%d calls, the lease is %+v", m.CallsIn(noon), m.Lease)
	}
	if _, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-3"), run,
		job.Nullable(s.ID))); err != nil {
		t.Error(err)
	}
}

// An operator restores an old copy, as the error proposes. Fencing numbers may then
// repeat, and still two runs never share a lease.
func TestManualRestoreFencesRunningRun(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	s := publish(t, c, bytesOf(t, "full-1"), "full-1")
	copied := content(t, store, manifestKey)
	lost := leased(t, c, begun("full-2"))
	overwrite(t, store, manifestKey, copied)
	run := leased(t, c, begun("full-3"))
	if run.Fence != lost.Fence {
		t.Fatalf("fencing numbers %d and %d", lost.Fence, run.Fence)
	}
	fails(t, c.Renew(t.Context(), lost), job.ErrFenced)
	_, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-2"), lost, job.Nullable(s.ID)))
	fails(t, err, job.ErrFenced)
	fail(t, c, lost)
	if m := load(t, c); m.Lease == nil || m.Lease.Run.ID != "full-3" {
		t.Errorf("the lease is %+v", m.Lease)
	}
}

// A dry run with accept returns what a run with accept would.
func TestLoadForRepairWritesNothing(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	publish(t, c, bytesOf(t, "full-1"), "full-1")
	whole, err := c.LoadForRepair(t.Context())
	if diff := cmp.Diff(load(t, c), whole); err != nil || diff != "" {
		t.Errorf("of a whole one: error %v\n%s", err, diff)
	}
	overwrite(t, store, manifestKey, []byte("damaged"))
	if m, err := c.LoadForRepair(t.Context()); err != nil || m.Current != whole.Current ||
		!cmp.Equal(m.Snapshots, whole.Snapshots) {
		t.Errorf("of a damaged one: %+v, error %v", m, err)
	}
	if got := content(t, store, manifestKey); string(got) != "damaged" {
		t.Errorf("it was written: %s", got)
	}
	overwrite(t, store, manifestKey, signed(17, `{}`))
	_, err = c.LoadForRepair(t.Context())
	fails(t, err, manifest.ErrNewer)
}
