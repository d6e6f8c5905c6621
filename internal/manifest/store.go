package manifest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"voc/internal/blob"
	"voc/internal/feedback"
	"voc/internal/job"
)

const manifestKey = "manifest.json"

// attempts bounds the read-change-replace loop. Each lost race means that another write
// succeeded, so more than a few in a row are a fault.
const attempts = 20

// Store reads and writes the manifest and the snapshots of a blob store. It is safe for
// concurrent use, within a process and among processes.
type Store struct {
	blobs blob.Store
	keep  int
	quota job.Quota
	log   *slog.Logger

	private feedback.Privacy // what no retained snapshot may show
}

// New returns a store that retains the newest keep snapshots (at least 1). quota has the
// limits by which the calls of abandoned runs are counted.
func New(blobs blob.Store, keep int, quota job.Quota, log *slog.Logger) *Store {
	return &Store{blobs: blobs, keep: max(keep, 1), quota: quota, log: log}
}

// Hiding makes the store drop snapshots that show more than p allows, and refuse to roll
// back to one. It returns the store. Call it before the first write.
func (s *Store) Hiding(p feedback.Privacy) *Store {
	s.private = p
	return s
}

// String returns where the store is.
func (s *Store) String() string { return s.blobs.String() }

// Quota returns the limits that New was given.
func (s *Store) Quota() job.Quota { return s.quota }

// Probe tests the promises of the blob store on an object of its own. Errors:
// ErrPromise. See blob.Probe.
func (s *Store) Probe(ctx context.Context) error { return blob.Probe(ctx, s.blobs) }

// Load reads the manifest, which is empty for an empty store. Errors: ErrDamaged,
// ErrNewer.
func (s *Store) Load(ctx context.Context) (Manifest, error) {
	m, _, err := s.load(ctx, "")
	return m, err
}

// LoadIfChanged reads the manifest unless its version is since, and returns its version,
// which is "" if there is none. Errors: blob.ErrNotModified, ErrDamaged, ErrNewer.
func (s *Store) LoadIfChanged(
	ctx context.Context, since blob.Version,
) (Manifest, blob.Version, error) {
	m, info, err := s.load(ctx, since)
	return m, info.Version, err
}

// LoadForRepair is Load for a run that may overwrite a damaged manifest: it returns the
// manifest from which such a run would continue. Error: ErrNewer.
func (s *Store) LoadForRepair(ctx context.Context) (Manifest, error) {
	m, _, err := s.loadForRepair(ctx, "")
	return m, err
}

// loader reads the manifest that is to be changed.
type loader func(ctx context.Context, since blob.Version) (Manifest, blob.Info, error)

func (s *Store) load(
	ctx context.Context, since blob.Version,
) (m Manifest, info blob.Info, err error) {
	object, err := s.blobs.GetIfChanged(ctx, manifestKey, since)
	switch {
	case err == nil:
		m, err = readManifest(object)
		m.ReadAt, m.Lease = object.Date, m.Lease.Dated(object.LastModified)
		info = object.Info
	case !errors.Is(err, blob.ErrNotExist):
		return m, info, fmt.Errorf("read the manifest: %w", err)
	default:
		// An empty store has no copies: these are only made of what was written.
		copies, listErr := s.keys(ctx, copiesPrefix)
		if listErr != nil || len(copies) == 0 {
			return m, info, listErr
		}
		if _, err = s.blobs.Stat(ctx, manifestKey); !errors.Is(err, blob.ErrNotExist) {
			return m, info, err // nil: another process has just written the first one
		}
		err = fmt.Errorf("%w: it is missing", ErrDamaged)
	}
	switch {
	case errors.Is(err, ErrDamaged):
		// No program repairs it unasked, because that would be a guess.
		err = fmt.Errorf("%s in %s is %w: replace it with the newest valid copy in %s, "+
			"or repair it by a refresh with accept", manifestKey, s, err, copiesPrefix)
	case err != nil:
		err = fmt.Errorf("%s in %s is %w", manifestKey, s, err)
	}
	return m, info, err
}

// leap is by how much the numbers of a repaired manifest jump, past all that were given
// after the copy that it continues from: none may come twice.
const leap = 1_000_000

// loadForRepair continues from the newest valid copy if the manifest is damaged. A
// manifest of a newer version is not damaged.
func (s *Store) loadForRepair(
	ctx context.Context, since blob.Version,
) (Manifest, blob.Info, error) {
	m, info, damage := s.load(ctx, since)
	if !errors.Is(damage, ErrDamaged) {
		return m, info, damage
	}
	m, key, err := s.NewestCopy(ctx)
	if err != nil && !errors.Is(err, ErrNoSnapshot) {
		return m, info, err
	}
	s.log.WarnContext(ctx, "overwriting a damaged manifest, as accepted",
		"damage", damage, "copy", key)
	m.Generation, m.Fence = m.Generation+leap, m.Fence+leap
	return m, info, nil
}

// errWritten ends an update whose change is in the manifest already: its write succeeded
// although its response was lost, or there is nothing to change.
var errWritten = errors.New("the manifest holds the change")

// update is the one way in which a manifest is written: read, change, replace if it is
// unchanged.
//
// change may run several times, each time on what the store holds then, with the time by
// the store's clock (zero while there is no manifest). If it returns errWritten, update
// returns the manifest as it was read; any other error ends the update, with that
// manifest.
func (s *Store) update(
	ctx context.Context, load loader, change func(m *Manifest, now time.Time) error,
) (Manifest, error) {
	var lost error
	for range attempts {
		m, info, err := load(ctx, "")
		if err != nil {
			return m, err
		}
		if err := change(&m, info.Date); errors.Is(err, errWritten) {
			return m, nil
		} else if err != nil {
			return m, err
		}
		m.Generation++
		body, err := m.encode()
		if err != nil {
			return m, fmt.Errorf("encode the manifest: %w", err)
		}
		// If the process dies here, nothing was written, or all of the change.
		if _, lost = s.blobs.Replace(ctx, manifestKey, body, info.Version); lost == nil {
			return m, nil
		}
		if !errors.Is(lost, blob.ErrChanged) && !errors.Is(lost, blob.ErrUncertain) {
			break
		}
	}
	return Manifest{}, fmt.Errorf("write the manifest: %w", lost)
}
