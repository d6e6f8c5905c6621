package manifest_test

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
)

// All of go test takes two minutes: go test -rapid.checks=10000 -run Random tries more.
func init() {
	_ = flag.Set("rapid.checks", "150") // rapid has them
	_ = flag.Set("rapid.steps", "40")
}

// hosts is a store, three hosts that write to it, and what the store may not know of
// them.
type hosts struct {
	t     *testing.T
	store *blobtest.Memory
	clock *clock
	all   []*host

	snapshots []manifest.Snapshot // published, newest first
	current   string              // id
	holder    string              // attempt that has the lease, whatever the store says
	held      bool                // a rollback has been, and no person since
	made      int                 // calls to Airtable
	runs      int
	last      manifest.Manifest
	texts     []string // of the pages of the last file
}

// host does runs, one at a time, over its own connection to the store.
type host struct {
	*manifest.Store
	faulty *blobtest.Faulty
	run    job.Run          // with its calls so far; zero: none
	parent string           // current when it began
	have   []manifest.Local // the files of parent, and those of earlier ones
}

// TestRandomSequencesOfThreeWriters has three hosts refresh, roll back, die, sleep and
// lose responses of the store. After each step the manifest is what the steps have made
// of it.
func TestRandomSequencesOfThreeWriters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := newHosts(t)
		step := func(do func(*rapid.T, *host)) func(*rapid.T) {
			return func(rt *rapid.T) {
				host := h.all[rapid.IntRange(0, len(h.all)-1).Draw(rt, "host")]
				host.losesAnAnswer(rt)
				do(rt, host)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"":            h.check,
			"acquire":     step(h.acquire),
			"publish":     step(h.publish),
			"confirm":     step(h.confirm),
			"record":      step(h.record),
			"rollback":    step(h.rollback),
			"bury":        step(h.bury),
			"die":         step(func(_ *rapid.T, host *host) { host.run = job.Run{} }),
			"work":        h.work,
			"time passes": func(rt *rapid.T) { h.pass(rapid.IntRange(1, 90).Draw(rt, "seconds")) },
		})
	})
}

func newHosts(t *testing.T) *hosts {
	h := &hosts{t: t, texts: pages(24, "")}
	h.store, h.clock = newStore()
	for range 3 {
		faulty := blobtest.NewFaulty(h.store)
		h.all = append(h.all, &host{Store: open(faulty), faulty: faulty})
	}
	return h
}

// losesAnAnswer makes the host's next write seem lost at random, whether it arrived or
// not.
func (x *host) losesAnAnswer(rt *rapid.T) {
	effect, wrong := map[string]blobtest.Effect{"lost": blobtest.Lost,
		"applied": blobtest.Applied}[rapid.SampledFrom([]string{"none", "none", "lost",
		"applied"}).Draw(rt, "fault")]
	if wrong {
		x.faulty.Inject(blobtest.Fault{Kind: blobtest.Replace, N: 1, Effect: effect})
	}
}

func (h *hosts) leaseIsOver() bool {
	return h.last.Lease == nil || h.clock.Now().Sub(h.heard()) >= 30*time.Second
}

// heard returns when the holder acquired or last renewed the lease.
func (h *hosts) heard() time.Time { return h.last.Lease.Renewed.Time }

func (h *hosts) acquire(rt *rapid.T, x *host) {
	if x.run.ID != "" {
		return // it does one run at a time
	}
	h.runs++
	run := begun(fmt.Sprint("run-", h.runs))
	run.Trigger = rapid.SampledFrom([]job.Trigger{job.TriggerCLI, job.TriggerSchedule}).Draw(rt,
		"trigger")
	free := h.leaseIsOver()
	m, run, err := x.Acquire(h.t.Context(), base, job.Request{}, run)
	switch {
	case h.held && !run.Trigger.ByPerson():
		if !errors.Is(err, job.ErrHeld) {
			rt.Fatalf("after a rollback a scheduled run begins: %v", err)
		}
	case !free:
		if !isBusy(err) {
			rt.Fatalf("two have the lease: %v", err)
		}
	case err != nil:
		rt.Fatalf("the lease is free: %v", err)
	default:
		x.run, x.parent, h.holder, h.held = run, string(m.Current), run.Attempt, false
		x.fetchParent(rt, h.t, m)
		if string(m.Current) != h.current {
			rt.Fatalf("the run starts from %s, and %s is current", m.Current, h.current)
		}
	}
}

// ended checks the result of a host's write, and records the failure of a run that lost
// its lease.
func (h *hosts) ended(rt *rapid.T, x *host, err error) (success bool) {
	has := h.holder == x.run.Attempt
	switch {
	case has && err != nil:
		rt.Fatalf("the holder of the lease cannot end its run: %v", err)
	case !has && !errors.Is(err, job.ErrFenced):
		rt.Fatalf("a run that has lost the lease ends with %v", err)
	case !has:
		h.record(rt, x)
		return false
	}
	x.run, h.holder = job.Run{}, ""
	return true
}

// fetchParent fetches the current snapshot's parts, partly from what the host has.
func (x *host) fetchParent(rt *rapid.T, t *testing.T, m manifest.Manifest) {
	s, _ := m.CurrentSnapshot() // zero has no parts
	var parts []manifest.Local
	for _, part := range s.Parts {
		local, err := x.Fetch(t.Context(), s, part.Kind, t.TempDir(), x.have...)
		if err != nil {
			rt.Fatal(err)
		}
		parts = append(parts, local)
	}
	x.have = append(parts, x.have[:min(len(x.have), 2)]...)
}

// publish publishes a file that differs from the last in some pages, or in none.
func (h *hosts) publish(rt *rapid.T, x *host) {
	if x.run.ID == "" {
		return
	}
	for range rapid.IntRange(0, 4).Draw(rt, "changes") {
		h.texts[rapid.IntRange(0, len(h.texts)-1).Draw(rt, "page")] = x.run.ID
	}
	p := publication(h.t, paged(h.t, h.texts...), x.run, job.Nullable(x.parent))
	p.Parent = x.have[:min(len(x.have), 2)]
	id := manifest.Describe(p).ID
	_, err := x.Publish(h.t.Context(), p)
	if h.ended(rt, x, err) {
		h.current = id
		s := p.Snapshot
		s.ID = id
		h.snapshots = slices.Insert(h.snapshots, 0, s)
	}
}

func (h *hosts) confirm(rt *rapid.T, x *host) {
	if x.run.ID == "" || x.parent == "" {
		return
	}
	_, err := x.Confirm(h.t.Context(), x.run, manifest.Confirmation{Snapshot: x.parent,
		Watermark: h.clock.Now()})
	h.ended(rt, x, err)
}

func (h *hosts) record(rt *rapid.T, x *host) {
	if x.run.ID == "" {
		return
	}
	run := x.run
	run.Outcome = job.Nullable(rapid.SampledFrom([]job.Outcome{job.Failed, job.Refused,
		job.RetryLater}).Draw(rt, "outcome"))
	got, err := x.Record(h.t.Context(), run)
	if err != nil || got.Outcome != run.Outcome || got.AirtableCalls != run.AirtableCalls {
		rt.Fatalf("recorded %+v as %+v, error %v", run, got, err)
	}
	if h.holder == run.Attempt {
		h.holder = ""
	}
	x.run = job.Run{}
}

func (h *hosts) rollback(rt *rapid.T, x *host) {
	if len(h.last.Snapshots) == 0 {
		return
	}
	h.runs++
	to := rapid.SampledFrom(h.last.Snapshots).Draw(rt, "to").ID
	run := begun(fmt.Sprint("run-", h.runs))
	run.Mode = job.Rollback
	if _, err := x.Rollback(h.t.Context(), base, run, to); err != nil {
		rt.Fatal(err)
	}
	h.current, h.holder, h.held = to, "", true
}

func (h *hosts) bury(rt *rapid.T, x *host) {
	over := h.leaseIsOver()
	if err := x.Reap(h.t.Context(), base); err != nil {
		rt.Fatal(err)
	}
	if over {
		h.holder = ""
	}
}

// work is ten seconds of all runs: calls to Airtable at its pace, and a renewal of the
// lease, unless the run died.
func (h *hosts) work(rt *rapid.T) {
	h.pass(10)
	for i, x := range h.all {
		if x.run.ID == "" {
			continue
		}
		calls := rapid.IntRange(0, 50).Draw(rt, "calls")
		x.run.AirtableCalls += calls
		h.made += calls
		if rapid.Bool().Draw(rt, fmt.Sprint("host ", i, " dies")) {
			x.run = job.Run{}
			continue
		}
		x.losesAnAnswer(rt)
		err := x.Renew(h.t.Context(), x.run)
		if has := h.holder == x.run.Attempt; has && err != nil || !has && !errors.Is(err, job.ErrFenced) {
			rt.Fatalf("%s has the lease: %v; it is renewed: %v", x.run.ID, has, err)
		} else if !has {
			h.record(rt, x)
		}
	}
}

// pass is time in which the hosts sleep: no calls, no renewals.
func (h *hosts) pass(seconds int) { h.clock.Advance(time.Duration(seconds) * time.Second) }

// check compares the manifest with what was done.
func (h *hosts) check(rt *rapid.T) {
	m := load(h.t, open(h.store))
	if m.Generation < h.last.Generation || m.Fence < h.last.Fence {
		rt.Errorf("generation %d after %d, fence %d after %d", m.Generation, h.last.Generation, m.Fence,
			h.last.Fence)
	}
	h.last = m
	if string(m.Current) != h.current || h.held != (m.Hold != nil) {
		rt.Errorf("%q is current, want %q; the hold is %+v, want %v", m.Current, h.current, m.Hold,
			h.held)
	}
	if _, err := m.CurrentSnapshot(); h.current != "" && err != nil {
		rt.Errorf("%s is current, and not among the snapshots", h.current)
	}
	if leased := m.Lease != nil && m.Lease.Run.Attempt == h.holder; h.holder != "" && !leased {
		rt.Errorf("%s has the lease, and it is %+v", h.holder, m.Lease)
	}
	if m.Lease != nil && h.holder == "" {
		rt.Errorf("no run holds the lease, and it is %+v", m.Lease)
	}
	counted := m.CallsIn(noon)
	if m.Lease != nil {
		counted += m.Lease.Run.AirtableCalls + 55 // what will be counted if it is not heard of any more
	}
	if counted < h.made {
		rt.Errorf("%d calls are counted, %d were made", counted, h.made)
	}
	h.checkSnapshots(rt, m)
}

// checkSnapshots checks that the newest publications are there with their objects, each
// after its parent.
func (h *hosts) checkSnapshots(rt *rapid.T, m manifest.Manifest) {
	var got, want []string
	for _, s := range m.Snapshots {
		got = append(got, s.ID+" after "+string(s.Parent))
		for _, key := range s.Keys() {
			if _, err := h.store.Stat(h.t.Context(), key); err != nil {
				rt.Error(err)
			}
		}
	}
	for _, s := range h.snapshots {
		want = append(want, s.ID+" after "+string(s.Parent))
	}
	if newest := min(3, len(want)); len(got) < newest || !slices.Equal(got[:newest], want[:newest]) {
		rt.Errorf("of the publications %q the store has %q", want, got)
	}
	for _, s := range h.snapshots {
		if run, _ := m.Receipt(strings.TrimSuffix(s.ID,
			s.ID[strings.LastIndexByte(s.ID, '-'):])); run.SnapshotAfter != job.Nullable(s.ID) {
			rt.Errorf("the receipt of %s is %+v", s.ID, run)
		}
	}
}
