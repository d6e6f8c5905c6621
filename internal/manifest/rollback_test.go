package manifest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// three publishes full-1, full-2 and full-3, each with a watermark of its own, an hour apart.
func three(t *testing.T, c *manifest.Store, file func(t testing.TB,
	run string) snapshot.Sealed) (all []manifest.Snapshot) {
	t.Helper()
	for i, run := range []string{"full-1", "full-2", "full-3"} {
		p := publication(t, file(t, run), receipt(run), load(t, c).Current)
		p.Snapshot.Watermark = job.At(noon.Add(time.Duration(i) * time.Hour))
		if _, err := put(t.Context(), c, p); err != nil {
			t.Fatal(err)
		}
		all = append(all, current(t, c))
	}
	return all
}

func TestRollbackRestoresInOneWrite(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	faulty := blobtest.NewFaulty(store)
	c := open(faulty)
	all := three(t, c, bytesOf)
	before := load(t, c)
	clock.Advance(time.Hour)
	asked := len(faulty.Log())
	run := begun("rollback-4")
	run.Mode = job.Rollback
	got, err := c.Rollback(t.Context(), base, run, job.Previous)
	if err != nil {
		t.Fatal(err)
	}
	writes := 0
	for _, op := range faulty.Log()[asked:] {
		if op.Kind == blobtest.Replace {
			writes++
		}
	}
	m := load(t, c)
	if diff := cmp.Diff(all[1], current(t, c)); diff != "" || writes != 1 ||
		m.Generation != before.Generation+1 {
		t.Errorf("after %d writes:\n%s", writes, diff)
	}
	if diff := cmp.Diff(before.Snapshots, m.Snapshots); diff != "" || len(m.Dropped) != 0 {
		t.Errorf("what was kept is not: %s", diff)
	}
	want := run
	want.Outcome, want.SnapshotBefore, want.SnapshotAfter = "published", job.Nullable(all[2].ID),
		job.Nullable(all[1].ID)
	want.Bytes, want.Fence, want.ContentSHA256, want.ComputedSHA256 = all[1].Bytes, 4,
		all[1].ContentSHA256, all[1].ComputedSHA256
	if diff := cmp.Diff(want, got) + cmp.Diff(want, m.Runs[0]); diff != "" ||
		m.CallsIn(noon) != before.CallsIn(noon) {
		t.Error(diff)
	}
	if hold := (&job.Hold{At: job.At(clock.Now()), Run: "rollback-4",
		Snapshot: all[1].ID}); !cmp.Equal(m.Hold, hold) {
		t.Errorf("the hold is %+v, want %+v", m.Hold, hold)
	}
}

func TestRollbackBackAndForth(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	all := three(t, c, bytesOf)
	for i, step := range []struct {
		to   string
		want manifest.Snapshot
	}{
		{job.Previous, all[1]}, {job.Previous, all[0]}, {all[2].ID, all[2]}, {all[0].ID, all[0]},
		{all[0].ID, all[0]},
	} {
		if run := rollback(t, c, fmt.Sprint("rollback-", i), step.to); current(t, c).ID != step.want.ID ||
			run.SnapshotAfter != job.Nullable(step.want.ID) {
			t.Errorf("%d: %s is current, want %s", i, current(t, c).ID, step.want.ID)
		}
	}
	before := load(t, c)
	for to, advice := range map[string]string{job.Previous: "none before the current one",
		"full-9-0123456789ab": all[2].ID} {
		run := receipt("rollback-9")
		got, err := c.Rollback(t.Context(), base, run, to)
		fails(t, err, manifest.ErrNoSuchSnapshot)
		if says(t, fmt.Sprint(err), advice); !cmp.Equal(got, run) || !cmp.Equal(before, load(t, c)) {
			t.Errorf("to %s: %+v", to, load(t, c))
		}
	}
}

func TestRollbackRejectsEmptyAndForeignStore(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	_, err := c.Rollback(t.Context(), base, receipt("rollback-1"), job.Previous)
	fails(t, err, manifest.ErrNoSuchSnapshot)
	if all := keys(t, store, ""); len(all) != 0 {
		t.Errorf("there is %q now", all)
	}
	three(t, c, bytesOf)
	before := load(t, c)
	_, err = c.Rollback(t.Context(), "appOther", receipt("rollback-1"), job.Previous)
	if fails(t, err, manifest.ErrForeign); !cmp.Equal(before, load(t, c)) {
		t.Errorf("manifest %+v, want it unchanged: %+v", load(t, c), before)
	}
}

// A queue delivers twice, or a platform retries: the second rollback does nothing.
func TestRollbackIsDoneOnce(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	all := three(t, c, bytesOf)
	first := rollback(t, c, "rollback-4", job.Previous)
	before := load(t, c)
	again, err := c.Rollback(t.Context(), base, attempt(receipt("rollback-4"), "again"), job.Previous)
	if err != nil || !cmp.Equal(again, first) || current(t, c).ID != all[1].ID ||
		!cmp.Equal(before, load(t, c)) {
		t.Errorf("%+v, error %v; %s is current", again, err, current(t, c).ID)
	}
}

func TestRollbackFencesRunningRun(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	all := three(t, c, bytesOf)
	run := begun("full-4")
	run.AirtableCalls = 3
	run = leased(t, c, run)
	clock.Advance(5 * time.Second)
	rollback(t, c, "rollback-5", job.Previous)
	m := load(t, c)
	// It continues until its next renewal: ten seconds and one more, of five calls each.
	if got, _ := m.Receipt("full-4"); m.Lease != nil || got.Outcome != "fenced" ||
		got.Error != "rollback rollback-5 came in between" || !got.Finished.Equal(clock.Now()) ||
		m.CallsIn(noon) != 3*7+3+55 {
		t.Errorf("the lease is %+v, the receipt %+v, %d calls", m.Lease, got, m.CallsIn(noon))
	}
	_, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-4"), run,
		job.Nullable(all[2].ID)))
	fails(t, err, job.ErrFenced)
	run.AirtableCalls, run.Outcome, run.Error = 20, "fenced", "in its own words"
	if got, err := c.Record(t.Context(), run); err != nil || got.Error != "in its own words" ||
		load(t, c).CallsIn(noon) != 3*7+20 {
		t.Errorf("%+v, error %v, %d calls", got, err, load(t, c).CallsIn(noon))
	}
	if got := current(t, c).ID; got != all[1].ID {
		t.Errorf("%s is current, want %s", got, all[1].ID)
	}
}

func TestRollbackReapsAbandonedRun(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	three(t, c, bytesOf)
	leased(t, c, begun("full-4"))
	clock.Advance(time.Minute)
	rollback(t, c, "rollback-5", job.Previous)
	m := load(t, c)
	got, _ := m.Receipt("full-4")
	if m.Lease != nil || got.Outcome != "failed" {
		t.Errorf("the lease is %+v, the receipt %+v", m.Lease, got)
	}
	says(t, string(got.Error), "stopped renewing its lease 1m0s ago",
		"rollback rollback-5 came in between")
}

// A rollback left the newest data because it was bad. It must not return by its date.
func TestRollbackHoldsScheduledRuns(t *testing.T) {
	t.Parallel()
	for _, trigger := range []job.Trigger{job.TriggerAPI, job.TriggerConsole, job.TriggerCLI} {
		t.Run(string(trigger), func(t *testing.T) {
			store, _ := newStore()
			c := open(store)
			all := three(t, c, bytesOf)
			rollback(t, c, "rollback-4", job.Previous)
			for _, automatic := range []job.Trigger{job.TriggerSchedule, job.TriggerCatchUp,
				job.TriggerStart} {
				run := begun("held-" + string(automatic))
				run.Trigger = automatic
				_, err := begin(t.Context(), c, run)
				fails(t, err, job.ErrHeld)
				run.Outcome = job.Nullable(job.Held)
				if _, err := c.Record(t.Context(), run); err != nil {
					t.Fatal(err)
				}
			}
			if m := load(t, c); m.Hold == nil || m.Lease != nil {
				t.Fatalf("the hold is %+v, the lease %+v", m.Hold, m.Lease)
			}
			run := receipt("full-5")
			run.Trigger = trigger
			run = leased(t, c, run)
			if m := load(t, c); m.Hold != nil {
				t.Errorf("the hold is %+v", m.Hold)
			}
			if _, err := c.Publish(t.Context(), publication(t, bytesOf(t, "full-5"), run,
				job.Nullable(all[1].ID))); err != nil {
				t.Fatal(err) // it goes on from what was restored
			}
			leased(t, c, scheduled("full-6"))
		})
	}
}

// A rollback starts from what is current when it is done, not when it was requested.
func TestRollbackRetriesLostRace(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	all := three(t, open(store), bytesOf)
	var fourth manifest.Snapshot
	faulty.Inject(blobtest.Fault{Kind: blobtest.Replace, N: 1,
		Effect: blobtest.Before(func() {
			fourth = publish(t, open(store), bytesOf(t, "full-4"),
				"full-4")
		})})
	run, err := open(faulty).Rollback(t.Context(), base, receipt("rollback-5"), all[1].ID)
	if err != nil || run.SnapshotBefore != job.Nullable(fourth.ID) ||
		current(t, open(store)).ID != all[1].ID {
		t.Errorf("receipt %+v, error %v, want the fourth snapshot before it", run, err)
	}
	if m := load(t, open(store)); m.Snapshots[0].ID != fourth.ID {
		t.Errorf("the publication that won is lost: %+v", m.Snapshots)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	m := manifest.Manifest{Snapshots: []manifest.Snapshot{{ID: "c", Parent: "b"},
		{ID: "b", Parent: "a"}, {ID: "a"}}}
	for _, row := range []struct{ current, id, want string }{
		{"c", "previous", "b"}, {"b", "previous", "a"}, {"a", "previous", ""}, {"", "previous", ""},
		{"a", "c", "c"}, {"a", "a", "a"}, {"c", "d", ""}, {"c", "", ""},
	} {
		m.Current = job.Nullable(row.current)
		s, err := m.Find(row.id)
		if s.ID != row.want || (err == nil) != (row.want != "") || err != nil &&
			!errors.Is(err, manifest.ErrNoSuchSnapshot) {
			t.Errorf("of %s, with %s current: %q, %v", row.id, row.current, s.ID, err)
		}
	}
}

// After a newer publication, "previous" is not the snapshot that a rollback left.
func TestPreviousIsRestoredSnapshot(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	all := three(t, c, bytesOf)
	rollback(t, c, "rollback-4", all[0].ID)
	fourth := publish(t, c, bytesOf(t, "full-4"), "full-4")
	var order []string
	for _, s := range load(t, c).Candidates() {
		order = append(order, s.Run)
	}
	if want := []string{"full-4", "full-1", "full-3",
		"full-2"}; fourth.Parent != job.Nullable(all[0].ID) || !slices.Equal(order, want) {
		t.Errorf("candidates %q, want %q", order, want)
	}
	run := rollback(t, c, "rollback-5", job.Previous)
	if run.SnapshotAfter != job.Nullable(all[0].ID) {
		t.Errorf("previous is %s, want %s", run.SnapshotAfter, all[0].ID)
	}
	if _, err := c.Rollback(t.Context(), base, receipt("rollback-6"), job.Previous); !errors.Is(err,
		manifest.ErrNoSuchSnapshot) {
		t.Errorf("before the oldest: %v", err)
	}
}

// The parent may be deleted, and the snapshot before the current one may be one that a
// rollback left.
func TestPreviousIsAlwaysTheParent(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	all := three(t, c, bytesOf)
	rollback(t, c, "rollback-4", all[0].ID)
	publish(t, c, bytesOf(t, "full-5"), "full-5")
	publish(t, c, bytesOf(t, "full-6"), "full-6") // full-1 goes
	if run := rollback(t, c, "rollback-7", job.Previous); !strings.HasPrefix(string(run.SnapshotAfter),
		"full-5-") {
		t.Errorf("previous is %s", run.SnapshotAfter)
	}
	_, err := c.Rollback(t.Context(), base, receipt("rollback-8"), job.Previous)
	fails(t, err, manifest.ErrNoSuchSnapshot)
	missing, ok := errors.AsType[*manifest.NoSnapshotError](err)
	if says(t, fmt.Sprint(err), "none before"); !ok || missing.ID != job.Previous ||
		len(missing.Newest) == 0 {
		t.Errorf("error %+v, want the previous snapshot missing, and the newest listed", missing)
	}
	if run := rollback(t, c, "rollback-9", all[2].ID); run.SnapshotAfter != job.Nullable(all[2].ID) {
		t.Errorf("by its id: %+v", run)
	}
}

// A run that was requested before a rollback and waited does not know of it. One that is
// requested after the rollback does.
func TestAcquireAfterRollbackFencesWaiting(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		hold job.KnownHold
		want error
	}{
		{"asked for after the rollbacks", job.KnownHold{}, nil},
		{"waited since before both", job.KnownHold{Known: true}, job.ErrFenced},
		{"waited since between the two", job.KnownHold{Known: true, Run: "rollback-4"}, job.ErrFenced},
		{"waited since after them", job.KnownHold{Known: true, Run: "rollback-5"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			store, _ := newStore()
			c := open(store)
			three(t, c, bytesOf)
			if held := load(t, c).KnownHold().Run; held != "" {
				t.Errorf("held by %s", held)
			}
			rollback(t, c, "rollback-4", job.Previous)
			rollback(t, c, "rollback-5", job.Previous)
			before := load(t, c)
			_, _, err := c.Acquire(t.Context(), base, job.Request{Hold: row.hold}, begun("full-6"))
			if fails(t, err, row.want); row.want != nil && !cmp.Equal(before, load(t, c)) {
				t.Errorf("it became %+v", load(t, c))
			}
			if before.KnownHold().Run != "rollback-5" || row.want == nil &&
				load(t, c).KnownHold().Run != "" {
				t.Errorf("held by %q, then by %q", before.KnownHold().Run, load(t, c).KnownHold().Run)
			}
		})
	}
}

// What was published after the current snapshot comes last: a rollback left it.
func TestCandidates(t *testing.T) {
	t.Parallel()
	m := manifest.Manifest{Snapshots: []manifest.Snapshot{{ID: "f", Parent: "c"},
		{ID: "e", Parent: "d"}, {ID: "d", Parent: "c"}, {ID: "c", Parent: "a"}, {ID: "b", Parent: "gone"},
		{ID: "a", Parent: "gone"}}}
	for current, want := range map[string]string{"f": "fcaedb", "e": "edcabf", "c": "cabfed",
		"b": "bafedc", "a": "afedcb", "gone": "", "": ""} {
		m.Current = job.Nullable(current)
		got := ""
		for _, s := range m.Candidates() {
			got += s.ID
		}
		if got != want {
			t.Errorf("with %q current: %q, want %q", current, got, want)
		}
	}
}
