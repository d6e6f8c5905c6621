package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrNoSuchSnapshot is about a snapshot that the store does not have, or no longer.
var ErrNoSuchSnapshot = errors.New("no such snapshot")

// Previous stands for the snapshot that was current before.
const Previous = "previous"

// Hold is what a rollback leaves: runs that nobody asked for do not begin.
type Hold struct {
	At       Time   `json:"at"` // by the store's clock
	Run      string `json:"run"`
	Snapshot string `json:"snapshot"`
}

// Find gives the snapshot of an id, or for Previous the one that the current one was made from: after a rollback and a refresh that is not the one that was left. Error:
// ErrNoSuchSnapshot, also where that is not kept any more: another one might be what somebody went back behind.
func (m Manifest) Find(id string) (Snapshot, error) {
	if id == Previous {
		current, err := m.CurrentSnapshot()
		i := slices.IndexFunc(m.Snapshots, func(s Snapshot) bool { return s.ID == string(current.Parent) })
		if err != nil || i < 0 {
			return Snapshot{}, fmt.Errorf("%w: there is none before the current one that it was made from; GET /api/cache/snapshots lists those there are", ErrNoSuchSnapshot)
		}
		return m.Snapshots[i], nil
	}
	var newest []string
	for _, s := range m.Snapshots {
		if s.ID == id {
			return s, nil
		}
		newest = append(newest, s.ID)
	}
	return Snapshot{}, fmt.Errorf("%w: %s; GET /api/cache/snapshots lists those there are, the newest are %q", ErrNoSuchSnapshot, id, newest[:min(len(newest), idsTold)])
}

// idsTold is how many snapshots are named to who asked for one that is not there.
const idsTold = 5

// older says whether a snapshot was published before the current one.
func (m Manifest) older(s Snapshot) bool {
	for _, other := range m.Snapshots { // newest first
		switch other.ID {
		case string(m.Current):
			return true
		case s.ID:
			return false
		}
	}
	return false
}

// Candidates are the snapshots that may be served, best first: the current one, what it was made from and so on, those that were published before it, and last those that
// a rollback went back behind.
func (m Manifest) Candidates() []Snapshot {
	rest := slices.Clone(m.Snapshots)
	var all []Snapshot
	for id := string(m.Current); ; {
		i := slices.IndexFunc(rest, func(s Snapshot) bool { return s.ID == id })
		if i < 0 {
			break
		}
		all, id = append(all, rest[i]), string(rest[i].Parent)
		rest = slices.Delete(rest, i, i+1)
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(rest, func(a, b Snapshot) int { return m.age(a) - m.age(b) })
	return append(all, rest...)
}

// age is 0 for a snapshot that was published before the current one, and 1 for one after it.
func (m Manifest) age(s Snapshot) int {
	if m.older(s) {
		return 0
	}
	return 1
}

// Rollback makes a snapshot current that was so before, with its own watermark, in one step for all readers. It needs no lease and takes that of a run under way, which
// ends fenced; and it holds what nobody asked for. One that was done before is not done again: twice "previous" would be another. It returns the receipt as it was written.
// Errors: ErrNoSuchSnapshot, ErrForeign.
func (c *Catalog) Rollback(ctx context.Context, base string, run Run, to string) (Run, error) {
	done := run
	settled := func(m Manifest) bool {
		was, _ := m.Receipt(run.ID)
		return was.Settled()
	}
	m, err := c.change(ctx, settled, func(m *Manifest, now time.Time) error {
		if err := m.Belongs(base); err != nil {
			return err
		}
		target, err := m.Find(to)
		if err != nil {
			return err
		}
		m.fenceOff(now, run.ID)
		done.SnapshotBefore, done.SnapshotAfter = m.Current, Nullable(target.ID)
		done.Outcome, done.Bytes = Nullable(Published), target.Bytes
		done.ContentSHA256, done.ComputedSHA256 = target.ContentSHA256, target.ComputedSHA256
		m.Fence++
		done.Fence, m.Current = m.Fence, Nullable(target.ID)
		m.Hold = &Hold{At: At(now), Run: run.ID, Snapshot: target.ID}
		m.end(done, now)
		return nil
	})
	if err != nil {
		return run, err
	}
	c.tidy(ctx, m, nil)
	recorded, _ := m.Receipt(run.ID)
	return recorded, nil
}

// fenceOff ends the run that has the lease, if there is one, for a rollback. Its holder, if it lives, goes on until it wants to renew the lease, and then writes a receipt of its own.
func (m *Manifest) fenceOff(now time.Time, rollback string) {
	if m.Lease == nil {
		return
	}
	then := fmt.Sprintf("rollback %s came in between", rollback)
	run := m.Lease.dead(now, then)
	if !m.Lease.over(now) {
		run.Outcome, run.Error = Nullable(Fenced), Nullable(then)
		run.AirtableCalls = m.Lease.Run.AirtableCalls + callsSince(RenewEvery)
	}
	m.Lease = nil
	m.addRun(run, now)
}
