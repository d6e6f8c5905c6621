package manifest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"voc/internal/blob"
	"voc/internal/feedback"
	"voc/internal/job"
)

const (
	// dropDelay is how long an object outlives its entry: a reader of the previous
	// manifest may still be fetching it.
	dropDelay = time.Hour
	// orphanAge is the age, by the store's clock, from which an object without an entry
	// is an orphan: longer than any run takes.
	orphanAge = 24 * time.Hour
	// baseAge is how long a base gets new deltas: what was deleted in Airtable since stays in the
	// store for at most so much longer. A weekly full stores all parts whole anyway.
	baseAge = 8 * 24 * time.Hour
	// dailyFor is how long one snapshot of each day is retained, beyond the newest ones.
	dailyFor = 30 * 24 * time.Hour
)

// retain keeps the newest snapshots, the current one and one a day, and drops the others.
// It also keeps the parent of the current one, which a rollback restored: what lies
// between the two was left for a reason. It returns the keys of those dropped long enough
// ago, to delete once the manifest is written.
func (m *Manifest) retain(keep int, now time.Time) (due []string) {
	m.Dropped = slices.DeleteFunc(m.Dropped, func(d Dropped) bool {
		over := now.Sub(d.At.Time) >= dropDelay
		if over && !d.Purge {
			due = append(due, d.Key)
		}
		return over
	})
	current, _ := m.CurrentSnapshot() // zero: it has no parent
	days := map[string]bool{}
	var kept, dropped []Snapshot
	for i, s := range m.Snapshots {
		published := s.PublishedAt
		if published.IsZero() { // not known
			published = s.CreatedAt
		}
		day := published.Format(time.DateOnly)
		daily := !days[day] && now.Sub(published.Time) < dailyFor
		restored := i > 1 && s.ID == string(current.Parent)
		if i < keep || s.ID == current.ID || restored || daily {
			kept, days[day] = append(kept, s), true
			continue
		}
		dropped = append(dropped, s)
	}
	m.Snapshots = kept
	m.drop(dropped, now, false)
	return due
}

// drop adds the objects of snapshots that no other one needs to the dropped ones. The base of a
// delta is such an object, whichever snapshot it was made for.
func (m *Manifest) drop(snapshots []Snapshot, now time.Time, purge bool) {
	for _, s := range snapshots {
		for _, key := range s.Keys() {
			if !m.names(key) {
				m.Dropped = append(m.Dropped, Dropped{key, job.At(now), purge})
			}
		}
	}
}

// dropExposed drops the snapshots that show more than is allowed, apart from the current
// one, and reports whether there were any. What was dropped before may show more, too.
func (m *Manifest) dropExposed(private feedback.Privacy, now time.Time) bool {
	var kept, exposed []Snapshot
	for _, s := range m.Snapshots {
		if s.ID == string(m.Current) || private.Allows(s.Private) {
			kept = append(kept, s)
		} else {
			exposed = append(exposed, s)
		}
	}
	if len(exposed) == 0 {
		return false
	}
	m.Snapshots = kept
	m.drop(exposed, now, true)
	for i := range m.Dropped {
		m.Dropped[i].Purge = true
	}
	return true
}

// names reports whether a snapshot of the manifest needs an object, or did within dropDelay.
func (m Manifest) names(key string) bool {
	return m.needs(key) ||
		slices.ContainsFunc(m.Dropped, func(d Dropped) bool { return d.Key == key })
}

// tidy does what is current without it: it copies the manifest and deletes what it no
// longer names. A later publication makes up for failures: objects that were not deleted
// are orphans by then.
func (s *Store) tidy(ctx context.Context, m Manifest, due []string) {
	err := errors.Join(s.purge(ctx, m), s.putCopy(ctx, m), s.deleteAll(ctx, due),
		s.deleteOrphans(ctx, m))
	if err != nil {
		s.log.WarnContext(ctx, "published, but the store was not tidied", "error", err)
	}
}

// purge deletes what was dropped because it shows too much, and the old versions of all
// deleted parts for readers. It does so at each publication within dropDelay, in case an
// earlier one failed. Objects that stay are orphans afterwards.
func (s *Store) purge(ctx context.Context, m Manifest) error {
	var exposed []string
	for _, d := range m.Dropped {
		if d.Purge {
			exposed = append(exposed, d.Key)
		}
	}
	err := s.deleteAll(ctx, exposed)
	versions, ok := s.blobs.(blob.Versioned)
	if len(exposed) > 0 && ok {
		err = errors.Join(err, versions.DeleteVersions(ctx, snapshotsPrefix))
	}
	return err
}

// deleteOrphans deletes parts that no manifest names and that are too old to be on
// their way into one. m is the manifest as this process wrote it, and mostly shows that
// there are none. The process may have slept since, so it reads the newest manifest
// before it deletes anything.
func (s *Store) deleteOrphans(ctx context.Context, m Manifest) error {
	var orphans []string
	for _, prefix := range []string{snapshotsPrefix, sourcesPrefix} {
		for info, err := range s.blobs.List(ctx, prefix) {
			if err != nil {
				return fmt.Errorf("look for orphans: %w", err)
			}
			if !m.names(info.Key) && info.Date.Sub(info.LastModified) >= orphanAge {
				orphans = append(orphans, info.Key)
			}
		}
	}
	if len(orphans) == 0 {
		return nil
	}
	newest, err := s.Load(ctx)
	if err != nil {
		return fmt.Errorf("look for orphans: %w", err)
	}
	return s.deleteAll(ctx, slices.DeleteFunc(orphans, newest.names))
}
