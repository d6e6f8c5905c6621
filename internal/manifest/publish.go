package manifest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"voc/internal/job"
	"voc/internal/snapshot"
)

// ErrMoved is returned to a run whose parent snapshot is no longer current. A run that
// holds the lease gets it only if an operator replaced the manifest by hand.
var ErrMoved = errors.New("another snapshot has become current meanwhile")

// ErrBaseLost is returned to a run whose snapshot shares an object that was dropped meanwhile.
var ErrBaseLost = errors.New(
	"the manifest no longer has an object that the new snapshot shares")

// Publication is a snapshot for Publish to make current.
type Publication struct {
	Owner  Owner
	Sealed snapshot.Sealed
	// Snapshot describes when and from what it was made. Publish fills in its id, its parts
	// and what Sealed knows.
	Snapshot Snapshot
	Run      job.Run
	Dir      string // for temporary files, private

	// Parent has the parts of the snapshot that it was made from, as far as they were fetched,
	// with their files: what has not changed since is not stored again.
	Parent []Local
}

// describe describes the sealed files as the manifest will have them, apart from the parts. The
// id contains a digest of the files, so that no others can have it.
func (p Publication) describe() Snapshot {
	next := p.Snapshot
	next.Parts, next.Bytes = nil, 0
	var hashes []string
	for _, f := range p.files() {
		hashes = append(hashes, f.SHA256)
		next.Bytes += f.Bytes
	}
	slices.Sort(hashes)
	sum := sha256.Sum256([]byte(strings.Join(hashes, "\n") + "\n"))
	next.SHA256 = hex.EncodeToString(sum[:])
	next.ID = p.Run.ID + "-" + next.SHA256[:12]
	next.Run, next.Records = p.Run.ID, p.Sealed.Records
	next.ContentSHA256, next.ComputedSHA256 = p.Sealed.ContentSHA256, p.Sealed.ComputedSHA256
	return next
}

// Publish stores the parts and makes them current for all readers in one step, which also ends
// the run and releases its lease. The snapshot it was made from must still be current. It
// returns the receipt as it was written. Errors: job.ErrFenced, ErrMoved, ErrBaseLost.
func (s *Store) Publish(ctx context.Context, p Publication) (job.Run, error) {
	next := p.describe()
	// If the process dies during these writes, an object does not exist, or it is complete
	// and an orphan: the next attempt of the run finds it there, or retention deletes it
	// after a day. The objects that it shares with the parent are no orphans: the parent, which
	// is retained, needs them.
	for _, file := range p.files() {
		part, err := s.putPart(ctx, p, next, file)
		if err != nil {
			return p.Run, err
		}
		next.Parts = append(next.Parts, part)
	}
	// If it dies here, the old snapshot is current, and the lease expires. The next run
	// starts from the old snapshot.
	run := p.Run
	run.Outcome, run.SnapshotAfter = job.Nullable(job.Published), job.Nullable(next.ID)
	run.Bytes = next.Bytes
	var due []string
	m, err := s.update(ctx, s.load, func(m *Manifest, now time.Time) error {
		// The receipt is the mark of this write: it succeeded, and its response was lost.
		if m.Has(run) {
			return errWritten
		}
		if err := m.Finish(run, now); err != nil {
			return err
		}
		if m.Current != next.Parent {
			return ErrMoved
		}
		// A snapshot of this manifest must still need each object that the new one shares: a
		// dropped object may already be being deleted.
		if !m.needsAll(p.Parent) {
			return ErrBaseLost
		}
		published := next
		if !now.IsZero() {
			published.PublishedAt = job.At(now)
		}
		m.Owner, m.Current = p.Owner, job.Nullable(next.ID)
		m.Snapshots = append([]Snapshot{published}, m.Snapshots...)
		m.dropExposed(s.private, now)
		due = m.retain(s.keep, now)
		return nil
	})
	if err != nil {
		return p.Run, err
	}
	// If it dies here, the new snapshot is current and its receipt is written: another
	// attempt of the run gets job.ErrDone. The copy of the manifest is missing, and what
	// was due for deletion is an orphan; the next publication makes up for both.
	s.tidy(ctx, m, due)
	return run, nil
}

// Confirmation is what a run without changes has confirmed about the snapshot that it
// started from. A zero time changes nothing.
type Confirmation struct {
	Snapshot  string
	Watermark time.Time
	Deletes   time.Time
	Computed  time.Time
}

// Confirm advances the times of the current snapshot, ends the run and releases its
// lease. It returns the receipt as it was written. Errors: job.ErrFenced, ErrMoved.
func (s *Store) Confirm(ctx context.Context, run job.Run, c Confirmation) (job.Run, error) {
	confirmed, exposed := run, false
	confirmed.Outcome, confirmed.SnapshotAfter = job.Nullable(job.Unchanged), job.Nullable(c.Snapshot)
	m, err := s.update(ctx, s.load, func(m *Manifest, now time.Time) error {
		if m.Has(confirmed) { // the response to the write was lost
			return errWritten
		}
		if err := m.Finish(confirmed, now); err != nil {
			return err
		}
		if string(m.Current) != c.Snapshot {
			return ErrMoved
		}
		for i := range m.Snapshots {
			if current := &m.Snapshots[i]; current.ID == c.Snapshot {
				current.Watermark = later(current.Watermark, c.Watermark)
				current.DeletesConfirmedAt = later(current.DeletesConfirmedAt, c.Deletes)
				current.ComputedConfirmedAt = later(current.ComputedConfirmedAt, c.Computed)
			}
		}
		exposed = m.dropExposed(s.private, now)
		return nil
	})
	// If the process dies before the write, the times stay as they were and the lease
	// expires: the next run reads the same changes again. If it dies here, only the copy
	// is missing.
	if err != nil {
		return run, err
	}
	if exposed {
		s.tidy(ctx, m, nil)
		return confirmed, nil
	}
	// The copy limits what a damaged manifest would lose: the times and the call count
	// since then.
	if err := s.putCopy(ctx, m); err != nil {
		s.log.WarnContext(ctx, "confirmed, but without a copy of the manifest", "error", err)
	}
	return confirmed, nil
}

func later(is job.Time, candidate time.Time) job.Time {
	if candidate.After(is.Time) {
		return job.At(candidate)
	}
	return is
}
