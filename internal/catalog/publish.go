package catalog

import (
	"context"
	"errors"
	"time"

	"voc/internal/snapshot"
)

// Errors of those who write.
var (
	// ErrFenced: the run has lost its lease, so that it may not say any more what is current.
	ErrFenced = errors.New("another run has taken over")
	// ErrMoved: the snapshot that a run started from is not current any more. With a lease that can not be, unless somebody put another manifest in place by hand.
	ErrMoved = errors.New("another snapshot has become current meanwhile")
)

// Publication is what Publish makes current.
type Publication struct {
	Owner  Owner
	Sealed snapshot.Sealed
	// Snapshot says when and from what it was made; its id, key and what Sealed knows are filled in by Publish.
	Snapshot Snapshot
	Run      Run
	Dir      string // for a temporary file, private
}

// Publish puts the file into the store and makes it current, in one step for all readers, which also ends the run and its lease. The snapshot it was made from
// must be current still. It returns the receipt as it was written. Errors: ErrFenced, ErrMoved.
func (c *Catalog) Publish(ctx context.Context, p Publication) (Run, error) {
	s := p.describe()
	if err := c.putSnapshot(ctx, s, p); err != nil {
		return p.Run, err
	}
	run := p.Run
	run.Outcome, run.SnapshotAfter, run.Bytes = Nullable(Published), Nullable(s.ID), s.Bytes
	var due []string
	m, err := c.finish(ctx, run, func(m *Manifest, now time.Time) error {
		if m.Current != s.Parent {
			return ErrMoved
		}
		published := s
		if !now.IsZero() {
			published.PublishedAt = At(now)
		}
		m.Owner, m.Current = p.Owner, Nullable(s.ID)
		m.Snapshots = append([]Snapshot{published}, m.Snapshots...)
		due = m.retain(c.keep, now)
		return nil
	})
	if err != nil {
		return p.Run, err
	}
	c.tidy(ctx, m, due)
	return run, nil
}

func (p Publication) describe() Snapshot {
	s := p.Snapshot
	s.ID = p.Run.ID + "-" + p.Sealed.SHA256[:12]
	s.Key = snapshotsPrefix + s.ID + ".sqlite.zst"
	s.Run, s.Records, s.Bytes, s.SHA256 = p.Run.ID, p.Sealed.Records, p.Sealed.Bytes, p.Sealed.SHA256
	s.ContentSHA256, s.ComputedSHA256 = p.Sealed.ContentSHA256, p.Sealed.ComputedSHA256
	return s
}

// Confirmation says what a run that found nothing new has confirmed about the snapshot that it started from. A zero time leaves what is.
type Confirmation struct {
	Snapshot  string
	Watermark time.Time
	Deletes   time.Time
	Computed  time.Time
}

// Confirm moves on the times of the current snapshot, and ends the run and its lease. It returns the receipt as it was written. Errors: ErrFenced, ErrMoved.
func (c *Catalog) Confirm(ctx context.Context, run Run, what Confirmation) (Run, error) {
	confirmed := run
	confirmed.Outcome, confirmed.SnapshotAfter = Nullable(Unchanged), Nullable(what.Snapshot)
	m, err := c.finish(ctx, confirmed, func(m *Manifest, _ time.Time) error {
		if string(m.Current) != what.Snapshot {
			return ErrMoved
		}
		for i := range m.Snapshots {
			if s := &m.Snapshots[i]; s.ID == what.Snapshot {
				s.Watermark = later(s.Watermark, what.Watermark)
				s.DeletesConfirmedAt = later(s.DeletesConfirmedAt, what.Deletes)
				s.ComputedConfirmedAt = later(s.ComputedConfirmedAt, what.Computed)
			}
		}
		return nil
	})
	if err != nil {
		return run, err
	}
	if err := c.putCopy(ctx, m); err != nil { // so that a damaged manifest takes no more with it than what came since: the times, the count of calls
		c.log.WarnContext(ctx, "confirmed, but without a copy of the manifest", "error", err)
	}
	return confirmed, nil
}

func later(is Time, candidate time.Time) Time {
	if candidate.After(is.Time) {
		return At(candidate)
	}
	return is
}

// finish ends a run that has the lease. Error: ErrFenced.
func (c *Catalog) finish(ctx context.Context, run Run, do edit) (Manifest, error) {
	return c.change(ctx, func(m Manifest) bool { return m.has(run) }, func(m *Manifest, now time.Time) error {
		if !m.leasedTo(run) {
			return ErrFenced
		}
		if err := do(m, now); err != nil {
			return err
		}
		m.end(run, now)
		return nil
	})
}

// end writes the receipt of a run, and lets go of its lease if it has it.
func (m *Manifest) end(run Run, now time.Time) {
	if m.leasedTo(run) {
		m.Lease = nil
	}
	if now.IsZero() {
		now = run.Finished.Time
	}
	m.addRun(run, now)
}

// Record writes the receipt of a run that changed nothing, with or without a lease, and lets go of the lease if it has it. It returns the receipt as the store has it: that of
// a success, if what the same attempt wrote before went through although it seemed not to.
func (c *Catalog) Record(ctx context.Context, run Run) (Run, error) {
	m, err := c.change(ctx, func(m Manifest) bool { return m.has(run) }, func(m *Manifest, now time.Time) error {
		m.end(run, now)
		return nil
	})
	if err != nil {
		return run, err
	}
	recorded, _ := m.Receipt(run.ID)
	return recorded, nil
}

// Count adds calls to Airtable that no receipt tells of, where the store belongs to the base. A write whose answer was lost may be counted twice, which errs on the safe side.
func (c *Catalog) Count(ctx context.Context, base string, calls int) error {
	if calls == 0 {
		return nil
	}
	_, err := c.change(ctx, nil, func(m *Manifest, now time.Time) error {
		if m.Owner.Base != base {
			return ErrForeign // an empty store stays empty
		}
		m.countCalls(calls, now)
		return nil
	})
	if errors.Is(err, ErrForeign) {
		return nil
	}
	return err
}
