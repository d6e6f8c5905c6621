package manifest

import (
	"context"
	"fmt"
	"time"

	"voc/internal/job"
)

// Rollback makes an older snapshot current, with its own watermark, for all readers in
// one step. It needs no lease and fences the run that holds it, and it holds scheduled
// runs. A rollback that has been done is not repeated: a second "previous" would mean
// another snapshot. It returns the receipt as it was written. Errors: *NoSnapshotError,
// *ForeignError, ErrExposed.
func (s *Store) Rollback(
	ctx context.Context, base string, run job.Run, to string,
) (job.Run, error) {
	m, err := s.update(ctx, s.load, func(m *Manifest, now time.Time) error {
		// Done by this attempt, whose response was lost, or by an earlier one of the same run.
		if receipt, ended := m.Receipt(run.ID); ended && receipt.Settled() {
			return errWritten
		}
		if err := m.Belongs(base); err != nil {
			return err
		}
		target, err := m.Find(to)
		if err != nil {
			return err
		}
		if !s.private.Allows(target.Private) {
			return fmt.Errorf("snapshot %s %w", target.ID, ErrExposed)
		}
		done := run
		done.SnapshotBefore, done.SnapshotAfter = m.Current, job.Nullable(target.ID)
		done.Outcome, done.Bytes = job.Nullable(job.Published), target.Bytes
		done.ContentSHA256, done.ComputedSHA256 = target.ContentSHA256, target.ComputedSHA256
		hold := job.Hold{At: job.At(now), Run: run.ID, Snapshot: target.ID}
		done.Fence = m.State.FenceOff(hold, s.quota, now)
		m.Current = job.Nullable(target.ID)
		m.State.Record(done, now)
		return nil
	})
	// If the process dies before the write, nothing has changed. If it dies here, the
	// older snapshot is current, with its receipt; only the copy is missing.
	if err != nil {
		return run, err
	}
	s.tidy(ctx, m, nil)
	recorded, _ := m.Receipt(run.ID)
	return recorded, nil
}
