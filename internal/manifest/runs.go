package manifest

import (
	"context"
	"time"

	"voc/internal/job"
)

// awaitEvery is how often Await reads the manifest.
const awaitEvery = 2 * time.Second

// Acquire acquires the lease for a run and returns the manifest that it starts from and
// the run with its fencing number. A request with Accept also repairs a damaged manifest.
//
// Errors: *job.BusyError and job.ErrDone (both with the manifest), job.ErrHeld,
// job.ErrFenced, *ForeignError, ErrDamaged, ErrNewer.
func (s *Store) Acquire(
	ctx context.Context, base string, r job.Request, run job.Run,
) (Manifest, job.Run, error) {
	load := s.load
	if r.Accept {
		load = s.loadForRepair
	}
	m, err := s.update(ctx, load, func(m *Manifest, now time.Time) error {
		// The lease of this very attempt: the response to the write was lost.
		if m.Lease != nil && m.Lease.Run.Attempt == run.Attempt {
			return errWritten
		}
		if err := m.Belongs(base); err != nil {
			return err
		}
		_, err := m.State.Acquire(r, run, s.quota, now)
		return err
	})
	// If the process dies here, it holds a lease that expires after its term, or at once
	// for another process on this machine. The next run reaps it. The previous holder, if
	// there was one, is fenced.
	if err != nil {
		return m, run, err
	}
	return m, m.Lease.Run, nil
}

// Renew renews the lease of a run and stores its progress. After the run's end it does
// nothing. If the process dies, either nothing was written or the lease lasts longer.
// Error: job.ErrFenced.
func (s *Store) Renew(ctx context.Context, run job.Run) error {
	_, err := s.update(ctx, s.load, func(m *Manifest, _ time.Time) error {
		if m.Has(run) {
			return errWritten
		}
		return m.State.Renew(run)
	})
	return err
}

// Record writes the receipt of a run that changed nothing, with or without a lease, and
// releases the lease if the run holds it. It returns the receipt as the store has it,
// which is that of a success if an earlier write of the same attempt succeeded although
// it seemed to fail.
//
// If the process dies before the write, the run holds its lease until that expires, and
// the next run writes a receipt for it.
func (s *Store) Record(ctx context.Context, run job.Run) (job.Run, error) {
	m, err := s.update(ctx, s.load, func(m *Manifest, now time.Time) error {
		if m.Has(run) {
			return errWritten
		}
		m.State.Record(run, now)
		return nil
	})
	if err != nil {
		return run, err
	}
	recorded, _ := m.Receipt(run.ID)
	return recorded, nil
}

// Reap ends the run of an expired lease, if there is one, without acquiring the lease. It
// does nothing in the store of another base.
func (s *Store) Reap(ctx context.Context, base string) error {
	var reaped job.Run
	_, err := s.update(ctx, s.load, func(m *Manifest, now time.Time) error {
		if m.Belongs(base) != nil || !m.State.Reap(s.quota, now) {
			return errWritten // nothing to change
		}
		reaped = m.Runs[0]
		return nil
	})
	if err == nil && reaped.ID != "" {
		s.log.WarnContext(ctx, "reaped an abandoned run", "run", reaped.ID,
			"error", string(reaped.Error))
	}
	return err
}

// Count adds Airtable calls that no receipt contains, if the store belongs to the base;
// an empty store stays empty. A write whose response was lost may be counted twice,
// which is the safe direction.
func (s *Store) Count(ctx context.Context, base string, calls int) error {
	if calls == 0 {
		return nil
	}
	_, err := s.update(ctx, s.load, func(m *Manifest, now time.Time) error {
		if m.Owner.Base != base {
			return errWritten // nothing to change
		}
		m.CountCalls(calls, now)
		return nil
	})
	return err
}

// Running returns the lease of the run that is running, if there is one whose holder is alive.
func (s *Store) Running(ctx context.Context) (lease job.Lease, running bool, err error) {
	m, err := s.Load(ctx)
	if err != nil {
		return job.Lease{}, false, err
	}
	lease, running = m.RunningAt(m.ReadAt)
	return lease, running, nil
}

// Await waits until a run of another holder has ended or its lease has expired, and
// returns its receipt; ended is false if it left no receipt.
func (s *Store) Await(ctx context.Context, run job.Run) (receipt job.Run, ended bool, err error) {
	for {
		m, err := s.Load(ctx)
		if err != nil {
			return job.Run{}, false, err
		}
		if receipt, ended := m.Receipt(run.ID); ended && receipt.Fence == run.Fence {
			return receipt, true, nil
		}
		if !m.LeasedTo(run) || m.Lease.Expired(m.ReadAt) {
			return job.Run{}, false, nil
		}
		select {
		case <-time.After(awaitEvery):
		case <-ctx.Done():
			return job.Run{}, false, context.Cause(ctx)
		}
	}
}
