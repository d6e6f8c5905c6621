package catalog

import (
	"context"
	"errors"
	"fmt"
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

// Find gives the snapshot of an id, or that before the current one for Previous. Error: ErrNoSuchSnapshot.
func (m Manifest) Find(id string) (Snapshot, error) {
	passed := false
	for _, s := range m.Snapshots {
		if s.ID == id || passed && id == Previous {
			return s, nil
		}
		passed = passed || s.ID == string(m.Current)
	}
	if id == Previous {
		return Snapshot{}, fmt.Errorf("%w: there is none before the current one", ErrNoSuchSnapshot)
	}
	return Snapshot{}, fmt.Errorf("%w: %s; GET /api/cache/snapshots lists those there are", ErrNoSuchSnapshot, id)
}

// Rollback makes a snapshot current that was so before, with its own watermark, in one step for all readers. It needs no lease and takes that of a run under way, which
// ends fenced; and it holds what nobody asked for. One that was done before is not done again: twice "previous" would be another. It returns the receipt as it was written.
// Errors: ErrNoSuchSnapshot, ErrForeign.
func (c *Catalog) Rollback(ctx context.Context, base string, run Run, to string) (Run, error) {
	done := run
	settled := func(m Manifest) bool {
		was, _ := m.Receipt(run.ID)
		return Outcome(was.Outcome).Settled()
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
