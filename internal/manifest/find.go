package manifest

import (
	"errors"
	"fmt"
	"slices"

	"voc/internal/job"
)

// ErrNoSuchSnapshot is returned for a snapshot that the store does not have, or no longer
// has.
var ErrNoSuchSnapshot = errors.New("no such snapshot")

// newestListed is how many snapshots a NoSnapshotError lists.
const newestListed = 5

// NoSnapshotError is ErrNoSuchSnapshot with the requested id and the existing ones.
type NoSnapshotError struct {
	ID     string   // or job.Previous
	Newest []string // ids of the newest snapshots, newest first
}

// Error names the snapshot and the existing ones.
func (n *NoSnapshotError) Error() string {
	if n.ID == job.Previous {
		return fmt.Sprintf("%v: there is none before the current one that it was made from",
			ErrNoSuchSnapshot)
	}
	return fmt.Sprintf("%v: %s; the newest are %q", ErrNoSuchSnapshot, n.ID, n.Newest)
}

// Unwrap returns ErrNoSuchSnapshot.
func (n *NoSnapshotError) Unwrap() error { return ErrNoSuchSnapshot }

// Find returns the snapshot with an id. For job.Previous it returns the one that the
// current snapshot was made from, which after a rollback and a refresh is not the one
// that was rolled back. If that is not retained, Find returns an error rather than
// another snapshot, which might be the one that the operator rolled back.
//
// Error: *NoSnapshotError.
func (m Manifest) Find(id string) (Snapshot, error) {
	want := id
	if id == job.Previous {
		current, _ := m.CurrentSnapshot() // zero has no parent
		want = string(current.Parent)
	}
	missing := &NoSnapshotError{ID: id}
	for _, s := range m.Snapshots {
		if s.ID == want {
			return s, nil
		}
		if len(missing.Newest) < newestListed {
			missing.Newest = append(missing.Newest, s.ID)
		}
	}
	return Snapshot{}, missing
}

// Candidates returns the snapshots that may be served, best first: the current one, the
// one it was made from and so on, then those published before it, and last those that
// were rolled back.
func (m Manifest) Candidates() []Snapshot {
	current := slices.IndexFunc(m.Snapshots,
		func(s Snapshot) bool { return s.ID == string(m.Current) })
	if current < 0 {
		return nil
	}
	// Snapshots are listed newest first, so a rollback left those before the current one.
	rest := slices.Concat(m.Snapshots[current:], m.Snapshots[:current])
	var all []Snapshot
	for id := string(m.Current); ; {
		i := slices.IndexFunc(rest, func(s Snapshot) bool { return s.ID == id })
		if i < 0 {
			return append(all, rest...)
		}
		all, id = append(all, rest[i]), string(rest[i].Parent)
		rest = slices.Delete(rest, i, i+1)
	}
}
